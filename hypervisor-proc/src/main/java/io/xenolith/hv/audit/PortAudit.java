package io.xenolith.hv.audit;

import io.xenolith.hv.event.Virq;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;

/** The port tables: both halves of every connection, virtual interrupts and the words that name them. */
final class PortAudit {
    private final View view;

    PortAudit(final View view) {
        this.view = view;
    }

    void run() {
        for (final DomainView d : view.domains) {
            final int ports = d.ports();
            for (int port = 0; port < ports; port++) {
                port(d, port, binding(d, port));
            }
            for (int v = 0; v < d.vcpus(); v++) {
                virqWords(d, v);
            }
        }
    }

    private long binding(final DomainView d, final int port) {
        return Raw.getLong(view.hv.evtchn(d.slot, port) + EvtchnRecord.BINDING);
    }

    private int peer(final DomainView d, final int port) {
        return Raw.getInt(view.hv.evtchn(d.slot, port) + EvtchnRecord.PEER);
    }

    static String subject(final DomainView d, final int port) {
        return d.name() + " port " + port;
    }

    private void port(final DomainView d, final int port, final long binding) {
        final int state = EvtchnRecord.state(binding);
        final boolean reserved = state == EvtchnRecord.STATE_RESERVED;
        if (state == EvtchnRecord.STATE_FREE) {
            return;
        }
        if (state == EvtchnRecord.STATE_PIRQ || state > EvtchnRecord.STATE_RESERVED || reserved != (port == 0)) {
            wrong(d, port, "its state is %d (binding %x), which it cannot have", state, binding);
        }
        else if (!reserved && EvtchnRecord.vcpu(binding) >= d.vcpus()) {
            wrong(d, port, "it notifies vCPU %d, and the domain has %d", EvtchnRecord.vcpu(binding), d.vcpus());
        }
        else if (!reserved && port >= d.number(DomainRecord.EVTCHN_HIGHEST)) {
            wrong(d, port, "it is in use, and ports in use are said to lie below %d",
                d.number(DomainRecord.EVTCHN_HIGHEST));
        }
        else if (state == EvtchnRecord.STATE_INTERDOMAIN) {
            interdomain(d, port, binding);
        }
        else if (state == EvtchnRecord.STATE_VIRQ) {
            virq(d, port, binding);
        }
    }

    private void wrong(final DomainView d, final int port, final String format, final Object... args) {
        view.findings.add(FindingKind.PORT_STATE, subject(d, port), format, args);
    }

    private void interdomain(final DomainView d, final int port, final long binding) {
        final int remotePort = peer(d, port);
        final DomainView remote = view.domain(EvtchnRecord.remote(binding), EvtchnRecord.incarnation(binding));
        final String what;
        if (remote == null) {
            what = "that domain does not exist";
        }
        else if (remotePort <= 0 || remotePort >= remote.ports()) {
            what = "that domain has no such port";
        }
        else {
            final long other = binding(remote, remotePort);
            final boolean joined = EvtchnRecord.state(other) == EvtchnRecord.STATE_INTERDOMAIN
                && EvtchnRecord.remote(other) == d.domid && EvtchnRecord.incarnation(other) == d.incarnation
                && peer(remote, remotePort) == port;
            if (joined) {
                return;
            }
            what = String.format("that port is not joined to it (binding %x, peer %d)", other, peer(remote, remotePort));
        }
        view.findings.add(FindingKind.PORT_PEER, subject(d, port),
            "it is joined to port %d of domain %d incarnation %d, and %s", remotePort, EvtchnRecord.remote(binding),
            EvtchnRecord.incarnation(binding), what);
    }

    private void virq(final DomainView d, final int port, final long binding) {
        final int virq = peer(d, port);
        if (virq < 0 || virq >= VcpuRecord.VIRQS) {
            view.findings.add(FindingKind.PORT_VIRQ, subject(d, port), "it stands for virtual interrupt %d, which is none",
                virq);
            return;
        }
        // a global interrupt may be moved to another vCPU; the word stays with vCPU 0
        final int vcpu = Virq.perVcpu(virq) ? EvtchnRecord.vcpu(binding) : 0;
        if (virqWord(d, vcpu, virq) != port) {
            view.findings.add(FindingKind.PORT_VIRQ, subject(d, port),
                "it stands for virtual interrupt %d of vCPU %d, whose word names port %d", virq, vcpu,
                virqWord(d, vcpu, virq));
        }
    }

    private static int virqWord(final DomainView d, final int vcpu, final int virq) {
        return Raw.getInt(d.vcpu(vcpu) + VcpuRecord.VIRQ_PORTS + (long)virq * Integer.BYTES);
    }

    private void virqWords(final DomainView d, final int vcpu) {
        final String subject = d.name() + " vcpu " + vcpu;
        for (int virq = 0; virq < VcpuRecord.VIRQS; virq++) {
            final int port = virqWord(d, vcpu, virq);
            if (port != 0 && !isVirq(d, port, virq)) {
                view.findings.add(FindingKind.PORT_VIRQ, subject + " virq " + virq,
                    "its word names port %d, which is not bound to it", port);
            }
        }
        final int timer = Raw.getInt(d.vcpu(vcpu) + VcpuRecord.TIMER_PORT);
        if (timer != virqWord(d, vcpu, Virq.TIMER)) {
            view.findings.add(FindingKind.PORT_VIRQ, subject + " timer",
                "its timer port is %d, and its timer interrupt is bound to port %d", timer,
                virqWord(d, vcpu, Virq.TIMER));
        }
    }

    private boolean isVirq(final DomainView d, final int port, final int virq) {
        return port > 0 && port < d.ports() && EvtchnRecord.state(binding(d, port)) == EvtchnRecord.STATE_VIRQ
            && peer(d, port) == virq;
    }
}
