package io.xenolith.hv.audit;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.grant.ActiveGrants;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;

/**
 * Active grant words: their holders exist, their frames are the granter's and marked, and the flags in the guest's entries are
 * what follows from them.
 *
 * <p>The entries are the guest's own memory: a guest that sets or clears the flags itself causes a finding too.
 */
final class GrantAudit {
    private static final int TYPE_MASK = 3;
    private static final int ACCEPT_TRANSFER = 2;
    private static final int READING = 8;
    private static final int WRITING = 0x10;
    private static final int V1_PER_FRAME = 512;
    private static final int V2_PER_FRAME = 256;
    private static final int STATUS_PER_FRAME = 2048;

    private final View view;

    GrantAudit(final View view) {
        this.view = view;
    }

    void run() {
        for (final DomainView d : view.domains) {
            final int n = d.grants();
            for (int gref = 0; gref < n; gref++) {
                grant(d, gref);
            }
        }
    }

    private void grant(final DomainView d, final int gref) {
        final long active = view.hv.active(d.slot, gref);
        final long word = Raw.getLong(active + ActiveGrant.PINS);
        final int pins = ActiveGrant.reads(word) + ActiveGrant.writes(word);
        final String subject = word == 0 ? null : d.name() + " gref " + gref;
        if (word != 0 && view.domain(ActiveGrant.domid(word), ActiveGrant.incarnation(word)) == null) {
            view.findings.add(FindingKind.GRANT_HOLDER, subject,
                "domain %d incarnation %d holds %d read and %d write pins on it, and does not exist",
                ActiveGrant.domid(word), ActiveGrant.incarnation(word), ActiveGrant.reads(word),
                ActiveGrant.writes(word));
        }
        else if (word != 0 && pins == 0) {
            view.findings.add(FindingKind.GRANT_CLAIM, subject, "domain %d claimed it and holds no pin",
                ActiveGrant.domid(word));
            return;
        }
        final long mfn = Raw.getLong(active + ActiveGrant.FRAME);
        if (pins != 0 && mfn != ActiveGrants.LENT) {
            frame(d, subject, word, mfn);
        }
        if (d.isAlive()) {
            flags(d, gref, word);
        }
    }

    private void frame(final DomainView d, final String subject, final long word, final long mfn) {
        final long owner = view.isFrame(mfn) ? view.owner(mfn) : 0;
        final int state = FrameRecord.state(owner);
        final boolean kept = view.isFrame(mfn) && (int)owner == d.ownerKey
            && (state == FrameRecord.STATE_OWNED || state == FrameRecord.STATE_DYING);
        if (!kept) {
            if (!d.hasOdd(mfn)) {
                view.findings.add(FindingKind.GRANT_FRAME, subject,
                    "the pinned frame %d has owner word %x, and is not the granter's", mfn, owner);
            }
            return;
        }
        if ((owner & FrameRecord.FLAG_GRANTED) == 0) {
            view.findings.add(FindingKind.GRANT_MARK, subject, "the pinned frame %d is not marked as granted", mfn);
        }
        final long record = view.hv.frame(mfn);
        if (Raw.getInt(record + FrameRecord.REFS) == FrameTable.CLAIMED) {
            view.findings.add(FindingKind.GRANT_FRAME, subject, "the pinned frame %d was taken out of use", mfn);
        }
        final long type = Raw.getLong(record + FrameRecord.TYPE_INFO);
        if (ActiveGrant.writes(word) != 0 && FrameType.count(type) > 0
            && FrameType.needsValidation(FrameType.type(type))) {
            view.findings.add(FindingKind.GRANT_WRITES_TABLE, subject, "frame %d can be written by domain %d and is %s",
                mfn, ActiveGrant.domid(word), FrameType.nameOf(FrameType.type(type)));
        }
    }

    private void flags(final DomainView d, final int gref, final long word) {
        final boolean v2 = d.number(DomainRecord.GRANT_VERSION) == 2;
        if (gref >= d.grantFrames() * (v2 ? V2_PER_FRAME : V1_PER_FRAME)) {
            return;
        }
        final int flags = v2 ? status(d, gref) : header(d, gref);
        if (flags < 0 || !v2 && (flags & TYPE_MASK) == ACCEPT_TRANSFER) {
            return; // no such frame, which is another finding; or the bits mean something else
        }
        final boolean writes = ActiveGrant.writes(word) != 0;
        final boolean any = writes || ActiveGrant.reads(word) != 0;
        final int expected = (any ? READING : 0) | (writes ? WRITING : 0);
        if ((flags & (READING | WRITING)) != expected) {
            view.findings.add(FindingKind.GRANT_FLAGS, d.name() + " gref " + gref,
                "its flags say %s, and its pins (%d to read, %d to write) mean %s", text(flags),
                ActiveGrant.reads(word), ActiveGrant.writes(word), text(expected));
        }
    }

    private static String text(final int flags) {
        final String reading = (flags & READING) != 0 ? "reading" : "";
        final String writing = (flags & WRITING) != 0 ? "writing" : "";
        final String both = reading + (reading.isEmpty() || writing.isEmpty() ? "" : "+") + writing;
        return both.isEmpty() ? "not in use" : both;
    }

    private int header(final DomainView d, final int gref) {
        final long mfn = mfn(d, DomainRecord.GRANT_FRAME_MFNS, gref / V1_PER_FRAME);
        return d.uses(mfn) ? Raw.getInt(view.memory.addressOf(mfn) + gref % V1_PER_FRAME * 8L) & 0xffff : -1;
    }

    private int status(final DomainView d, final int gref) {
        if (gref / STATUS_PER_FRAME >= d.statusFrames()) {
            return -1;
        }
        final long mfn = mfn(d, DomainRecord.STATUS_FRAME_MFNS, gref / STATUS_PER_FRAME);
        return d.uses(mfn) ? Raw.getShort(view.memory.addressOf(mfn) + gref % STATUS_PER_FRAME * 2L) & 0xffff : -1;
    }

    private static long mfn(final DomainView d, final int table, final int index) {
        return d.number(table + index * Integer.BYTES) & 0xffff_ffffL;
    }
}
