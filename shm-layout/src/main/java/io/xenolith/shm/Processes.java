package io.xenolith.shm;

import java.lang.invoke.MethodHandle;

/** Signals, sessions and process attributes: kill(2), setsid(2), prctl(2). */
public final class Processes {
    /** Ends a process at once. */
    public static final int SIGKILL = 9;
    /** Asks a process to end. */
    public static final int SIGTERM = 15;
    /** Goes on after a stop. */
    public static final int SIGCONT = 18;
    /** Stops a process. */
    public static final int SIGSTOP = 19;
    /** Nothing: tells whether the process exists. */
    public static final int SIG_NONE = 0;

    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PRIO_PROCESS = 0;
    private static final MethodHandle KILL = Libc.function("kill", Libc.INT, Libc.INT, Libc.INT);
    private static final MethodHandle SETSID = Libc.function("setsid", Libc.INT);
    private static final MethodHandle GETTID = Libc.function("gettid", Libc.INT);
    private static final MethodHandle SETPRIORITY =
            Libc.function("setpriority", Libc.INT, Libc.INT, Libc.INT, Libc.INT);
    private static final MethodHandle PRCTL = Libc.variadic("prctl", 1, Libc.INT, Libc.INT, Libc.LONG, Libc.LONG,
            Libc.LONG, Libc.LONG);

    private Processes() {
    }

    /** Process id of this process. */
    public static int self() {
        return (int) ProcessHandle.current().pid();
    }

    /** Thread id of the calling thread, as the host numbers it. */
    public static int threadId() {
        try {
            return (int) GETTID.invokeExact(Libc.errnoBuffer());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /**
     * Sends a signal.
     *
     * @param pid process id, positive
     * @return false when there is no such process or it is not ours
     */
    public static boolean kill(final int pid, final int signal) {
        if (pid <= 0) {
            throw new IllegalArgumentException("pid " + pid);
        }
        try {
            return (int) KILL.invokeExact(Libc.errnoBuffer(), pid, signal) == 0;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /**
     * Makes this process the leader of a session of its own, out of reach of the terminal's signals.
     *
     * @return false when it leads a process group already
     */
    public static boolean newSession() {
        try {
            return (int) SETSID.invokeExact(Libc.errnoBuffer()) >= 0;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Has the kernel send {@code signal} to this process when the thread that started it ends; 0 for none. */
    public static void signalAtParentsDeath(final int signal) {
        try {
            final int ignored = (int) PRCTL.invokeExact(Libc.errnoBuffer(), PR_SET_PDEATHSIG, (long) signal, 0L, 0L,
                    0L);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /**
     * Sets the nice value of the calling thread (on Linux it belongs to the thread).
     *
     * @param nice 0 for normal, up to 19 for lowest
     * @return false when the host refused
     */
    public static boolean niceThread(final int nice) {
        try {
            return (int) SETPRIORITY.invokeExact(Libc.errnoBuffer(), PRIO_PROCESS, 0, nice) == 0;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
