package io.xenolith.shm;

/** The host could not back the frames asked for: the file system or the memory behind it is full. */
public final class MachineFullException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what was asked for and what the host said */
    public MachineFullException(final String message) {
        super(message);
    }
}
