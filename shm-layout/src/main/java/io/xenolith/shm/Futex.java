package io.xenolith.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
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

    private static final long SYS_FUTEX = 202;
    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final long NS_PER_S = 1_000_000_000L;

    /** syscall(number, word, op, value, timeout, second word, third value). */
    private static final MethodHandle WAIT = Libc.variadic("syscall", 1, Libc.LONG, Libc.LONG, Libc.LONG, Libc.INT,
            Libc.INT, Libc.LONG, Libc.LONG, Libc.INT);
    private static final MethodHandle WAKE = wakeHandle();

    private static final ThreadLocal<MemorySegment> TIMESPEC =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    private Futex() {
    }

    private static MethodHandle wakeHandle() {
        final Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(Libc.LONG, Libc.LONG, Libc.LONG, Libc.INT, Libc.INT, Libc.LONG, Libc.LONG,
                        Libc.INT),
                Linker.Option.firstVariadicArg(1), Linker.Option.critical(false));
    }

    /**
     * Sleeps while the word holds {@code expected}.
     *
     * @param word      address of an aligned int in a shared mapping
     * @param timeoutNs nanoseconds; negative or {@link Long#MAX_VALUE}: no limit
     * @return {@link #WOKEN} (also after a signal), {@link #CHANGED} or {@link #TIMED_OUT}
     */
    static int await(final long word, final int expected, final long timeoutNs) {
        try {
            final long timeout = timeoutNs < 0 || timeoutNs == Long.MAX_VALUE ? 0 : timespec(timeoutNs);
            final long r = (long) WAIT.invokeExact(Libc.errnoBuffer(), SYS_FUTEX, word, FUTEX_WAIT, expected,
                    timeout, 0L, 0);
            return r == 0 ? WOKEN : outcome(Libc.errno());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static int outcome(final int errno) {
        return switch (errno) {
            case Libc.EAGAIN -> CHANGED;
            case Libc.ETIMEDOUT -> TIMED_OUT;
            case Libc.EINTR -> WOKEN;
            default -> throw new IllegalStateException("futex wait: " + Libc.message(errno));
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
            return (int) (long) WAKE.invokeExact(SYS_FUTEX, word, FUTEX_WAKE, count, 0L, 0L, 0);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
