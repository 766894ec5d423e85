package io.xenolith.shm;

/**
 * A frame number outside the machine was used. Callers translate it: a page walk into a bus error, a hypercall
 * into {@code -EINVAL}. It is thrown on hot paths at a guest's whim, so there is one instance and it has no
 * stack trace.
 */
public final class BadFrameException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    /** The one instance. */
    public static final BadFrameException INSTANCE = new BadFrameException();

    private BadFrameException() {
        super("frame number outside machine memory", null, false, false);
    }
}
