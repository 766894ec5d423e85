package io.xenolith.shm.hv;

/**
 * The run word of a vCPU or of a serving thread: what it is doing, and how often it has entered the guest.
 *
 * <pre>
 *   63                       32 31                        0
 *   +--------------------------+---------------------------+
 *   |          epoch           |           state           |
 *   +--------------------------+---------------------------+
 * </pre>
 *
 * <p>Who changes another vCPU's view of memory publishes the request, sets its attention word, and waits until
 * the target is quiescent (any state but {@link #IN_GUEST}) or has advanced its epoch.
 */
public final class RunWord {
    /** Not there: never started, or dead. */
    public static final int OFFLINE = 0;
    /** Executing guest code. */
    public static final int IN_GUEST = 1;
    /** Executing ring-0 text (hypercall, trap), or a serving thread at work. */
    public static final int RING0 = 2;
    /** Waiting on its doorbell. */
    public static final int PARKED = 3;
    /** Held by a pause count or by the machine's STOPPED word. */
    public static final int PAUSED = 4;
    /** Runnable without a physical CPU. */
    public static final int DESCHEDULED = 5;

    private RunWord() {
    }

    /** Builds a word. */
    public static long of(final int state, final int epoch) {
        return (long) epoch << 32 | state;
    }

    /** State of a word. */
    public static int state(final long word) {
        return (int) word;
    }

    /** Epoch of a word. */
    public static int epoch(final long word) {
        return (int) (word >>> 32);
    }

    /** True when the holder cannot touch guest memory before it passes an entry point again. */
    public static boolean isQuiescent(final long word) {
        return (int) word != IN_GUEST;
    }

    /** True when the holder occupies a CPU as far as it says: worth spinning for. */
    public static boolean isRunning(final long word) {
        final int state = (int) word;
        return state == IN_GUEST || state == RING0;
    }
}
