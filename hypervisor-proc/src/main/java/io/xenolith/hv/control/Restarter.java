package io.xenolith.hv.control;

import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import java.io.IOException;

/**
 * Brings a dead hypervisor process back, from whatever process notices: dom0, a domU that waits for an answer, a command. One of them is
 * elected by a CAS of {epoch, pid} into the header; an elected one that dies itself is succeeded. The new hypervisor brings
 * dom0 back.
 */
public final class Restarter
{
    /** Main class of the hypervisor process. */
    public static final String HYPERVISOR_MAIN = "io.xenolith.hv.control.HypervisorMain";

    private static final long START_LIMIT_NS = 20_000_000_000L;
    private static final long STEP_MS = 10;

    private final Machine machine;
    private final HypervisorFile hv;
    private final Spawner spawner;

    /**
     * @param machine the machine.
     * @param spawner starts processes like this one.
     */
    public Restarter(final Machine machine, final Spawner spawner)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.spawner = spawner;
    }

    /** @return whether the hypervisor process is alive. */
    public boolean hypervisorAlive()
    {
        return DomainProcess.hypervisor(hv).isAlive();
    }

    /** @return whether dom0's process is alive. */
    public boolean dom0Alive()
    {
        return DomainProcess.dom0(hv).isAlive();
    }

    /**
     * Starts a hypervisor process if there is none and the machine is meant to run, unless somebody else is at it. Does not wait.
     *
     * @return whether this call started one.
     */
    public boolean restartIfDead()
    {
        if (hypervisorAlive() || !DomainProcess.poweredUp(hv) || !elect())
        {
            return false;
        }
        try
        {
            spawner.start(
                HYPERVISOR_MAIN, machine.dir().logs().resolve("hypervisor.log"), machine.dir().path().toString());
            return true;
        }
        catch (final IOException e)
        {
            Raw.putLong(hv.header() + Header.RESTARTER, 0);
            return false;
        }
    }

    /**
     * Starts a hypervisor process if need be and waits until it lives, and dom0 with it.
     *
     * @return false when that did not happen in time.
     */
    public boolean ensureAlive()
    {
        final long start = System.nanoTime();
        while (!hypervisorAlive() || !dom0Alive())
        {
            if (!DomainProcess.poweredUp(hv) || System.nanoTime() - start > START_LIMIT_NS)
            {
                return false;
            }
            restartIfDead();
            try
            {
                Thread.sleep(STEP_MS);
            }
            catch (final InterruptedException e)
            {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** Becomes the restarter of this epoch, or finds that a living process is. */
    private boolean elect()
    {
        final long word = hv.header() + Header.RESTARTER;
        final long epoch = Raw.getLong(hv.header() + Header.EPOCH);
        final long mine = epoch << 32 | ProcessIdentity.self().pid() & 0xffff_ffffL;
        final long old = Raw.getLong(word);
        final boolean current = old >>> 32 == (epoch & 0xffff_ffffL) && old != 0;
        if (current && old != mine && ProcessIdentity.of((int)old).pid() != 0)
        {
            return false;
        }
        if (current && old == mine && recent())
        {
            return false;
        }
        lastStart = System.nanoTime();
        return old == mine || Raw.casLong(word, old, mine);
    }

    /** A process that this one started gets time to come up before another is started. */
    private boolean recent()
    {
        return System.nanoTime() - lastStart < START_LIMIT_NS / 4;
    }

    private volatile long lastStart = System.nanoTime() - START_LIMIT_NS;
}
