package io.xenolith.hv.audit;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.PcpuSlot;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;

/** Records of vCPUs that live, and physical CPUs: each held by at most one vCPU, which says so itself, and each vCPU by at most one. */
final class VcpuAudit {
    private static final int VCPU_INFO_LENGTH = 64;
    private static final int PAGE = 4096;

    private final View view;

    VcpuAudit(final View view) {
        this.view = view;
    }

    void run() {
        for (int i = 0; i < PcpuSlot.MAX_PCPUS; i++) {
            pcpu(i, holder(i));
        }
        for (final DomainView d : view.domains) {
            for (int v = 0; v < d.vcpus() && d.isCounted(); v++) {
                vcpu(d, v, d.vcpu(v));
            }
        }
    }

    private long holder(final int pcpu) {
        return Raw.getLong(view.hv.pcpu(pcpu) + PcpuSlot.HOLDER);
    }

    private void pcpu(final int i, final long party) {
        if (party == Party.NOBODY) {
            return;
        }
        final String who = "vCPU " + Party.vcpu(party) + " of domain " + Party.domid(party) + " incarnation "
            + Party.incarnation(party);
        final DomainView d = view.domain(Party.domid(party), Party.incarnation(party));
        if (i >= view.pcpus()) {
            orphan(i, "it does not exist, and is held by " + who);
        }
        else if (d == null || Party.vcpu(party) >= d.vcpus()) {
            orphan(i, "it is held by " + who + ", which does not exist");
        }
        else {
            final int using = Raw.getInt(d.vcpu(Party.vcpu(party)) + VcpuRecord.PCPU) - 1;
            if (using == i) {
                return;
            }
            if (using >= 0 && using < view.pcpus() && holder(using) == party) {
                view.findings.add(FindingKind.PCPU_TWICE, "pcpu " + i, "it is held by %s, which holds physical CPU %d too",
                    who, using);
            }
            else {
                orphan(i, "it is held by " + who + ", which does not run on it");
            }
        }
    }

    private void orphan(final int pcpu, final String sentence) {
        view.findings.add(FindingKind.PCPU_ORPHAN, "pcpu " + pcpu, "%s", sentence);
    }

    private void vcpu(final DomainView d, final int v, final long record) {
        final String subject = d.name() + " vcpu " + v;
        final int using = Raw.getInt(record + VcpuRecord.PCPU) - 1;
        if (using >= 0 && (using >= view.pcpus() || holder(using) != Party.of(d.domid, v, d.incarnation))) {
            view.findings.add(FindingKind.VCPU_PCPU, subject,
                "it says that it runs on physical CPU %d, which %s", using, held(using));
        }
        final int state = Raw.getInt(record + VcpuRecord.STATE);
        final int run = RunWord.state(Raw.getLong(record + VcpuRecord.RUN));
        final int polled = Raw.getInt(record + VcpuRecord.POLL_COUNT);
        final int offset = Raw.getInt(record + VcpuRecord.VCPU_INFO_OFFSET);
        check(subject, state >= VcpuRecord.STATE_UNUSED && state <= VcpuRecord.STATE_POLLING, "its state is %d", state);
        check(subject, run >= RunWord.OFFLINE && run <= RunWord.DESCHEDULED, "its run word is in state %d", run);
        check(subject, polled >= 0 && polled <= VcpuRecord.MAX_POLL_PORTS, "it polls %d ports", polled);
        check(subject, offset >= 0 && offset <= PAGE - VCPU_INFO_LENGTH, "its vcpu_info lies at offset %d", offset);
        final boolean online = (d.number(DomainRecord.ONLINE_VCPUS) >>> v & 1) != 0;
        check(subject, d.java || d.state != DomainRecord.STATE_LIVE || online == state >= VcpuRecord.STATE_UP,
            "its state is %d, and its domain counts it as %s", state, online ? "online" : "offline");
    }

    private String held(final int pcpu) {
        final long party = pcpu < view.pcpus() ? holder(pcpu) : Party.NOBODY;
        if (pcpu >= view.pcpus()) {
            return "does not exist";
        }
        return party == Party.NOBODY ? "nobody holds"
            : "vCPU " + Party.vcpu(party) + " of domain " + Party.domid(party) + " holds";
    }

    private void check(final String subject, final boolean holds, final String format, final Object... args) {
        if (!holds) {
            view.findings.add(FindingKind.VCPU_RECORD, subject, format, args);
        }
    }
}
