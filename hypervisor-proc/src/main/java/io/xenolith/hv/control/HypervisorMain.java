package io.xenolith.hv.control;

import io.xenolith.hv.sched.SystemClock;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.LockFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.SystemCounter;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The hypervisor process. It attaches to a machine that exists ({@link Power} makes one), finishes what its predecessor was in the
 * middle of, and then serves: what domains do for themselves they do without it.
 */
public final class HypervisorMain
{
    private static final int EXIT_BUG = 4;

    private final HypervisorFile hv;
    private final long bell;
    private final SystemClock clock;
    private final HypervisorCore core;
    private final Supervisor supervisor;
    private final WallClock wallClock;

    private HypervisorMain(final Machine machine)
    {
        hv = machine.hv();
        bell = hv.header() + Header.HYPERVISOR_DOORBELL;
        clock = new SystemClock(machine);
        core = new HypervisorCore(machine);
        supervisor = new Supervisor(machine, new Spawner());
        wallClock = new WallClock(machine);
    }

    /**
     * @param args the machine directory.
     */
    public static void main(final String[] args)
    {
        if (args.length != 1)
        {
            System.err.println("usage: HypervisorMain MACHINE-DIRECTORY");
            System.exit(2);
        }
        try
        {
            run(new MachineDir(Path.of(args[0])));
        }
        catch (final MachineException e)
        {
            System.err.println("hypervisor: " + e.sentence());
            System.exit(1);
        }
        catch (final Throwable t)
        {
            // A half-done operation in a live process: end at once, the successor rolls it forward (crash rule 5).
            t.printStackTrace();
            Runtime.getRuntime().halt(EXIT_BUG);
        }
    }

    private static void run(final MachineDir dir) throws IOException
    {
        final Machine machine = Machine.attachDead(dir);
        try (LockFile lock = LockFile.tryAcquire(dir.lock("hypervisor")))
        {
            if (lock == null || !DomainProcess.poweredUp(machine.hv()))
            {
                System.exit(DomainProcess.EXIT_NOT_NEEDED);
            }
            announce(machine.hv());
            final HypervisorMain main = new HypervisorMain(machine);
            main.core.recover();
            main.serve();
        }
    }

    /** Makes this process known as the hypervisor. */
    private static void announce(final HypervisorFile hv)
    {
        final long header = hv.header();
        final long epoch = Raw.getLong(header + Header.EPOCH) + 1;
        KillPoint.hit(KillPoint.HYPERVISOR_BEFORE_PID);
        Raw.putLong(header + Header.EPOCH, epoch);
        if (epoch > 1)
        {
            hv.count(SystemCounter.HYPERVISOR_RESTARTS, 1);
        }
        ProcessIdentity.self().write(header + Header.HYPERVISOR_PID, header + Header.HYPERVISOR_START);
        Raw.putLong(header + Header.RESTARTER, 0);
    }

    /** The loop of the hypervisor. */
    private void serve()
    {
        while (DomainProcess.poweredUp(hv))
        {
            final int seen = Doorbell.value(bell);
            setRun(RunWord.RING0);
            final long now = clock.now();
            int work = core.serveMailboxes();
            work += supervisor.supervise(now);
            work += core.reapDomains();
            core.preempt(now);
            wallClock.follow();
            if (work == 0)
            {
                setRun(RunWord.PARKED);
                Doorbell.await(bell, seen, Math.min(core.slicePatience(), supervisor.patience(now)));
            }
        }
    }

    private void setRun(final int state)
    {
        Raw.putLongVolatile(hv.header() + Header.HYPERVISOR_RUN, RunWord.of(state, 0));
    }
}
