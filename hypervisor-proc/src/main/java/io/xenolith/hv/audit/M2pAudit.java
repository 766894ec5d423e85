package io.xenolith.hv.audit;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;

/**
 * Both machine-to-physical tables: equal as far as the narrow one reaches, and all ones where no guest has a frame. What
 * number a guest gives its own frames is the guest's business.
 */
final class M2pAudit {
    private static final long NONE = -1;

    private final View view;

    M2pAudit(final View view) {
        this.view = view;
    }

    void run() {
        final long narrow = view.memory.addressOf(Raw.getLong(view.header + Header.M2P32_MFN));
        final long wide = view.memory.addressOf(Raw.getLong(view.header + Header.M2P64_MFN));
        for (int mfn = 0; mfn < view.frames; mfn++) {
            entry(mfn, Raw.getInt(narrow + mfn * 4L), Raw.getLong(wide + mfn * 8L));
        }
    }

    private void entry(final int mfn, final int narrow, final long wide) {
        if (narrow == NONE && wide == NONE) {
            return;
        }
        if (narrow != (int)wide) {
            view.findings.add(FindingKind.M2P_WIDTHS, FrameScan.subject(mfn),
                "its pseudo-physical number is %x for 32-bit guests and %x for 64-bit guests", narrow, wide);
        }
        else if (!mayHaveNumber(mfn)) {
            view.findings.add(FindingKind.M2P_UNOWNED, FrameScan.subject(mfn),
                "no guest uses it, and its pseudo-physical number is %x", wide);
        }
    }

    /** A free frame that names an owner has been reported as such. */
    private boolean mayHaveNumber(final int mfn) {
        final long owner = view.owner(mfn);
        return switch (FrameRecord.state(owner)) {
            case FrameRecord.STATE_OWNED, FrameRecord.STATE_SHARED, FrameRecord.STATE_DYING -> true;
            case FrameRecord.STATE_FREE -> FrameRecord.domid(owner) != FrameRecord.NO_OWNER;
            default -> false;
        };
    }
}
