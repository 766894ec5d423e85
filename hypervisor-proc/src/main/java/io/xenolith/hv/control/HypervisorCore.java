package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.sched.PcpuSlots;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Mailbox;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * What the hypervisor process does apart from looking after processes: global operations, reaping, preemption. One object per process
 * and thread.
 */
final class HypervisorCore
{
    private static final long SLICE_NS = 10_000_000L;

    private final HypervisorFile hv;
    private final MailboxServer mailboxes;
    private final Reaper reaper;
    private final PcpuSlots pcpus;
    private final EventChannels channels;

    HypervisorCore(final Machine machine)
    {
        hv = machine.hv();
        pcpus = new PcpuSlots(machine);
        channels = new EventChannels(machine);
        mailboxes = new MailboxServer(hv);
        final FrameHeap heap = new FrameHeap(machine);
        final PortOps ports = new PortOps(machine);
        ports.registerWith(mailboxes);
        new FrameOps(machine, heap).registerWith(mailboxes);
        new GrantOps(machine, heap).registerWith(mailboxes);
        new DomainOps(machine, heap).registerWith(mailboxes);
        reaper = new Reaper(machine, heap, ports);
    }

    /** Finishes the predecessor's work and repeats every notification that it, or a process it watched, may have owed. */
    void recover()
    {
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
                Doorbell.ring(hv.vcpu(slot, v) + VcpuRecord.DOORBELL);
                Doorbell.ring(hv.mailbox(slot, v) + Mailbox.DOORBELL);
            }
        }
    }

    /** @return requests served. */
    int serveMailboxes()
    {
        return mailboxes.serve();
    }

    /** @return domains whose reap was finished. */
    int reapDomains()
    {
        return reaper.reap();
    }

    /** Asks vCPUs that have had their time slice to make room. */
    void preempt(final long now)
    {
        pcpus.preempt(now, SLICE_NS);
    }

    /** @return how long the process may sleep as far as time slices go, in nanoseconds. */
    long slicePatience()
    {
        return pcpus.anyWaiting() ? SLICE_NS : Doorbell.FOREVER;
    }
}
