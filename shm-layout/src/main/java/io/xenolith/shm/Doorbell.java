package io.xenolith.shm;

import io.xenolith.shm.hv.RunWord;

/**
 * A word in shared memory that processes wait on and others ring.
 *
 * <pre>
 *   31                                   1  0
 *   +------------------------------------+---+
 *   |             sequence               | W |      W: somebody sleeps, or is about to
 *   +------------------------------------+---+
 * </pre>
 *
 * <p>Ringing advances the sequence, and enters the kernel only when W is set. It does not clear W: a ringer that is
 * killed before it enters the kernel leaves W behind, and the next ring wakes the sleeper all the same. The sleeper
 * clears W when it is awake again, and then wakes whoever else may have slept on the word under that W. So a waiter
 * that was killed costs needless wake-ups until somebody waits again, and nothing more. Use: read {@link #value}, look
 * for work, and when there is none {@link #await} that value: a ring in between makes the wait return at once.
 *
 * <p>A return from a wait says only that it is time to look again. Signals and spurious wake-ups are normal.
 */
public final class Doorbell {
    /** No limit for a wait. */
    public static final long FOREVER = Long.MAX_VALUE;

    private static final int WAITER = 1;
    private static final int STEP = 2;
    private static final boolean MULTIPROCESSOR = Runtime.getRuntime().availableProcessors() > 1;

    private Doorbell() {
    }

    /** The word's present value, to be handed to {@link #await}. */
    public static int value(final long word) {
        return Raw.getIntVolatile(word) & ~WAITER;
    }

    /** Advances the word and wakes whoever sleeps on it. Everything stored before is visible to them. */
    public static void ring(final long word) {
        final int old = Raw.getAndAddInt(word, STEP);
        if ((old & WAITER) != 0) {
            Futex.wake(word, Integer.MAX_VALUE);
        }
    }

    /**
     * Waits until the word differs from {@code seen}, without spinning.
     *
     * @param word      address of the word
     * @param seen      a {@link #value} read before the caller looked for work
     * @param timeoutNs nanoseconds, {@link #FOREVER} for no limit
     * @return the word's value; equal to {@code seen} after a time-out or a spurious return
     */
    public static int await(final long word, final int seen, final long timeoutNs) {
        return await(word, seen, 0, 0, timeoutNs);
    }

    /**
     * Waits until the word differs from {@code seen}: spins while the peer's run word says that it occupies
     * another CPU, at most {@code spinNs}, then sleeps.
     *
     * @param word      address of the word
     * @param seen      a {@link #value} read before the caller looked for work
     * @param peerRun   address of the {@link RunWord} of the one expected to ring; 0 for nobody: no spinning
     * @param spinNs    longest spin, nanoseconds
     * @param timeoutNs longest wait after the spin, nanoseconds, {@link #FOREVER} for no limit; 0 only looks
     * @return the word's value; equal to {@code seen} after a time-out or a spurious return
     */
    public static int await(final long word, final int seen, final long peerRun, final long spinNs,
                            final long timeoutNs) {
        final int spun = spin(word, seen, peerRun, spinNs);
        if (spun != seen || timeoutNs == 0) {
            return spun;
        }
        return sleep(word, seen, timeoutNs);
    }

    private static int spin(final long word, final int seen, final long peerRun, final long spinNs) {
        int now = value(word);
        if (now != seen || peerRun == 0 || spinNs <= 0 || !MULTIPROCESSOR) {
            return now;
        }
        final long start = System.nanoTime();
        while (RunWord.isRunning(Raw.getLong(peerRun)) && System.nanoTime() - start < spinNs) {
            Thread.onSpinWait();
            now = value(word);
            if (now != seen) {
                return now;
            }
        }
        return now;
    }

    private static int sleep(final long word, final int seen, final long timeoutNs) {
        final int announced = seen | WAITER;
        final int now = Raw.getIntVolatile(word);
        if (now != announced && (now != seen || !Raw.casInt(word, seen, announced))) {
            // Rung meanwhile, or another waiter announced itself between the two looks: both are a reason to look.
            final int again = Raw.getIntVolatile(word);
            if (again != announced) {
                return again & ~WAITER;
            }
        }
        Futex.await(word, announced, timeoutNs);
        if ((Raw.getAndAndInt(word, ~WAITER) & WAITER) != 0) {
            Futex.wake(word, Integer.MAX_VALUE);
        }
        return value(word);
    }
}
