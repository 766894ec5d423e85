package io.xenolith.shm.abi;

/** console_io commands. */
public final class ConsoleIo {
    /** Print. */
    public static final int WRITE = 0;
    /** Read input. */
    public static final int READ = 1;

    private ConsoleIo() {
    }
}
