package io.xenolith.hv.audit;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.MemoryMap;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import java.util.ArrayList;
import java.util.List;

/** The machine as one look sees it: its structures, and the domains that had a slot when the look began. */
final class View {
    final Machine machine;
    final HypervisorFile hv;
    final MachineMemory memory;
    final long header;
    final int frames;
    final MemoryMap map;
    final List<DomainView> domains = new ArrayList<>();
    final Findings findings = new Findings();
    private final DomainView[] bySlot = new DomainView[DomainRecord.SLOTS];

    View(final Machine machine) {
        this.machine = machine;
        this.hv = machine.hv();
        this.memory = machine.memory();
        this.header = hv.header();
        this.frames = Math.toIntExact(hv.frames());
        this.map = MemoryMap.of(frames);
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++) {
            final long record = hv.domain(slot);
            if (Domains.state(record) != DomainRecord.STATE_FREE) {
                bySlot[slot] = new DomainView(this, slot);
                domains.add(bySlot[slot]);
            }
        }
    }

    /** The domain that has this domid now, whichever its incarnation; null for none. */
    DomainView domain(final int domid) {
        final DomainView d = domid < 0 || domid >= Domains.FIRST_RESERVED ? null : bySlot[DomainRecord.slot(domid)];
        return d != null && d.domid == domid ? d : null;
    }

    /** That very domain, null when it is gone. */
    DomainView domain(final int domid, final int incarnation) {
        final DomainView d = domain(domid);
        return d != null && d.incarnation == incarnation ? d : null;
    }

    boolean isFrame(final long mfn) {
        return mfn > 0 && mfn < frames;
    }

    long owner(final long mfn) {
        return FrameRecord.ownerOf(hv.frame(mfn));
    }

    int headerInt(final int offset) {
        return Raw.getInt(header + offset);
    }

    /** Number of physical CPUs, bounded by the table. */
    int pcpus() {
        return Math.clamp(headerInt(Header.PCPUS), 0, io.xenolith.shm.hv.PcpuSlot.MAX_PCPUS);
    }
}
