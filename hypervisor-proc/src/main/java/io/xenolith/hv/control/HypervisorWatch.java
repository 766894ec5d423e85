package io.xenolith.hv.control;

import io.xenolith.shm.DeathWatcher;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;

/** Watches the hypervisor process from another process and has it restarted when it dies. */
public final class HypervisorWatch
{
    private static final long SETTLE_MS = 50;

    private HypervisorWatch()
    {
    }

    /**
     * Watches for the life of this process, from a daemon thread.
     *
     * @param machine the machine.
     * @return what a waiting {@link MailboxClient} calls to make sure that somebody will answer.
     */
    public static Runnable start(final Machine machine)
    {
        final Restarter restarter = new Restarter(machine, new Spawner());
        Thread.ofPlatform().daemon(true).name("hypervisor-watch").start(() -> watch(machine, restarter));
        return restarter::restartIfDead;
    }

    /**
     * For processes that do not watch all the time.
     *
     * @param machine the machine.
     * @return what a waiting {@link MailboxClient} calls to make sure that somebody will answer.
     */
    public static Runnable whenSlow(final Machine machine)
    {
        return new Restarter(machine, new Spawner())::restartIfDead;
    }

    private static void watch(final Machine machine, final Restarter restarter)
    {
        while (DomainProcess.poweredUp(machine.hv()))
        {
            final ProcessIdentity hypervisor = DomainProcess.hypervisor(machine.hv());
            if (hypervisor.isAlive())
            {
                DeathWatcher.awaitDeath(hypervisor);
            }
            restarter.restartIfDead();
            try
            {
                Thread.sleep(SETTLE_MS);
            }
            catch (final InterruptedException e)
            {
                return;
            }
        }
    }
}
