package io.xenolith.x86.system;

/** A device on the port bus of a bare machine. */
public interface PortDevice {
    /**
     * Reads.
     *
     * @param port absolute port number
     * @param size 1, 2 or 4 bytes
     * @return the value, upper bytes ignored
     */
    long read(int port, int size);

    /** Writes; parameters as for {@link #read}. */
    void write(int port, int size, long value);
}
