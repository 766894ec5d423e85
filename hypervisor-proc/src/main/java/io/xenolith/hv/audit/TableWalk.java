package io.xenolith.hv.audit;

import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.IntHashSet;

/**
 * Reads every validated table of a domain, upper levels first, and counts what its entries refer to. A table that no pin,
 * base register or entry accounts for stands out by its own count; what it points to is counted all the same, so that one leak
 * is one finding.
 */
final class TableWalk {
    private static final int ENTRIES = 512;

    private final View view;
    private final DomainView domain;
    private final FrameCounts counts;
    private final PinIndex pins;
    private final IntHashSet walked = new IntHashSet();

    TableWalk(final View view, final DomainView domain, final FrameCounts counts, final PinIndex pins) {
        this.view = view;
        this.domain = domain;
        this.counts = counts;
        this.pins = pins;
    }

    void run() {
        for (int level = domain.mode.levels(); level > 0; level--) {
            final IntArrayList tables = domain.tables(level);
            for (int i = 0; i < tables.size(); i++) {
                final int mfn = tables.getInt(i);
                final int own = FrameType.type(Raw.getLong(view.hv.frame(mfn) + FrameRecord.TYPE_INFO));
                final int type = counts.usedAs(mfn, own);
                if (FrameType.isTable(type) && FrameType.levelOf(type) == level && walked.add(mfn)) {
                    table(mfn, type, level);
                }
            }
        }
    }

    private void table(final int mfn, final int type, final int level) {
        final long address = view.memory.addressOf(mfn);
        final int entries = domain.mode.entries(level);
        for (int slot = 0; slot < entries; slot++) {
            final long pte = Raw.getLong(address + slot * 8L);
            if (!Pte.present(pte)) {
                continue;
            }
            if (domain.mode.isHypervisorSlot(type, slot)) {
                hypervisorSlot(mfn, slot, pte);
            }
            else {
                entry(mfn, type, level, slot, pte);
            }
        }
    }

    private String subject(final int mfn, final int slot) {
        return domain.name() + " table " + mfn + " slot " + slot;
    }

    private void hypervisorSlot(final int mfn, final int slot, final long pte) {
        final long first = Pte.mfn(pte);
        final int span = (pte & Pte.PSE) != 0 ? ENTRIES : 1;
        boolean ours = (pte & Pte.RW) == 0;
        for (int i = 0; i < span; i++) {
            ours &= view.isFrame(first + i) && view.map.isFixed(first + i);
        }
        if (!ours) {
            view.findings.add(FindingKind.TABLE_HYPERVISOR_SLOT, subject(mfn, slot),
                "the entry %x is not a read-only view of the machine-to-physical table", pte);
        }
    }

    private void entry(final int mfn, final int type, final int level, final int slot, final long pte) {
        if ((pte & domain.mode.refusedBits(level)) != 0) {
            view.findings.add(FindingKind.TABLE_ENTRY, subject(mfn, slot),
                "the entry %x of a level-%d table has bits that no guest may set", pte, level);
        }
        final long target = Pte.mfn(pte);
        if (domain.uses(target)) {
            counts.addReference((int)target);
            if (level == 1) {
                mapping(mfn, slot, pte, (int)target);
            }
            else {
                pointer(mfn, type, slot, pte, (int)target);
            }
        }
        else if (!domain.hasOdd(target)) {
            foreign(mfn, level, slot, pte, target);
        }
    }

    private void mapping(final int mfn, final int slot, final long pte, final int target) {
        if ((pte & Pte.RW) != 0) {
            use(target, FrameType.WRITABLE, "mapped writable by table " + mfn + " slot " + slot);
        }
    }

    private void pointer(final int mfn, final int type, final int slot, final long pte, final int target) {
        if (target == mfn) {
            return; // a table that maps itself, read-only
        }
        final int targetType = FrameType.type(Raw.getLong(view.hv.frame(target) + FrameRecord.TYPE_INFO));
        if ((pte & Pte.RW) == 0 && targetType == type && domain.mode.allowsLinear(type)) {
            counts.addUse(target);
            counts.addLinear(mfn, target);
            return;
        }
        use(target, domain.mode.typeBelow(type, slot), "used by table " + mfn + " slot " + slot);
    }

    /** Counts a use that needs a type. */
    void use(final int mfn, final int type, final String by) {
        final int own = FrameType.type(Raw.getLong(view.hv.frame(mfn) + FrameRecord.TYPE_INFO));
        if (own == type) {
            counts.addUse(mfn);
            return;
        }
        view.findings.add(FindingKind.FRAME_TYPE, FrameScan.subject(mfn), "it is %s as %s, and its type is %s", by,
            FrameType.nameOf(type), FrameType.nameOf(own));
        counts.setUsedAs(mfn, type);
        if (FrameType.isTable(type)) {
            domain.tables(FrameType.levelOf(type)).addInt(mfn);
        }
    }

    private void foreign(final int mfn, final int level, final int slot, final long pte, final long target) {
        final boolean write = (pte & Pte.RW) != 0;
        if (level == 1 && view.isFrame(target) && pins.covers(domain.ownerKey, (int)target, write)) {
            return;
        }
        view.findings.add(FindingKind.MAPPING_FOREIGN, subject(mfn, slot),
            "the entry %x reaches frame %d (%s), which is neither the domain's nor pinned by it%s", pte, target,
            describe(target), write ? " for writing" : "");
    }

    private String describe(final long mfn) {
        return view.isFrame(mfn) ? String.format("owner word %x", view.owner(mfn)) : "not of this machine";
    }
}
