package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.EEXIST;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOENT;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.EPERM;
import static io.xenolith.hv.hypercall.Errno.ESRCH;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.Virq;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * The global operations on event-channel ports. A port's binding word is written last when it comes to life and first
 * when it dies, so a sender never follows a peer that is not there.
 */
final class PortOps
{
    private static final int PORT_ARG = 10;
    private static final int BINDING_ARG = 11;
    private static final int PEER_ARG = 12;

    private final HypervisorFile hv;
    private final Domains domains;
    private final EventChannels channels;

    PortOps(final Machine machine)
    {
        hv = machine.hv();
        domains = new Domains(machine);
        channels = new EventChannels(machine);
    }

    void registerWith(final MailboxServer server)
    {
        server.register(GlobalOp.PORT_ALLOC_UNBOUND, new AllocUnbound());
        server.register(GlobalOp.DOMAIN_ALLOC_UNBOUND, new AllocUnbound());
        server.register(GlobalOp.PORT_BIND_INTERDOMAIN, new BindInterdomain());
        server.register(GlobalOp.PORT_BIND_VIRQ, new BindVirq());
        server.register(GlobalOp.PORT_BIND_IPI, new BindIpi());
        server.register(GlobalOp.PORT_CLOSE, new Close());
        server.register(GlobalOp.PORT_RESET, new Reset());
    }

    /** Lowest free port of a domain, or {@code -ENOSPC}. */
    private int freePort(final int domid)
    {
        final long record = domains.record(domid);
        final int limit = Math.min(
            Raw.getInt(record + DomainRecord.EVTCHN_LIMIT), Raw.getInt(record + DomainRecord.BACKED_PORTS));
        for (int port = 1; port < limit; port++)
        {
            if (EvtchnRecord.state(Raw.getLong(address(domid, port))) == EvtchnRecord.STATE_FREE)
            {
                return port;
            }
        }
        return -ENOSPC;
    }

    private long address(final int domid, final int port)
    {
        return hv.evtchn(DomainRecord.slot(domid), port);
    }

    /** Brings a port to life: peer first, binding last. */
    private void bind(final int domid, final int port, final long binding, final int peer)
    {
        final long at = address(domid, port);
        Raw.putInt(at + EvtchnRecord.PEER, peer);
        Raw.putLong(at + EvtchnRecord.SENDS, 0);
        Raw.putInt(at + EvtchnRecord.PRIORITY, EventChannels.DEFAULT_PRIORITY);
        KillPoint.hit(KillPoint.PORT_BEFORE_BINDING);
        Raw.putLong(at + EvtchnRecord.BINDING, binding);
        final long highest = hv.domain(DomainRecord.slot(domid)) + DomainRecord.EVTCHN_HIGHEST;
        if (port >= Raw.getInt(highest))
        {
            Raw.putInt(highest, port + 1);
        }
    }

    /** (domid, remote domid). */
    private final class AllocUnbound implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final int domid = (int)intent.arg(0);
            final int remote = (int)intent.arg(1);
            if (domains.usable(domid) == 0)
            {
                return -ESRCH;
            }
            if (domid != requester && requester != 0)
            {
                return -EPERM;
            }
            final int port = freePort(domid);
            if (port > 0)
            {
                final long remoteRecord = domains.record(remote);
                final int incarnation = remoteRecord == 0 ? 0 : Domains.incarnation(remoteRecord);
                intent.setArg(PORT_ARG, port);
                intent.setArg(BINDING_ARG,
                    EvtchnRecord.binding(EvtchnRecord.STATE_UNBOUND, 0, 0, remote, incarnation));
            }
            return port;
        }

        @Override
        public void apply(final Intent intent)
        {
            bind((int)intent.arg(0), (int)intent.arg(PORT_ARG), intent.arg(BINDING_ARG), 0);
        }
    }

    /** (remote domid, remote port). */
    private final class BindInterdomain implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final int remote = (int)intent.arg(0);
            final long remoteRecord = domains.usable(remote);
            if (remoteRecord == 0)
            {
                return -ESRCH;
            }
            final long remotePort = channels.port(remote, (int)intent.arg(1));
            if (remotePort == 0 || !offered(Raw.getLong(remotePort), requester))
            {
                return -EINVAL;
            }
            final int port = freePort(requester);
            intent.setArg(2, requester);
            intent.setArg(PORT_ARG, port);
            intent.setArg(BINDING_ARG, EvtchnRecord.binding(
                EvtchnRecord.STATE_INTERDOMAIN, 0, 0, remote, Domains.incarnation(remoteRecord)));
            intent.setArg(PEER_ARG, Domains.incarnation(domains.record(requester)));
            return port;
        }

        private boolean offered(final long binding, final int requester)
        {
            final int incarnation = EvtchnRecord.incarnation(binding);
            return EvtchnRecord.state(binding) == EvtchnRecord.STATE_UNBOUND
                && EvtchnRecord.remote(binding) == requester
                && (incarnation == 0 || incarnation == Domains.incarnation(domains.record(requester)));
        }

        @Override
        public void apply(final Intent intent)
        {
            final int requester = (int)intent.arg(2);
            final int port = (int)intent.arg(PORT_ARG);
            if (port <= 0)
            {
                return;
            }
            bind(requester, port, intent.arg(BINDING_ARG), (int)intent.arg(1));
            KillPoint.hit(KillPoint.PORT_BEFORE_PEER);
            joinPeer((int)intent.arg(0), (int)intent.arg(1), requester, (int)intent.arg(PEER_ARG), port);
            channels.raise(requester, port);
        }

        private void joinPeer(
            final int remote, final int remotePort, final int requester, final int incarnation, final int port)
        {
            final long at = channels.port(remote, remotePort);
            if (at == 0)
            {
                return;
            }
            Raw.putInt(at + EvtchnRecord.PEER, port);
            for (;;)
            {
                final long old = Raw.getLong(at + EvtchnRecord.BINDING);
                final long next = EvtchnRecord.binding(EvtchnRecord.STATE_INTERDOMAIN, EvtchnRecord.flags(old),
                    EvtchnRecord.vcpu(old), requester, incarnation);
                if (Raw.casLong(at + EvtchnRecord.BINDING, old, next))
                {
                    return;
                }
            }
        }
    }

    /** (virq, vcpu). */
    private final class BindVirq implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long virq = intent.arg(0);
            final long vcpu = intent.arg(1);
            if (virq < 0 || virq >= Virq.COUNT)
            {
                return -EINVAL;
            }
            final boolean perVcpu = Virq.perVcpu((int)virq);
            if (!perVcpu && vcpu != 0)
            {
                return -EINVAL;
            }
            if (!perVcpu && requester != 0)
            {
                return -EPERM;
            }
            if (vcpu < 0 || vcpu >= Raw.getInt(domains.record(requester) + DomainRecord.BACKED_VCPUS))
            {
                return -ENOENT;
            }
            if (Raw.getInt(virqWord(requester, (int)vcpu, (int)virq)) != 0)
            {
                return -EEXIST;
            }
            intent.setArg(2, requester);
            final int port = freePort(requester);
            intent.setArg(PORT_ARG, port);
            return port;
        }

        private long virqWord(final int domid, final int vcpu, final int virq)
        {
            return hv.vcpu(DomainRecord.slot(domid), vcpu) + VcpuRecord.VIRQ_PORTS + (long)virq * Integer.BYTES;
        }

        @Override
        public void apply(final Intent intent)
        {
            final int domid = (int)intent.arg(2);
            final int virq = (int)intent.arg(0);
            final int vcpu = (int)intent.arg(1);
            final int port = (int)intent.arg(PORT_ARG);
            bind(domid, port, EvtchnRecord.binding(EvtchnRecord.STATE_VIRQ, 0, vcpu, 0, 0), virq);
            KillPoint.hit(KillPoint.PORT_BEFORE_VIRQ);
            Raw.putInt(virqWord(domid, vcpu, virq), port);
            if (virq == Virq.TIMER)
            {
                final long v = hv.vcpu(DomainRecord.slot(domid), vcpu);
                Raw.putInt(v + VcpuRecord.TIMER_PORT, port);
                Raw.getAndOrInt(v + VcpuRecord.ATTENTION, VcpuRecord.ATTENTION_TIMER);
            }
        }
    }

    /** (vcpu). */
    private final class BindIpi implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long vcpu = intent.arg(0);
            if (vcpu < 0 || vcpu >= Raw.getInt(domains.record(requester) + DomainRecord.BACKED_VCPUS))
            {
                return -ENOENT;
            }
            final int port = freePort(requester);
            intent.setArg(2, requester);
            intent.setArg(PORT_ARG, port);
            return port;
        }

        @Override
        public void apply(final Intent intent)
        {
            bind((int)intent.arg(2), (int)intent.arg(PORT_ARG),
                EvtchnRecord.binding(EvtchnRecord.STATE_IPI, 0, (int)intent.arg(0), 0, 0), 0);
        }
    }

    /** (port). */
    private final class Close implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long port = intent.arg(0);
            final long at = port > Integer.MAX_VALUE ? 0 : channels.port(requester, (int)port);
            if (at == 0 || EvtchnRecord.state(Raw.getLong(at)) == EvtchnRecord.STATE_FREE)
            {
                return -EINVAL;
            }
            intent.setArg(2, requester);
            return 0;
        }

        @Override
        public void apply(final Intent intent)
        {
            close((int)intent.arg(2), (int)intent.arg(0), false);
        }
    }

    /** (domid). */
    private final class Reset implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final int domid = (int)intent.arg(0);
            if (domains.usable(domid) == 0)
            {
                return -ESRCH;
            }
            return domid == requester ? 0 : -EPERM;
        }

        @Override
        public void apply(final Intent intent)
        {
            closeAll((int)intent.arg(0), false);
        }
    }

    /**
     * Closes every port of a domain.
     *
     * @param domid  the domain.
     * @param notify whether peers get an event: their other end died.
     */
    void closeAll(final int domid, final boolean notify)
    {
        final int ports = Raw.getInt(domains.record(domid) + DomainRecord.BACKED_PORTS);
        for (int port = 1; port < ports; port++)
        {
            if (EvtchnRecord.state(Raw.getLong(address(domid, port))) != EvtchnRecord.STATE_FREE)
            {
                close(domid, port, notify);
            }
        }
        Raw.putInt(domains.record(domid) + DomainRecord.EVTCHN_HIGHEST, 1);
    }

    /** Closes a port. The peer's goes back to unbound first; a close that is repeated finds the peer changed and goes on. */
    private void close(final int domid, final int port, final boolean notify)
    {
        final long at = address(domid, port);
        final long binding = Raw.getLong(at + EvtchnRecord.BINDING);
        switch (EvtchnRecord.state(binding))
        {
            case EvtchnRecord.STATE_INTERDOMAIN ->
            {
                KillPoint.hit(KillPoint.REAP_BEFORE_PEER);
                unbindPeer(domid, port, binding, Raw.getInt(at + EvtchnRecord.PEER), notify);
            }
            case EvtchnRecord.STATE_VIRQ -> unbindVirq(domid, port, Raw.getInt(at + EvtchnRecord.PEER));
            default ->
            {
            }
        }
        KillPoint.hit(KillPoint.PORT_BEFORE_BINDING);
        Raw.putLong(at + EvtchnRecord.BINDING, 0);
        Raw.putInt(at + EvtchnRecord.PEER, 0);
    }

    private void unbindPeer(
        final int domid, final int port, final long binding, final int peerPort, final boolean notify)
    {
        final int peer = EvtchnRecord.remote(binding);
        final long at = channels.port(peer, peerPort);
        if (at == 0 || !domains.present(peer, EvtchnRecord.incarnation(binding)))
        {
            return;
        }
        final int incarnation = Domains.incarnation(domains.record(domid));
        for (;;)
        {
            final long old = Raw.getLong(at + EvtchnRecord.BINDING);
            final boolean joined = EvtchnRecord.state(old) == EvtchnRecord.STATE_INTERDOMAIN
                && EvtchnRecord.remote(old) == domid && EvtchnRecord.incarnation(old) == incarnation
                && Raw.getInt(at + EvtchnRecord.PEER) == port;
            if (!joined)
            {
                return;
            }
            final long next = EvtchnRecord.binding(
                EvtchnRecord.STATE_UNBOUND, EvtchnRecord.flags(old), EvtchnRecord.vcpu(old), domid, incarnation);
            if (Raw.casLong(at + EvtchnRecord.BINDING, old, next))
            {
                break;
            }
        }
        if (notify)
        {
            channels.raise(peer, peerPort);
        }
    }

    private void unbindVirq(final int domid, final int port, final int virq)
    {
        final int slot = DomainRecord.slot(domid);
        final int vcpus = Raw.getInt(hv.domain(slot) + DomainRecord.BACKED_VCPUS);
        for (int v = 0; v < vcpus; v++)
        {
            final long vcpu = hv.vcpu(slot, v);
            Raw.casInt(vcpu + VcpuRecord.VIRQ_PORTS + (long)virq * Integer.BYTES, port, 0);
            if (virq == Virq.TIMER)
            {
                Raw.casInt(vcpu + VcpuRecord.TIMER_PORT, port, 0);
            }
        }
    }
}
