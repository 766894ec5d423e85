package io.xenolith.shm;

import java.lang.foreign.Arena;

/**
 * Tells when processes end: one thread per watched process, asleep in poll(2) on its pidfd, which the kernel
 * makes readable at the process's end. Where the host has no pidfds (an old kernel, a filter around the
 * container) the thread looks at /proc every 20 ms instead.
 */
public final class DeathWatcher {
    private static final short POLLIN = 1;
    private static final long LOOK_INTERVAL_MS = 20;

    private DeathWatcher() {
    }

    /**
     * Calls {@code onDeath} once when the process has ended, at once if it has already. The call comes from the
     * watching thread, which is a daemon.
     *
     * @return the watching thread
     */
    public static Thread watch(final ProcessIdentity process, final Runnable onDeath) {
        return Thread.ofPlatform().name("death-watch-" + process.pid()).daemon().start(() -> {
            awaitDeath(process);
            onDeath.run();
        });
    }

    /** Waits until the process has ended. */
    public static void awaitDeath(final ProcessIdentity process) {
        final long pidfd = process.pid() == 0 ? -Syscall.ESRCH : Syscall.PIDFD_OPEN.call(process.pid(), 0, 0, 0);
        if (pidfd < 0) {
            awaitByLooking(process);
            return;
        }
        try {
            // The number may have been given to another process before the descriptor was opened.
            if (process.isAlive()) {
                pollUntilReadable((int) pidfd);
            }
        } finally {
            Syscall.CLOSE.call(pidfd, 0, 0, 0);
        }
    }

    private static void pollUntilReadable(final int pidfd) {
        try (Arena arena = Arena.ofConfined()) {
            // struct pollfd: int fd, short events, short revents
            final long pollfd = arena.allocate(8, 4).address();
            Raw.putIntPlain(pollfd, pidfd);
            Raw.putShortPlain(pollfd + Integer.BYTES, POLLIN);
            long r;
            do {
                r = Syscall.PPOLL.call(pollfd, 1, 0, 0);
            } while (r == 0 || r == -Syscall.EINTR);
            if (r < 0) {
                throw new IllegalStateException("poll: " + Syscall.message(-r));
            }
        }
    }

    private static void awaitByLooking(final ProcessIdentity process) {
        while (process.isAlive()) {
            try {
                Thread.sleep(LOOK_INTERVAL_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
