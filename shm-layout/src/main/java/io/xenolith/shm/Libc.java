package io.xenolith.shm;

import java.lang.foreign.AddressLayout;
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
 * Binding to the C library, for the small classes beside it that each wrap one concern of the kernel's interface.
 *
 * <p>Every handle made here takes a {@link MemorySegment} as its first argument: the place where {@code errno}
 * is captured. {@link #errnoBuffer()} is one per thread.
 */
final class Libc {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final AddressLayout POINTER = ValueLayout.ADDRESS;

    static final int ENOENT = 2;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EEXIST = 17;
    static final int EMFILE = 24;
    static final int ENFILE = 23;
    static final int ENOSPC = 28;
    static final int ENOSYS = 38;
    static final int EDQUOT = 122;
    static final int EOPNOTSUPP = 95;
    static final int ETIMEDOUT = 110;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> ERRNO_BUFFER =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));
    private static final MethodHandle STRERROR =
            LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("strerror"),
                    FunctionDescriptor.of(POINTER, INT));

    private Libc() {
    }

    /** A function of fixed arity. */
    static MethodHandle function(final String name, final MemoryLayout result, final MemoryLayout... arguments) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments), CAPTURE);
    }

    /** A variadic function of which the first {@code fixed} arguments are declared. */
    static MethodHandle variadic(final String name, final int fixed, final MemoryLayout result,
                                 final MemoryLayout... arguments) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments), CAPTURE, Linker.Option.firstVariadicArg(fixed));
    }

    /** Where the calling thread's {@code errno} goes. */
    static MemorySegment errnoBuffer() {
        return ERRNO_BUFFER.get();
    }

    /** {@code errno} of the calling thread's last call. */
    static int errno() {
        return (int) ERRNO.get(ERRNO_BUFFER.get(), 0L);
    }

    /** The C library's words for an error number. */
    static String message(final int errno) {
        try {
            final MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** A downcall threw, which a correct binding never does. */
    static Error unexpected(final Throwable t) {
        if (t instanceof Error e) {
            return e;
        }
        return new AssertionError("native call failed", t);
    }
}
