package io.xenolith.hv.audit;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * Events under way: whatever was sent has been announced to its target, and whatever is pending and unmasked is shown to the
 * guest by the words it looks at.
 *
 * <p>A guest clears these words while it serves events, with its up-calls masked; so pending events are judged only while
 * some vCPU's up-calls are not masked and no up-call is due. A selector bit without pending event is no defect.
 */
final class EventAudit {
    private static final int GROUP_SHIFT = 6;
    private static final int PENDING = 1 << 31;
    private static final int MASKED = 1 << 30;
    private static final int LINKED = 1 << 29;
    private static final int WORDS_PER_PAGE = 1024;

    private final View view;

    EventAudit(final View view) {
        this.view = view;
    }

    void run() {
        for (final DomainView d : view.domains) {
            if (!d.isCounted()) {
                continue;
            }
            final int ports = d.ports();
            for (int port = 1; port < ports; port++) {
                final long binding = Raw.getLong(view.hv.evtchn(d.slot, port) + EvtchnRecord.BINDING);
                if (inUse(binding) && EvtchnRecord.vcpu(binding) < d.vcpus()) {
                    announced(d, port, binding);
                    shown(d, port, EvtchnRecord.vcpu(binding));
                }
            }
        }
    }

    private static boolean inUse(final long binding) {
        final int state = EvtchnRecord.state(binding);
        return state > EvtchnRecord.STATE_FREE && state < EvtchnRecord.STATE_RESERVED;
    }

    // ---- from the sender to the target's process

    private void announced(final DomainView d, final int port, final long binding) {
        if ((EvtchnRecord.flags(binding) & EvtchnRecord.FLAG_RAISED) == 0) {
            return;
        }
        final long vcpu = d.vcpu(EvtchnRecord.vcpu(binding));
        if ((Raw.getLong(vcpu + VcpuRecord.EVENT_WORDS) >>> (port >>> GROUP_SHIFT) & 1) == 0) {
            unannounced(d, port, binding, "that vCPU's event words do not say so");
        }
        else if ((Raw.getInt(vcpu + VcpuRecord.ATTENTION) & VcpuRecord.ATTENTION_EVENT) == 0
            && !RunWord.isRunning(Raw.getLong(vcpu + VcpuRecord.RUN))) {
            unannounced(d, port, binding, "that vCPU's attention was not called");
        }
    }

    private void unannounced(final DomainView d, final int port, final long binding, final String why) {
        view.findings.add(FindingKind.EVENT_UNANNOUNCED, PortAudit.subject(d, port),
            "an event was sent to it for vCPU %d, and %s", EvtchnRecord.vcpu(binding), why);
    }

    // ---- from the process to the guest

    private void shown(final DomainView d, final int port, final int vcpu) {
        if (d.java || !d.uses(d.word(DomainRecord.SHARED_INFO_MFN))) {
            return;
        }
        if (d.number(DomainRecord.EVTCHN_ABI) == 0) {
            twoLevel(d, port, vcpu);
        }
        else {
            fifo(d, port, vcpu);
        }
    }

    /** Bits of a guest's {@code unsigned long}. */
    private static int wordBits(final DomainView d) {
        return d.number(DomainRecord.WIDTH) == 64 ? Long.SIZE : Integer.SIZE;
    }

    private void twoLevel(final DomainView d, final int port, final int vcpu) {
        final int bits = wordBits(d);
        if (port >= bits * bits) {
            return;
        }
        final long shared = view.memory.addressOf(d.word(DomainRecord.SHARED_INFO_MFN));
        final long pending = shared + 0x800;
        final long mask = pending + (long)bits * bits / Byte.SIZE;
        if (!bit(pending, port) || bit(mask, port)) {
            return;
        }
        for (int v = 0; v < d.vcpus(); v++) {
            final long info = info(d, v);
            if (info != 0 && Raw.getByte(info) != 0 && bit(info + bits / Byte.SIZE, port / bits)) {
                return; // bind_vcpu may have moved the port while its event waited at another vCPU
            }
        }
        lost(d, port, vcpu, "its selector bit and the up-call byte are not both set");
    }

    private static boolean bit(final long address, final int n) {
        return (Raw.getByte(address + (n >>> 3)) >>> (n & 7) & 1) != 0;
    }

    private void fifo(final DomainView d, final int port, final int vcpu) {
        final int page = port / WORDS_PER_PAGE;
        if (page >= Math.min(d.number(DomainRecord.FIFO_PAGES), DomainPage.FIFO_ARRAY_SIZE)
            || Raw.getLong(d.vcpu(vcpu) + VcpuRecord.FIFO_CONTROL_MFN) == 0) {
            return;
        }
        final long mfn =
            Raw.getInt(view.hv.domainPage(d.slot) + DomainPage.FIFO_ARRAY + page * 4L) & 0xffff_ffffL;
        if (!d.uses(mfn)) {
            return;
        }
        final int word = Raw.getInt(view.memory.addressOf(mfn) + port % WORDS_PER_PAGE * 4L);
        if ((word & (PENDING | MASKED | LINKED)) == PENDING) {
            lost(d, port, vcpu, "it is in no queue");
        }
    }

    /** Judges a pending, unmasked event that the vCPU's words do not show. */
    private void lost(final DomainView d, final int port, final int vcpu, final String why) {
        final long info = info(d, vcpu);
        final boolean listening = info != 0 && Raw.getByte(info + 1) == 0;
        if (listening && Raw.getInt(d.vcpu(vcpu) + VcpuRecord.STATE) >= VcpuRecord.STATE_UP) {
            view.findings.add(FindingKind.EVENT_LOST, PortAudit.subject(d, port),
                "an event is pending and unmasked for vCPU %d, and %s", vcpu, why);
        }
    }

    private long info(final DomainView d, final int vcpu) {
        final long record = d.vcpu(vcpu);
        final long mfn = Raw.getLong(record + VcpuRecord.VCPU_INFO_MFN);
        final int offset = Raw.getInt(record + VcpuRecord.VCPU_INFO_OFFSET);
        return d.uses(mfn) && offset >= 0 && offset <= 4096 - 64 ? view.memory.addressOf(mfn) + offset : 0;
    }
}
