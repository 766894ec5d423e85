package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.sched.PcpuSlots;
import io.xenolith.hv.sched.SystemClock;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.LockFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
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
    private static final long SLICE_NS = 10_000_000L;

    private final Machine machine;
    private final HypervisorFile hv;
    private final long bell;
    private final SystemClock clock;
    private final PcpuSlots pcpus;
    private final MailboxServer mailboxes;
    private final Supervisor supervisor;
    private final Reaper reaper;
    private final EventChannels channels;

    private HypervisorMain(final Machine machine)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.bell = hv.header() + Header.HYPERVISOR_DOORBELL;
        this.clock = new SystemClock(machine);
        this.pcpus = new PcpuSlots(machine);
        this.channels = new EventChannels(machine);
        final FrameHeap heap = new FrameHeap(machine);
        final PortOps ports = new PortOps(machine);
        this.mailboxes = new MailboxServer(hv);
        ports.registerWith(mailboxes);
        new FrameOps(machine, heap).registerWith(mailboxes);
        new GrantOps(machine, heap).registerWith(mailboxes);
        new DomainOps(machine, heap).registerWith(mailboxes);
        this.reaper = new Reaper(machine, heap, ports);
        this.supervisor = new Supervisor(machine, new Spawner());
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
            Runtime.getRuntime().halt(4);
        }
    }

    private static void run(final MachineDir dir) throws IOException
    {
        final Machine machine = Machine.attachDead(dir);
        final LockFile lock = LockFile.tryAcquire(dir.lock("hypervisor"));
        if (lock == null || !DomainProcess.poweredUp(machine.hv()))
        {
            System.exit(DomainProcess.EXIT_NOT_NEEDED);
        }
        try (lock)
        {
            final HypervisorMain main = takeOver(machine);
            main.recover();
            main.serve();
        }
    }

    /** Announces this process as the hypervisor. */
    private static HypervisorMain takeOver(final Machine machine)
    {
        final long header = machine.hv().header();
        final long epoch = Raw.getLong(header + Header.EPOCH) + 1;
        Raw.putLong(header + Header.EPOCH, epoch);
        if (epoch > 1)
        {
            machine.hv().count(SystemCounter.HYPERVISOR_RESTARTS, 1);
        }
        ProcessIdentity.self().write(header + Header.HYPERVISOR_PID, header + Header.HYPERVISOR_START);
        Raw.putLong(header + Header.RESTARTER, 0);
        return new HypervisorMain(machine);
    }

    /** Finishes the predecessor's work and repeats every notification that it, or a process it watched, may have owed. */
    private void recover()
    {
        Raw.casInt(hv.header() + Header.STOPPED, Header.STOP_AUDIT, Header.STOP_NONE);
        mailboxes.rollForward();
        reaper.reap();
        channels.rederive(-1);
        ringAll();
        mailboxes.serveAll();
    }

    /** Rings every vCPU and every waiting requester: the predecessor may have owed any of them. */
    private void ringAll()
    {
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            final int vcpus = Raw.getInt(hv.domain(slot) + DomainRecord.BACKED_VCPUS);
            for (int v = 0; v < vcpus; v++)
            {
                Doorbell.ring(hv.vcpu(slot, v) + io.xenolith.shm.hv.VcpuRecord.DOORBELL);
                Doorbell.ring(hv.mailbox(slot, v) + io.xenolith.shm.hv.Mailbox.DOORBELL);
            }
        }
    }

    /** The loop of the hypervisor. */
    private void serve()
    {
        while (DomainProcess.poweredUp(hv))
        {
            final int seen = Doorbell.value(bell);
            setRun(RunWord.RING0);
            final long now = clock.now();
            int work = mailboxes.serve();
            work += supervisor.supervise(now);
            work += reaper.reap();
            work += preempt(now);
            if (work == 0)
            {
                setRun(RunWord.PARKED);
                Doorbell.await(bell, seen, patience(now));
            }
        }
    }

    /** Asks vCPUs that have had their time slice to make room; the asking is not work that keeps the loop awake. */
    private int preempt(final long now)
    {
        pcpus.preempt(now, SLICE_NS);
        return 0;
    }

    private long patience(final long now)
    {
        final long look = supervisor.nextLook(now);
        final long until = look == Long.MAX_VALUE ? Doorbell.FOREVER : look - now;
        return pcpus.anyWaiting() ? Math.min(SLICE_NS, until) : until;
    }

    private void setRun(final int state)
    {
        Raw.putLongVolatile(hv.header() + Header.HYPERVISOR_RUN, RunWord.of(state, 0));
    }

    /** @return the machine. */
    Machine machine()
    {
        return machine;
    }
}
