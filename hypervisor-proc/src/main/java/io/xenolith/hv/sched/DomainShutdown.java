package io.xenolith.hv.sched;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.Virq;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;

/** A domain's own end: its reason is recorded once, its vCPUs stop, dom0 is told by VIRQ_DOM_EXC. */
public final class DomainShutdown
{
    private final HypervisorFile hv;
    private final EventChannels channels;
    private final VcpuWaker waker;

    /** @param machine the machine. */
    public DomainShutdown(final Machine machine)
    {
        hv = machine.hv();
        channels = new EventChannels(machine);
        waker = new VcpuWaker(machine);
    }

    /**
     * Shuts a domain down. The first reason stays.
     *
     * @param domid  the domain.
     * @param reason SHUTDOWN_ code of the ABI.
     */
    public void shutdown(final int domid, final int reason)
    {
        final int slot = DomainRecord.slot(domid);
        final long record = hv.domain(slot);
        Raw.casInt(record + DomainRecord.SHUTDOWN_CODE, -1, reason);
        KillPoint.hit(KillPoint.SHUTDOWN_BEFORE_STATE);
        Raw.putInt(record + DomainRecord.SHUTDOWN_PENDING, 1);
        if (!Domains.changeState(record, DomainRecord.STATE_LIVE, DomainRecord.STATE_SHUTDOWN))
        {
            Domains.changeState(record, DomainRecord.STATE_BUILDING, DomainRecord.STATE_SHUTDOWN);
        }
        KillPoint.hit(KillPoint.SHUTDOWN_BEFORE_TELL);
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        for (int v = 0; v < vcpus; v++)
        {
            waker.attend(hv.vcpu(slot, v), VcpuRecord.ATTENTION_PAUSE);
        }
        channels.raiseVirq(0, 0, Virq.DOM_EXC);
    }
}
