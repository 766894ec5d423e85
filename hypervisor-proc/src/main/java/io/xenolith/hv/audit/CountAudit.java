package io.xenolith.hv.audit;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;

/** Recounts the references and type uses of every frame in a domain's use, and compares with its record. */
final class CountAudit {
    private final View view;
    private final PinIndex pins;
    private final FrameCounts counts;

    CountAudit(final View view, final PinIndex pins) {
        this.view = view;
        this.pins = pins;
        this.counts = new FrameCounts(view.frames);
    }

    /** After {@link FrameScan}, which has collected the tables. */
    void run() {
        for (final DomainView d : view.domains) {
            if (d.isCounted() && !d.java) {
                final TableWalk walk = new TableWalk(view, d, counts, pins);
                new VcpuReferences(view, d, counts, walk).run();
                walk.run();
            }
        }
        for (int mfn = 1; mfn < view.frames; mfn++) {
            final DomainView d = view.domain(FrameRecord.domid(view.owner(mfn)));
            if (d != null && d.isCounted() && d.uses(mfn)) {
                compare(mfn, d);
            }
        }
    }

    private void compare(final int mfn, final DomainView d) {
        final long record = view.hv.frame(mfn);
        final int references = Raw.getInt(record + FrameRecord.REFS);
        final long type = Raw.getLong(record + FrameRecord.TYPE_INFO);
        final int pin = FrameType.pinned(type) ? 1 : 0;
        final int spare = counts.possible(mfn);
        if (references == FrameTable.CLAIMED) {
            view.findings.add(FindingKind.FRAME_CLAIMED, FrameScan.subject(mfn),
                "%s took it out of use, and it went nowhere", d.name());
        }
        else if (!within(references, counts.references(mfn) + pin, spare)) {
            view.findings.add(FindingKind.FRAME_REFS, FrameScan.subject(mfn),
                "its reference count is %d, and %s of %s were found", references,
                range(counts.references(mfn) + pin, spare), d.name());
        }
        if (!counts.isQuarrel(mfn)) {
            compareType(mfn, type, counts.uses(mfn) + pin, spare);
        }
    }

    private void compareType(final int mfn, final long type, final int found, final int spare) {
        final int count = FrameType.count(type);
        final int kind = FrameType.type(type);
        if (!within(count, found, kind == FrameType.SEG_DESC ? spare : 0)) {
            view.findings.add(FindingKind.FRAME_TYPE_COUNT, FrameScan.subject(mfn),
                "its count as %s is %d, and %d uses were found", FrameType.nameOf(kind), count, found);
        }
        else if (count > 0 && !FrameType.validated(type)) {
            view.findings.add(FindingKind.FRAME_VALIDATED, FrameScan.subject(mfn),
                "it is used as %s (count %d), and its validation was never finished", FrameType.nameOf(kind), count);
        }
        if (FrameType.linear(type) != counts.linear(mfn)) {
            view.findings.add(FindingKind.FRAME_LINEAR, FrameScan.subject(mfn),
                "its count of linear entries is %d, and %d were found", FrameType.linear(type), counts.linear(mfn));
        }
    }

    private static boolean within(final int recorded, final int found, final int spare) {
        return recorded >= found && recorded <= found + spare;
    }

    private static String range(final int found, final int spare) {
        return spare == 0 ? found + " references" : found + " to " + (found + spare) + " references";
    }
}
