package io.xenolith.hv.control;

import io.xenolith.shm.DeathWatcher;
import io.xenolith.shm.ProcessIdentity;
import java.util.HashSet;
import java.util.Set;

/** Watches processes for a loop that names the same ones again and again: each has one watcher. */
final class DeathWatch
{
    private final Set<ProcessIdentity> watched = new HashSet<>();

    /**
     * Watches a process. Watching one twice is watching it once.
     *
     * @param process the process.
     * @param onDeath called once, from another thread, when it is dead (perhaps already).
     */
    void watch(final ProcessIdentity process, final Runnable onDeath)
    {
        synchronized (watched)
        {
            if (process.pid() == 0 || !watched.add(process))
            {
                return;
            }
        }
        DeathWatcher.watch(process, () ->
        {
            synchronized (watched)
            {
                watched.remove(process);
            }
            onDeath.run();
        });
    }
}
