package io.xenolith.hv.event;

import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOENT;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.sched.VcpuWaker;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.SystemCounter;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * Event channels as every process of the machine sees them: sending, and reading the port table.
 *
 * <p><b>How an event travels.</b> The ABI wants four words changed in a certain order: the port's bit in the
 * <i>pending</i> array; unless its <i>mask</i> bit is set, the bit of that array's word in the <i>selector</i> of the vCPU
 * that is notified; the vCPU's <i>up-call</i> byte; and the vCPU woken. The order is the guest's reading order backwards: it
 * clears the up-call byte, then takes the selector, then looks at the pending words. Whoever sets the words in the opposite
 * order can be overtaken by the guest at any place and the event is still found: a bit set after the guest looked leaves a
 * word set that the guest has not looked at yet. Pending must come before the mask is read, because the guest
 * unmasks by clearing the mask first and then reading pending; one of the two sees the other.
 *
 * <p>A sender is often another process, and it may be killed between any two of these stores, or be so slow that the
 * target has died and its frames belong to somebody else. So a sender changes one attributable word only: it sets
 * {@link EvtchnRecord#FLAG_RAISED} in the <i>target port's binding</i>, by a CAS that also proves that the port is still
 * bound to the sender. Everything after it is advice: the port's group in the vCPU's event-word hint, the attention bit, the
 * doorbell. The target turns RAISED into pending, mask, selector and up-call itself ({@link OwnEvents}) before it next
 * enters its guest, in the ABI's order. Guest frames are never written from outside for an event, and the FIFO ABI, whose queues
 * cannot be linked by one store, works the same way.
 *
 * <p>Lost advice is recovered after a death: {@link #rederive} repeats it for every port whose peer ran in the dead process. It can
 * be repeated at any time, since it says only "look".
 */
public final class EventChannels
{
    /** Flag of a binding word: sent, not yet delivered. Set by senders, cleared by the target. */
    public static final int FLAG_RAISED = EvtchnRecord.FLAG_RAISED;
    /** FIFO priority of a port that was not given another one. */
    public static final int DEFAULT_PRIORITY = 7;
    private static final long RAISED = (long)FLAG_RAISED << 8;
    /** Ports per bit of the event-word hint. */
    static final int GROUP_SHIFT = 6;

    private final HypervisorFile hv;
    private final Domains domains;
    private final VcpuWaker waker;

    /** @param machine the machine. */
    public EventChannels(final Machine machine)
    {
        hv = machine.hv();
        domains = new Domains(machine);
        waker = new VcpuWaker(machine);
    }

    /**
     * @param domid any value.
     * @return whether such a domain exists.
     */
    public boolean exists(final int domid)
    {
        return domains.exists(domid);
    }

    /**
     * Address of a port's record.
     *
     * @param domid domain that exists.
     * @param port  any value.
     * @return address, or 0 when the domain cannot have such a port.
     */
    public long port(final int domid, final int port)
    {
        final long record = domains.record(domid);
        return record == 0 || port <= 0 ? 0 : hv.evtchnIfBacked(DomainRecord.slot(domid), port);
    }

    /**
     * EVTCHNOP_send.
     *
     * @param domid sending domain: the caller.
     * @param port  its port, any value.
     * @return 0, also when nobody is bound at the other end; {@code -EINVAL} for a port that cannot send.
     */
    public int send(final int domid, final int port)
    {
        final long own = port(domid, port);
        if (own == 0)
        {
            return -EINVAL;
        }
        final long binding = Raw.getLong(own + EvtchnRecord.BINDING);
        switch (EvtchnRecord.state(binding))
        {
            case EvtchnRecord.STATE_INTERDOMAIN ->
            {
                final int peer = Raw.getInt(own + EvtchnRecord.PEER);
                raisePeer(EvtchnRecord.remote(binding), EvtchnRecord.incarnation(binding), peer, domid, port);
                Raw.getAndAddLong(own + EvtchnRecord.SENDS, 1);
                return 0;
            }
            case EvtchnRecord.STATE_IPI ->
            {
                raise(domid, port);
                return 0;
            }
            case EvtchnRecord.STATE_UNBOUND ->
            {
                return 0;
            }
            default ->
            {
                return -EINVAL;
            }
        }
    }

    /** Raises the peer's port, provided that it is still joined to the sender's. */
    private void raisePeer(final int target, final int incarnation, final int port, final int sender, final int senderPort)
    {
        final long address = port(target, port);
        if (address == 0 || !domains.present(target, incarnation))
        {
            return;
        }
        final long senderRecord = domains.record(sender);
        for (;;)
        {
            final long binding = Raw.getLong(address + EvtchnRecord.BINDING);
            final boolean joined = EvtchnRecord.state(binding) == EvtchnRecord.STATE_INTERDOMAIN
                && EvtchnRecord.remote(binding) == sender
                && EvtchnRecord.incarnation(binding) == Domains.incarnation(senderRecord)
                && Raw.getInt(address + EvtchnRecord.PEER) == senderPort;
            if (!joined || (binding & RAISED) != 0)
            {
                return;
            }
            if (Raw.casLong(address + EvtchnRecord.BINDING, binding, binding | RAISED))
            {
                KillPoint.hit(KillPoint.EVTCHN_RAISE);
                advise(target, port, EvtchnRecord.vcpu(binding));
                hv.count(SystemCounter.EVENTS_SENT, 1);
                return;
            }
        }
    }

    /**
     * Raises a port of a domain on behalf of the hypervisor (virtual interrupts) or of the domain itself (IPI).
     *
     * @param domid domain.
     * @param port  a port of it; one that is free is left alone.
     */
    public void raise(final int domid, final int port)
    {
        final long address = port(domid, port);
        if (address == 0)
        {
            return;
        }
        for (;;)
        {
            final long binding = Raw.getLong(address + EvtchnRecord.BINDING);
            final int state = EvtchnRecord.state(binding);
            if (state == EvtchnRecord.STATE_FREE || state == EvtchnRecord.STATE_RESERVED || (binding & RAISED) != 0)
            {
                return;
            }
            if (Raw.casLong(address + EvtchnRecord.BINDING, binding, binding | RAISED))
            {
                KillPoint.hit(KillPoint.EVTCHN_RAISE);
                advise(domid, port, EvtchnRecord.vcpu(binding));
                return;
            }
        }
    }

    /** Tells the target to look: hint, attention, doorbell; the vCPUs that poll are woken as well. */
    private void advise(final int domid, final int port, final int vcpu)
    {
        final int slot = DomainRecord.slot(domid);
        final long address = hv.vcpuIfBacked(slot, vcpu);
        if (address == 0)
        {
            return;
        }
        Raw.getAndOrLong(address + VcpuRecord.EVENT_WORDS, 1L << (port >>> GROUP_SHIFT));
        KillPoint.hit(KillPoint.EVTCHN_HINT);
        waker.attend(address, VcpuRecord.ATTENTION_EVENT);
        KillPoint.hit(KillPoint.EVTCHN_ATTENTION);
        wakePollers(slot, vcpu);
    }

    private void wakePollers(final int slot, final int notified)
    {
        long address;
        for (int v = 0; (address = hv.vcpuIfBacked(slot, v)) != 0; v++)
        {
            if (v != notified && Raw.getInt(address + VcpuRecord.POLL_COUNT) != 0)
            {
                waker.wake(address);
            }
        }
    }

    /** Has a vCPU look at its up-call byte. */
    void nudge(final int slot, final int vcpu)
    {
        waker.attend(hv.vcpu(slot, vcpu), VcpuRecord.ATTENTION_EVENT);
    }

    /**
     * Raises a virtual interrupt that concerns one vCPU of a domain (global ones: vCPU 0).
     *
     * @param domid domain; nothing happens when it is not there or has not bound the interrupt.
     * @param vcpu  its vCPU.
     * @param virq  number of the interrupt.
     */
    public void raiseVirq(final int domid, final int vcpu, final int virq)
    {
        final long record = domains.record(domid);
        final long address = record == 0 ? 0 : hv.vcpuIfBacked(DomainRecord.slot(domid), vcpu);
        if (address == 0)
        {
            return;
        }
        final int port = Raw.getInt(address + VcpuRecord.VIRQ_PORTS + virq * Integer.BYTES);
        if (port != 0)
        {
            raise(domid, port);
        }
    }

    /**
     * EVTCHNOP_bind_vcpu: moves the notification of a port to another vCPU of its domain.
     *
     * @param domid the calling domain.
     * @param port  its port, any value.
     * @param vcpu  any value.
     * @return 0 or a negative errno.
     */
    public int bindVcpu(final int domid, final long port, final int vcpu)
    {
        final long record = domains.record(domid);
        if (vcpu < 0 || vcpu >= Raw.getInt(record + DomainRecord.BACKED_VCPUS))
        {
            return -ENOENT;
        }
        final long address = port(domid, (int)port);
        if (address == 0)
        {
            return -EINVAL;
        }
        for (;;)
        {
            final long binding = Raw.getLong(address + EvtchnRecord.BINDING);
            final boolean movable = switch (EvtchnRecord.state(binding))
            {
                case EvtchnRecord.STATE_UNBOUND, EvtchnRecord.STATE_INTERDOMAIN -> true;
                case EvtchnRecord.STATE_VIRQ -> !Virq.perVcpu(Raw.getInt(address + EvtchnRecord.PEER));
                default -> false;
            };
            if (!movable)
            {
                return -EINVAL;
            }
            if (Raw.casLong(address + EvtchnRecord.BINDING, binding, EvtchnRecord.withVcpu(binding, vcpu)))
            {
                KillPoint.hit(KillPoint.EVTCHN_BIND_VCPU);
                if ((binding & RAISED) != 0)
                {
                    advise(domid, (int)port, vcpu);
                }
                return 0;
            }
        }
    }

    /**
     * EVTCHNOP_status.
     *
     * @param domid a domain that exists.
     * @param port  any value.
     * @return its status, or null when the domain cannot have such a port.
     */
    public PortStatus status(final int domid, final int port)
    {
        final long address = port(domid, port);
        if (address == 0)
        {
            return null;
        }
        final long binding = Raw.getLong(address + EvtchnRecord.BINDING);
        final int peer = Raw.getInt(address + EvtchnRecord.PEER);
        final int state = EvtchnRecord.state(binding);
        final int known = state == EvtchnRecord.STATE_RESERVED ? PortStatus.CLOSED : state;
        return new PortStatus(
            known, EvtchnRecord.vcpu(binding), EvtchnRecord.remote(binding), peer,
            known == PortStatus.VIRQ ? peer : 0);
    }

    /**
     * Takes the RAISED flag off a port.
     *
     * @param address the port's record.
     * @return the binding before; whether it was raised is {@link #raised}.
     */
    static long take(final long address)
    {
        return Raw.getAndAndLong(address + EvtchnRecord.BINDING, ~RAISED);
    }

    /** @param binding a binding word. @return whether an event waits in it. */
    public static boolean raised(final long binding)
    {
        return (binding & RAISED) != 0;
    }

    /**
     * Repeats the advice that a process may have owed when it died: every port that is raised and whose sender could have
     * run there is announced again to its vCPU.
     *
     * @param sender domain whose process died, or -1 for any (the hypervisor's own death).
     */
    public void rederive(final int sender)
    {
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            final long record = hv.domain(slot);
            if (Domains.state(record) == DomainRecord.STATE_FREE)
            {
                continue;
            }
            final int domid = Domains.domid(record);
            long address;
            for (int port = 1; (address = hv.evtchnIfBacked(slot, port)) != 0; port++)
            {
                final long binding = Raw.getLong(address + EvtchnRecord.BINDING);
                final boolean concerned = sender < 0 || domid == sender || EvtchnRecord.remote(binding) == sender;
                if (raised(binding) && concerned)
                {
                    advise(domid, port, EvtchnRecord.vcpu(binding));
                }
            }
        }
    }
}
