package io.xenolith.hv.event;

import io.xenolith.hv.control.DomctlException;
import io.xenolith.hv.control.GlobalCalls;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.function.IntConsumer;

/**
 * Event channels for a domain that is a Java program (dom0, driver domains): all ports notify vCPU 0, whose thread calls
 * {@link #poll} and, when there is nothing to do, {@link #await}.
 *
 * <p>There are no masks and no up-calls here: a raised port is handed to the handler once per {@link #poll}, its flag having
 * been taken first, so that an event that arrives during the handler is seen by the next poll.
 */
public final class Events
{
    private static final int VCPU = 0;

    private final HypervisorFile hv;
    private final EventChannels channels;
    private final GlobalCalls global;
    private final int domid;
    private final int slot;
    private final long record;
    private final long vcpu;

    /**
     * @param machine the machine.
     * @param domid   this process's domain.
     * @param global  its mailboxes.
     */
    public Events(final Machine machine, final int domid, final GlobalCalls global)
    {
        this.hv = machine.hv();
        this.channels = new EventChannels(machine);
        this.global = global;
        this.domid = domid;
        this.slot = DomainRecord.slot(domid);
        this.record = hv.domain(slot);
        this.vcpu = hv.vcpu(slot, VCPU);
    }

    /**
     * Joins a new port to a port that a remote domain offers us.
     *
     * @param remoteDomid domain that offers.
     * @param remotePort  its unbound port.
     * @return the new local port; one event is pending on it.
     * @throws DomctlException when there is no such offer.
     */
    public int bindInterdomain(final int remoteDomid, final int remotePort) throws DomctlException
    {
        return bound(global.call(VCPU, GlobalOp.PORT_BIND_INTERDOMAIN, remoteDomid, remotePort, 0, 0),
            "port " + remotePort + " of domain " + remoteDomid);
    }

    /**
     * Binds a virtual interrupt.
     *
     * @param virq {@link Virq}.
     * @return its port.
     * @throws DomctlException when it cannot be bound, {@code EEXIST} when it is bound already.
     */
    public int bindVirq(final int virq) throws DomctlException
    {
        return bound(global.call(VCPU, GlobalOp.PORT_BIND_VIRQ, virq, VCPU, 0, 0), "virtual interrupt " + virq);
    }

    /**
     * The port a virtual interrupt is bound to, which an earlier life of this process may have done.
     *
     * @param virq {@link Virq}.
     * @return its port, 0 when it is not bound.
     */
    public int virqPort(final int virq)
    {
        return Raw.getInt(vcpu + VcpuRecord.VIRQ_PORTS + virq * Integer.BYTES);
    }

    /**
     * The port of ours that is joined to a remote one, which an earlier life of this process may have bound.
     *
     * @param remoteDomid the peer.
     * @param remotePort  its port.
     * @return our port, 0 when there is none.
     */
    public int portOf(final int remoteDomid, final int remotePort)
    {
        final int ports = Raw.getInt(record + DomainRecord.BACKED_PORTS);
        for (int port = 1; port < ports; port++)
        {
            final PortStatus s = channels.status(domid, port);
            if (s.state() == PortStatus.INTERDOMAIN && s.remoteDomid() == remoteDomid && s.remotePort() == remotePort)
            {
                return port;
            }
        }
        return 0;
    }

    private static int bound(final long result, final String what) throws DomctlException
    {
        if (result < 0)
        {
            throw new DomctlException((int)-result, "Cannot bind " + what + " (error " + -result + ").");
        }
        return (int)result;
    }

    /**
     * Notifies the other end of a port. Nothing happens when there is none.
     *
     * @param port a port of ours.
     */
    public void send(final int port)
    {
        channels.send(domid, port);
    }

    /**
     * Closes a port; the peer's becomes unbound. A port that is closed already is left alone.
     *
     * @param port a port of ours.
     */
    public void close(final int port)
    {
        final long result = global.call(VCPU, GlobalOp.PORT_CLOSE, port, 0, 0, 0);
        if (result < 0 && result != -Errno.EINVAL)
        {
            throw new IllegalStateException("event channel not closed: port=" + port + " error=" + -result);
        }
    }

    /**
     * Whether a port is still joined to its peer.
     *
     * @param port a port of ours.
     * @return false when the peer closed it or died.
     */
    public boolean connected(final int port)
    {
        final PortStatus s = channels.status(domid, port);
        return s != null && s.state() == PortStatus.INTERDOMAIN;
    }

    /**
     * Hands every raised port to a handler.
     *
     * @param handler gets the port.
     * @return how many were raised.
     */
    public int poll(final IntConsumer handler)
    {
        Raw.xchgInt(vcpu + VcpuRecord.ATTENTION, 0);
        long words = Raw.xchgLong(vcpu + VcpuRecord.EVENT_WORDS, 0);
        int work = 0;
        while (words != 0)
        {
            final int group = Long.numberOfTrailingZeros(words);
            words &= words - 1;
            work += pollGroup(group, handler);
        }
        return work;
    }

    private int pollGroup(final int group, final IntConsumer handler)
    {
        final int backed = Raw.getInt(record + DomainRecord.BACKED_PORTS);
        int work = 0;
        for (int first = group << 6; first < backed; first += Long.SIZE << 6)
        {
            for (int port = first; port < Math.min(first + 64, backed); port++)
            {
                final long address = hv.evtchn(slot, port);
                if (EventChannels.raised(Raw.getLong(address + EvtchnRecord.BINDING))
                    && EventChannels.raised(EventChannels.take(address)))
                {
                    handler.accept(port);
                    work++;
                }
            }
        }
        return work;
    }

    /** @return address of the doorbell that senders ring. */
    public long doorbell()
    {
        return vcpu + VcpuRecord.DOORBELL;
    }

    /** @return the doorbell's value, to be read before looking for work and handed to {@link #await(int, long)}. */
    public int seen()
    {
        return Doorbell.value(doorbell());
    }

    /**
     * Sleeps until an event may have arrived or the doorbell is rung for another reason.
     *
     * @param seen      {@link #seen} from before the caller looked for work.
     * @param timeoutNs longest sleep in nanoseconds, {@link Doorbell#FOREVER} for no limit.
     */
    public void await(final int seen, final long timeoutNs)
    {
        Raw.putLongVolatile(vcpu + VcpuRecord.RUN, RunWord.of(RunWord.PARKED, 0));
        if (Raw.getLongVolatile(vcpu + VcpuRecord.EVENT_WORDS) == 0)
        {
            Doorbell.await(doorbell(), seen, timeoutNs);
        }
        Raw.putLongVolatile(vcpu + VcpuRecord.RUN, RunWord.of(RunWord.RING0, 0));
    }

    /**
     * Sleeps until an event may have arrived.
     *
     * @param timeoutNs longest sleep in nanoseconds, {@link Doorbell#FOREVER} for no limit.
     */
    public void await(final long timeoutNs)
    {
        await(seen(), timeoutNs);
    }

    /** Has the thread that waits look again; for other threads of this process that have work for it. */
    public void wake()
    {
        Doorbell.ring(doorbell());
    }
}
