package io.xenolith.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * futex(2) on words of the shared mapping. Never the private form: waiter and waker are different processes.
 *
 * <p>The waiting call is an ordinary downcall, which lets the garbage collector go on; a critical one would hold
 * it up for as long as the thread sleeps. Waking is short and is critical.
 */
final class Futex {
    /** The word was woken, or a signal or nothing at all ended the wait. */
    static final int WOKEN = 0;
    /** The word did not hold the expected value. */
    static final int CHANGED = 1;
    /** The time ran out. */
    static final int TIMED_OUT = 2;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final long NS_PER_S = 1_000_000_000L;

    private static final MethodHandle WAKE = Syscall.handle(Linker.Option.critical(false));
    private static final ThreadLocal<MemorySegment> TIMESPEC =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    private Futex() {
    }

    /**
     * Sleeps while the word holds {@code expected}.
     *
     * @param word      address of an aligned int in a shared mapping
     * @param timeoutNs nanoseconds; negative or {@link Long#MAX_VALUE}: no limit
     * @return {@link #WOKEN} (also after a signal), {@link #CHANGED} or {@link #TIMED_OUT}
     */
    static int await(final long word, final int expected, final long timeoutNs) {
        final long timeout = timeoutNs < 0 || timeoutNs == Long.MAX_VALUE ? 0 : timespec(timeoutNs);
        final long r = Syscall.FUTEX.call(word, FUTEX_WAIT, expected, timeout);
        return r == 0 ? WOKEN : outcome((int) -r);
    }

    private static int outcome(final int errno) {
        return switch (errno) {
            case Syscall.EAGAIN -> CHANGED;
            case Syscall.ETIMEDOUT -> TIMED_OUT;
            case Syscall.EINTR -> WOKEN;
            default -> throw new IllegalStateException("futex wait: " + Syscall.message(errno));
        };
    }

    private static long timespec(final long ns) {
        final long t = TIMESPEC.get().address();
        Raw.putLongPlain(t, ns / NS_PER_S);
        Raw.putLongPlain(t + Long.BYTES, ns % NS_PER_S);
        return t;
    }

    /**
     * Wakes up to {@code count} sleepers.
     *
     * @return how many were woken
     */
    static int wake(final long word, final int count) {
        try {
            return (int) (long) WAKE.invokeExact(Syscall.FUTEX.number(), word, (long) FUTEX_WAKE, (long) count, 0L,
                    0L, 0L);
        } catch (Throwable t) {
            throw Syscall.unexpected(t);
        }
    }
}
