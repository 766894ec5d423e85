package io.xenolith.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The kernel's door, for the small classes beside it that each wrap one concern.
 *
 * <p>Everything goes through the C library's {@code syscall(2)} with six longs. The JDK generates a class for
 * every shape of native call that a program makes, which is the dearest part of a process's start: one shape for
 * all of them costs a third of what a handle per function did (docs/decisions/native-calls.md).
 */
enum Syscall {
    OPENAT(257, 56),
    CLOSE(3, 57),
    FALLOCATE(285, 47),
    FCNTL(72, 25),
    KILL(62, 129),
    SETSID(112, 157),
    GETTID(186, 178),
    SETPRIORITY(141, 140),
    PRCTL(157, 167),
    FUTEX(202, 98),
    PIDFD_OPEN(434, 434),
    PPOLL(271, 73);

    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int ENOSPC = 28;
    static final int EOPNOTSUPP = 95;
    static final int ETIMEDOUT = 110;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> ERRNO_BUFFER =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));
    private static final MethodHandle CALL = handle(Linker.Option.captureCallState("errno"));

    private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));

    private final int x86;
    private final int arm;

    Syscall(final int x86, final int arm) {
        this.x86 = x86;
        this.arm = arm;
    }

    /** The call's number on this host. */
    long number() {
        return ARM ? arm : x86;
    }

    /** A handle for {@code syscall(number, a, b, c, d, e, f)} with further options. */
    static MethodHandle handle(final Linker.Option... options) {
        final ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
        final Linker.Option[] all = java.util.Arrays.copyOf(options, options.length + 1);
        all[options.length] = Linker.Option.firstVariadicArg(1);
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(word, word, word, word, word, word, word, word), all);
    }

    /** Makes the call; returns its result, or the negated error number. */
    long call(final long a, final long b, final long c, final long d, final long e, final long f) {
        try {
            final MemorySegment errno = ERRNO_BUFFER.get();
            final long r = (long) CALL.invokeExact(errno, number(), a, b, c, d, e, f);
            return r == -1 ? -(int) ERRNO.get(errno, 0L) : r;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Makes a call of up to four arguments. */
    long call(final long a, final long b, final long c, final long d) {
        return call(a, b, c, d, 0, 0);
    }

    /** The C library's words for an error number (positive). */
    static String message(final long errno) {
        return Messages.of((int) errno);
    }

    /** A downcall threw, which a correct binding never does. */
    static Error unexpected(final Throwable t) {
        return t instanceof Error e ? e : new AssertionError("native call failed", t);
    }

    /** Loaded only when something went wrong. */
    private static final class Messages {
        private static final long LONGEST = 256;
        private static final MethodHandle STRERROR = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("strerror"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

        static String of(final int errno) {
            try {
                final MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
                return text.reinterpret(LONGEST).getString(0);
            } catch (Throwable t) {
                throw unexpected(t);
            }
        }
    }
}
