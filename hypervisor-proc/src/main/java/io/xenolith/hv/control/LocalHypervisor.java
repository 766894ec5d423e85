package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannelOps;
import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.grant.ActiveGrants;
import io.xenolith.hv.grant.ForeignWrite;
import io.xenolith.hv.grant.GrantCopy;
import io.xenolith.hv.grant.GrantMappings;
import io.xenolith.hv.grant.GrantTableOps;
import io.xenolith.hv.grant.GrantTables;
import io.xenolith.hv.grant.GrantVersions;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Hypercall;
import io.xenolith.hv.pv.DomainServices;
import io.xenolith.hv.pv.VcpuGate;
import io.xenolith.hv.sched.DeadlineAlarm;
import io.xenolith.hv.sched.DomainShutdown;
import io.xenolith.hv.sched.RegisteredAreas;
import io.xenolith.hv.sched.SchedOps;
import io.xenolith.hv.sched.Shootdown;
import io.xenolith.hv.sched.SystemClock;
import io.xenolith.hv.sched.VcpuBringUp;
import io.xenolith.hv.sched.VcpuOps;
import io.xenolith.hv.sched.VcpuRunner;
import io.xenolith.shm.Machine;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.function.IntConsumer;

/**
 * The hypervisor as it is mapped into a domain's process: joins events, grants, scheduling and the way to the hypervisor process for the
 * vCPUs of one domain.
 */
public final class LocalHypervisor implements DomainServices
{
    private static final int SCHED_OP_COMPAT = 6;
    private static final int SET_TIMER_OP = 15;
    private static final int EVENT_CHANNEL_OP_COMPAT = 16;
    private static final int GRANT_TABLE_OP = 20;
    private static final int VCPU_OP = 24;
    private static final int SCHED_OP = 29;
    private static final int EVENT_CHANNEL_OP = 32;

    private final Machine machine;
    private final int domid;
    private final MailboxClient mailbox;
    private final OwnEvents events;
    private final ActiveGrants grants;
    private final Shootdown shootdown;
    private final SystemClock clock;
    private final DomainShutdown end;
    private final DeadlineAlarm alarm;
    private final VcpuRunner[] runners = new VcpuRunner[DomainRecord.MAX_VCPUS];
    private final EventChannelOps eventOps;
    private final GrantTableOps grantOps;
    private final SchedOps schedOps;
    private final VcpuOps vcpuOps;

    /**
     * @param machine  the machine.
     * @param domid    this process's domain.
     * @param whenSlow called while the hypervisor process lets us wait; restarts it if it is dead.
     * @param bringUp  starts further vCPUs.
     */
    public LocalHypervisor(
        final Machine machine, final int domid, final Runnable whenSlow, final VcpuBringUp bringUp)
    {
        this.machine = machine;
        this.domid = domid;
        this.mailbox = new MailboxClient(machine, domid, whenSlow);
        final EventChannels channels = new EventChannels(machine);
        this.events = new OwnEvents(machine, channels, domid);
        final int incarnation = Domains.incarnation(machine.hv().domain(DomainRecord.slot(domid)));
        this.grants = new ActiveGrants(machine, domid, incarnation);
        this.shootdown = new Shootdown(machine);
        this.clock = new SystemClock(machine);
        this.end = new DomainShutdown(machine);
        this.alarm = new DeadlineAlarm(machine, domid);
        this.eventOps = new EventChannelOps(channels, events, mailbox);
        final GrantTables tables = new GrantTables(machine);
        this.grantOps = new GrantTableOps(tables, new GrantMappings(grants),
            new GrantCopy(grants, new ForeignWrite(machine), machine.memory()),
            new GrantVersions(machine, tables, mailbox), mailbox);
        this.schedOps = new SchedOps(machine, channels, runners);
        this.vcpuOps = new VcpuOps(machine, events, runners, bringUp);
    }

    /**
     * Makes the border between a vCPU's guest and the rest of the machine.
     *
     * @param caller the vCPU.
     * @param dumper writes its register dump; gets its number.
     * @return its runner, to be used by the vCPU's thread only.
     */
    public VcpuRunner runner(final Caller caller, final IntConsumer dumper)
    {
        final RegisteredAreas areas = new RegisteredAreas(
            machine, events, caller, dumper, () -> end.shutdown(domid, DomainInfo.WATCHDOG));
        final VcpuRunner runner = new VcpuRunner(machine, domid, caller.vcpu(), events, alarm, areas);
        runners[caller.vcpu()] = runner;
        return runner;
    }

    /** @param runner a runner. @return the same as the CPU side's gate. */
    public static VcpuGate gate(final VcpuRunner runner)
    {
        return new VcpuGate()
        {
            @Override
            public boolean enterGuest()
            {
                return runner.enterGuest();
            }

            @Override
            public void leaveGuest()
            {
                runner.leaveGuest();
            }

            @Override
            public int attend()
            {
                return runner.attend();
            }

            @Override
            public int urgent()
            {
                return runner.urgent();
            }
        };
    }

    @Override
    public Hypercall handler(final int number)
    {
        return switch (number)
        {
            case SCHED_OP_COMPAT -> schedOps::schedOpCompat;
            case SET_TIMER_OP -> schedOps::setTimerOp;
            case EVENT_CHANNEL_OP_COMPAT -> eventOps::eventChannelOpCompat;
            case GRANT_TABLE_OP -> grantOps::grantTableOp;
            case VCPU_OP -> vcpuOps::vcpuOp;
            case SCHED_OP -> schedOps::schedOp;
            case EVENT_CHANNEL_OP -> eventOps::eventChannelOp;
            default -> null;
        };
    }

    @Override
    public long claimFrames(final int vcpu, final int frames, final int addressBits)
    {
        return mailbox.call(vcpu, GlobalOp.FRAMES_CLAIM, frames, addressBits, 0, 0);
    }

    @Override
    public void returnFrames(final int vcpu, final long mfn, final int frames)
    {
        final long[] list = {Extent.of(mfn, frames)};
        final long result = mailbox.callWithList(vcpu, GlobalOp.FRAMES_RETURN, new long[0], list).result();
        if (result < 0)
        {
            throw new io.xenolith.hv.frames.BrokenInvariant(
                "frames not taken back: mfn=" + mfn + " frames=" + frames + " error=" + -result);
        }
    }

    @Override
    public boolean pinned(final long mfn, final boolean writeOnly)
    {
        return writeOnly ? grants.writePinned(domid, mfn) : grants.pinned(domid, mfn);
    }

    @Override
    public void flushOthers(final int vcpu, final long vcpus)
    {
        shootdown.own(domid, vcpu, (int)vcpus, VcpuRecord.ATTENTION_FLUSH, Thread::onSpinWait);
    }

    @Override
    public long tsc()
    {
        return clock.tsc();
    }

    @Override
    public long tscFrequency()
    {
        return clock.frequency();
    }

    @Override
    public long systemTimeNs()
    {
        return clock.now();
    }

    @Override
    public void shutdown(final int vcpu, final int reason)
    {
        end.shutdown(domid, reason);
    }
}
