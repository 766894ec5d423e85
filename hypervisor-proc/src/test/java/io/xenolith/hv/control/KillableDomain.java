package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.event.Virq;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.hv.grant.PinnedGrant;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.sched.DomainShutdown;
import io.xenolith.hv.sched.PcpuSlots;
import io.xenolith.hv.sched.VcpuBringUp;
import io.xenolith.hv.sched.VcpuRunner;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;
import java.nio.file.Path;

/** A domain's process that does, without a CPU, what makes stores to shared state: {@code KillableDomain DIR DOMID OTHER}. */
public final class KillableDomain
{
    private final Machine machine;
    private final int domid;
    private final int other;
    private final MailboxClient mailbox;
    private final EventChannels channels;

    private KillableDomain(final Machine machine, final int domid, final int other)
    {
        this.machine = machine;
        this.domid = domid;
        this.other = other;
        this.mailbox = new MailboxClient(machine, domid, () -> { });
        this.channels = new EventChannels(machine);
    }

    public static void main(final String[] args) throws Exception
    {
        final Machine machine = Machine.attachDead(new MachineDir(Path.of(args[0])));
        final int domid = Integer.parseInt(args[1]);
        final KillableDomain domain = new KillableDomain(machine, domid, Integer.parseInt(args[2]));
        if (domid == 0)
        {
            domain.grants();
            new Domctl(machine, domain.mailbox).pause(domain.other);
        }
        else if (DomainProcess.enter(machine, domid))
        {
            domain.ports();
            domain.grants();
            domain.time();
            domain.end();
        }
        System.exit(0);
    }

    private void ports()
    {
        final int a = (int)mailbox.call(0, GlobalOp.PORT_ALLOC_UNBOUND, domid, domid, 0, 0);
        final int b = (int)mailbox.call(0, GlobalOp.PORT_BIND_INTERDOMAIN, domid, a, 0, 0);
        final OwnEvents own = new OwnEvents(machine, channels, domid);
        channels.send(domid, a);
        own.derive(0);
        channels.bindVcpu(domid, b, 1);
        final FakeCaller frames = new FakeCaller(machine, domid, 0);
        final long mfn = firstFrame();
        own.initControl(frames, mfn, 0, 0);
        own.initControl(frames, mfn, 128, 1);
        own.expandArray(frames, mfn + 1);
        own.setPriority(a, 3);
        own.setPriority(a, 7);
        own.unmask(a, 0);
        own.unmask(b, 0);
        final int c = (int)mailbox.call(0, GlobalOp.PORT_BIND_IPI, 0, 0, 0, 0);
        own.unmask(c, 0);
        channels.send(domid, c);
        channels.send(domid, b);
        own.derive(0);
    }

    private void grants() throws Exception
    {
        final GrantPins pins = new GrantPins(machine, domid);
        final int gref = 8 + domid;
        final PinnedGrant read = pins.pin(other, gref, false);
        final PinnedGrant write = pins.pin(other, gref, true);
        pins.unpin(read);
        pins.unpin(write);
        Raw.getAndOrLong(machine.hv().frame(write.mfn()) + FrameRecord.OWNER, FrameRecord.FLAG_CODE);
        pins.unpin(pins.pin(other, gref, true));
    }

    private void time()
    {
        final LocalHypervisor local = new LocalHypervisor(machine, domid, () -> { }, new NoBringUp());
        mailbox.call(0, GlobalOp.PORT_BIND_VIRQ, Virq.TIMER, 0, 0, 0);
        final long v = machine.hv().vcpu(DomainRecord.slot(domid), 0);
        Raw.putInt(v + VcpuRecord.STATE, VcpuRecord.STATE_UP);
        final VcpuRunner runner = local.runner(new FakeCaller(machine, domid, 0), (n) -> { });
        runner.start();
        Raw.putLong(v + VcpuRecord.SINGLESHOT, 1);
        runner.deadlinesChanged();
        runner.stop();
        handOver();
    }

    /** A CPU goes from one vCPU to another that waits for it. */
    private void handOver()
    {
        final PcpuSlots pcpus = new PcpuSlots(machine);
        final int incarnation = Domains.incarnation(machine.hv().domain(DomainRecord.slot(domid)));
        final long first = Party.of(domid, 0, incarnation);
        final int pcpu = pcpus.take(first, 1);
        final long waiting = machine.hv().vcpu(DomainRecord.slot(domid), 1);
        Raw.putLong(waiting + VcpuRecord.RUN, RunWord.of(RunWord.DESCHEDULED, 0));
        pcpus.announceWaiting(DomainRecord.slot(domid));
        pcpus.release(pcpu, first, 2);
    }

    private void end()
    {
        new DomainShutdown(machine).shutdown(domid, DomainInfo.POWEROFF);
    }

    private long firstFrame()
    {
        for (long mfn = 1; mfn < machine.hv().frames(); mfn++)
        {
            final long owner = Raw.getLong(machine.hv().frame(mfn) + FrameRecord.OWNER);
            if (FrameRecord.domid(owner) == domid && FrameRecord.state(owner) == FrameRecord.STATE_OWNED)
            {
                return mfn;
            }
        }
        throw new IllegalStateException("no frame of domain " + domid);
    }

    private static final class NoBringUp implements VcpuBringUp
    {
        @Override
        public int initialise(final Caller caller, final int vcpu)
        {
            return 0;
        }

        @Override
        public void start(final int vcpu)
        {
            throw new IllegalStateException("no second vCPU here: " + vcpu);
        }

        @Override
        public int sendNmi(final int vcpu)
        {
            return 0;
        }
    }
}
