package io.xenolith.hv.hypercall;

/** Hypercall 18, console_io: writes to the machine's console. Reading it is not for guests. */
public final class ConsoleIo implements Hypercall {
    private static final int WRITE = 0;
    private static final int READ = 1;
    private static final int CHUNK = 128;

    private final DomainConsole console;
    private final byte[] buffer = new byte[CHUNK];

    /** @param console where the bytes go. */
    public ConsoleIo(final DomainConsole console) {
        this.console = console;
    }

    @Override
    public long call(
        final Caller caller, final long command, final long count, final long text, final long a4, final long a5) {
        final long n = (int)count & 0xffff_ffffL;
        return switch ((int)command) {
            case WRITE -> write(caller, n, text);
            case READ -> -Errno.EPERM;
            default -> -Errno.ENOSYS;
        };
    }

    private synchronized long write(final Caller caller, final long count, final long text) {
        for (long done = 0; done < count;) {
            final int n = (int)Math.min(CHUNK, count - done);
            caller.memory().copyIn(text + done, buffer, 0, n);
            for (int i = 0; i < n; i++) {
                console.write(buffer[i]);
            }
            done += n;
            caller.breathe(done);
        }
        return 0;
    }
}
