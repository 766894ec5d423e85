package io.xenolith.shm;

/** Signals, sessions and process attributes: kill(2), setsid(2), prctl(2), setpriority(2). */
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

    private Processes() {
    }

    /** Process id of this process. */
    public static int self() {
        return (int) ProcessHandle.current().pid();
    }

    /** Thread id of the calling thread, as the host numbers it. */
    public static int threadId() {
        return (int) Syscall.GETTID.call(0, 0, 0, 0);
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
        return Syscall.KILL.call(pid, signal, 0, 0) == 0;
    }

    /**
     * Makes this process the leader of a session of its own, out of reach of the terminal's signals.
     *
     * @return false when it leads a process group already
     */
    public static boolean newSession() {
        return Syscall.SETSID.call(0, 0, 0, 0) >= 0;
    }

    /** Has the kernel send {@code signal} to this process when the thread that started it ends; 0 for none. */
    public static void signalAtParentsDeath(final int signal) {
        Syscall.PRCTL.call(PR_SET_PDEATHSIG, signal, 0, 0);
    }

    /**
     * Sets the nice value of the calling thread (on Linux it belongs to the thread).
     *
     * @param nice 0 for normal, up to 19 for lowest
     * @return false when the host refused
     */
    public static boolean niceThread(final int nice) {
        return Syscall.SETPRIORITY.call(PRIO_PROCESS, 0, nice, 0) == 0;
    }
}
