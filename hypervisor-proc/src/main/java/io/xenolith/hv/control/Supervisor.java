package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.Virq;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.SystemCounter;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps processes and domains in step: every domain has its process, a domU whose process died is dying, dom0's process is replaced. What
 * has to be done follows from the domain table alone each time; nothing is remembered that matters after a restart.
 */
final class Supervisor
{
    static final String DOM0_MAIN = "io.xenolith.dom0.Dom0Main";
    static final String DOMU_MAIN = "io.xenolith.domu.DomUMain";

    private static final long FIRST_DELAY_NS = 50_000_000L;
    private static final long LONGEST_DELAY_NS = 5_000_000_000L;
    private static final long GOOD_LIFE_NS = 10_000_000_000L;

    private final Machine machine;
    private final HypervisorFile hv;
    private final Spawner spawner;
    private final EventChannels channels;
    private final DeathWatch watch = new DeathWatch();
    private final Map<Long, Process> starting = new HashMap<>();
    private Process dom0;
    private ProcessIdentity knownDom0 = ProcessIdentity.NONE;
    private long dom0StartedAt;
    private long dom0Delay;

    Supervisor(final Machine machine, final Spawner spawner)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.spawner = spawner;
        this.channels = new EventChannels(machine);
    }

    /** Looks after every domain. Returns how much there was to do. */
    int supervise(final long now)
    {
        int work = superviseDom0(now);
        for (int slot = 1; slot < DomainRecord.SLOTS; slot++)
        {
            final long record = hv.domain(slot);
            final int state = Domains.state(record);
            if (state != DomainRecord.STATE_FREE)
            {
                work += superviseDomU(record, state);
            }
        }
        return work;
    }

    private int superviseDomU(final long record, final int state)
    {
        final ProcessIdentity process = DomainProcess.of(record);
        final long key = Raw.getInt(record + DomainRecord.IDENTITY);
        if (process.isAlive())
        {
            starting.remove(key);
            watch.watch(process, this::ringHypervisor);
            return 0;
        }
        if (process.pid() != 0)
        {
            return died(record, state);
        }
        if (state == DomainRecord.STATE_DYING || state == DomainRecord.STATE_SHUTDOWN)
        {
            final Process child = starting.remove(key);
            if (child != null)
            {
                child.destroyForcibly();
            }
            return 0;
        }
        return start(record, key);
    }

    /** The process of a domU is gone: that is the domain's death, unless it had shut down before. */
    private int died(final long record, final int state)
    {
        if (state == DomainRecord.STATE_DYING || state == DomainRecord.STATE_SHUTDOWN)
        {
            return 0;
        }
        KillPoint.hit(KillPoint.REAP_BEFORE_DYING);
        Raw.casInt(record + DomainRecord.SHUTDOWN_CODE, -1, DomainInfo.CRASH);
        DomainOps.markDying(record);
        channels.raiseVirq(0, 0, Virq.DOM_EXC);
        return 1;
    }

    private int start(final long record, final long key)
    {
        final Process child = starting.get(key);
        if (child != null)
        {
            if (child.isAlive())
            {
                return 0;
            }
            starting.remove(key);
            return notStarted(record);
        }
        final int domid = Domains.domid(record);
        try
        {
            KillPoint.hit(KillPoint.DOMAIN_BEFORE_SPAWN);
            final Process started = spawner.start(DOMU_MAIN,
                machine.dir().logs().resolve("domain-" + domid + ".log"), machine.dir().path().toString(),
                Integer.toString(domid));
            starting.put(key, started);
            started.onExit().thenRun(this::ringHypervisor);
        }
        catch (final IOException e)
        {
            System.err.println("domain process not started: domid=" + domid + " reason=" + e.getMessage());
            return notStarted(record);
        }
        return 1;
    }

    /** Its process ended before it took up its post. Another one may have it: then the record will say so. */
    private int notStarted(final long record)
    {
        try
        {
            final int domid = Domains.domid(record);
            if (io.xenolith.shm.LockFile.isHeld(DomainProcess.lockFile(machine.dir(), domid)))
            {
                return 0;
            }
        }
        catch (final IOException e)
        {
            System.err.println("lock not readable: " + e.getMessage());
        }
        return DomainProcess.of(record).pid() != 0 ? 0 : died(record, Domains.state(record));
    }

    private int superviseDom0(final long now)
    {
        final ProcessIdentity process = DomainProcess.dom0(hv);
        if (process.isAlive())
        {
            if (!process.equals(knownDom0))
            {
                knownDom0 = process;
                watch.watch(process, this::ringHypervisor);
            }
            return 0;
        }
        if (dom0 != null && dom0.isAlive())
        {
            return 0;
        }
        if (dom0 != null && now - dom0StartedAt < dom0Delay)
        {
            return 0;
        }
        channels.rederive(0);
        return startDom0(now, process.pid() != 0 || dom0 != null);
    }

    private int startDom0(final long now, final boolean again)
    {
        dom0Delay = dom0 == null || now - dom0StartedAt > GOOD_LIFE_NS ?
            FIRST_DELAY_NS : Math.min(LONGEST_DELAY_NS, dom0Delay * 2);
        dom0StartedAt = now;
        if (again)
        {
            hv.count(SystemCounter.DOM0_RESTARTS, 1);
        }
        try
        {
            dom0 = spawner.start(
                DOM0_MAIN, machine.dir().logs().resolve("dom0.log"), machine.dir().path().toString());
            dom0.onExit().thenRun(this::ringHypervisor);
        }
        catch (final IOException e)
        {
            System.err.println("dom0 not started: " + e.getMessage());
        }
        return 1;
    }

    /** How long {@link #supervise} need not be called unless the hypervisor is rung, in nanoseconds. */
    long patience(final long now)
    {
        final boolean waiting = dom0 != null && !dom0.isAlive() && !DomainProcess.dom0(hv).isAlive();
        return waiting ? Math.max(1, dom0StartedAt + dom0Delay - now) : Doorbell.FOREVER;
    }

    private void ringHypervisor()
    {
        Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
    }
}
