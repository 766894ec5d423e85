package io.xenolith.hv.audit;

import io.xenolith.hv.frames.FrameType;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Party;

/**
 * Every frame record, once: does its state suit its place and its owner, is a free one empty, how many has each domain.
 * Collects the tables of each domain for {@link TableWalk}.
 *
 * <p>A record that contradicts itself (free, yet owned) or names an earlier life of its owner is one finding: it counts
 * wherever that is possible, so that totals and mappings do not complain about it again.
 */
final class FrameScan {
    private final View view;
    private final PinIndex pins;
    private int free;
    private int oddFree;

    FrameScan(final View view, final PinIndex pins) {
        this.view = view;
        this.pins = pins;
    }

    void run() {
        for (int mfn = 0; mfn < view.frames; mfn++) {
            frame(mfn);
        }
        final long recorded = Raw.getLong(view.header + Header.FREE_FRAMES);
        if (recorded < free || recorded > free + oddFree) {
            view.findings.add(FindingKind.HEAP_FREE, "heap",
                "the header counts %d free frames, and %d frames are free", recorded, free);
        }
    }

    private void frame(final int mfn) {
        final long owner = view.owner(mfn);
        final int state = FrameRecord.state(owner);
        if (view.map.isFixed(mfn)) {
            if (state != FrameRecord.STATE_ABSENT && state != FrameRecord.STATE_HYPERVISOR) {
                wrongState(mfn, owner, "it is part of the machine itself");
            }
            return;
        }
        switch (state) {
            case FrameRecord.STATE_FREE -> free(mfn, owner);
            case FrameRecord.STATE_OWNED, FrameRecord.STATE_SHARED, FrameRecord.STATE_MAGAZINE,
                FrameRecord.STATE_DYING -> owned(mfn, owner, state);
            case FrameRecord.STATE_HYPERVISOR -> { }
            default -> wrongState(mfn, owner, "it lies in the heap");
        }
    }

    private void wrongState(final int mfn, final long owner, final String place) {
        view.findings.add(FindingKind.FRAME_STATE, subject(mfn), "its state is %d (owner word %x), but %s",
            FrameRecord.state(owner), owner, place);
    }

    static String subject(final int mfn) {
        return "frame " + mfn;
    }

    private void free(final int mfn, final long owner) {
        final long record = view.hv.frame(mfn);
        final int domid = FrameRecord.domid(owner);
        final int references = Raw.getInt(record + FrameRecord.REFS);
        final long type = Raw.getLong(record + FrameRecord.TYPE_INFO);
        if (domid == FrameRecord.NO_OWNER && references == 0 && type == 0 && FrameRecord.flags(owner) == 0) {
            free++;
            return;
        }
        oddFree++;
        final DomainView d = view.domain(domid);
        if (d != null) {
            d.oddFrames++;
        }
        view.findings.add(FindingKind.FRAME_FREE, subject(mfn),
            "it is free, but has owner word %x, reference count %d and type word %x", owner, references, type);
    }

    private void owned(final int mfn, final long owner, final int state) {
        final int domid = FrameRecord.domid(owner);
        final DomainView d = view.domain(domid);
        if (d == null) {
            view.findings.add(FindingKind.FRAME_OWNER, subject(mfn),
                "it is leaked: its owner, domain %d incarnation %d, does not exist", domid,
                FrameRecord.incarnation(owner));
        }
        else if (d.incarnation != FrameRecord.incarnation(owner)) {
            d.oddFrames++;
            view.findings.add(FindingKind.FRAME_INCARNATION, subject(mfn),
                "it belongs to incarnation %d of domain %d, which is incarnation %d now",
                FrameRecord.incarnation(owner), domid, d.incarnation);
        }
        else {
            ofDomain(mfn, d, owner, state);
        }
    }

    private void ofDomain(final int mfn, final DomainView d, final long owner, final int state) {
        switch (state) {
            case FrameRecord.STATE_OWNED -> d.ownedFrames++;
            case FrameRecord.STATE_SHARED -> shared(mfn, d, owner);
            case FrameRecord.STATE_MAGAZINE -> magazine(mfn, d);
            default -> dying(mfn, d);
        }
        if (state == FrameRecord.STATE_OWNED || state == FrameRecord.STATE_SHARED) {
            inUse(mfn, d, owner);
        }
    }

    private void shared(final int mfn, final DomainView d, final long owner) {
        d.sharedFrames++;
        if (d.isAlive() && (!d.sharedMfns().contains(mfn) || (owner & FrameRecord.FLAG_XENHEAP) == 0)) {
            view.findings.add(FindingKind.FRAME_SHARED, subject(mfn),
                "it is shared with %s, which has no shared_info, grant or status frame there", d.name());
        }
    }

    private void magazine(final int mfn, final DomainView d) {
        if (d.isAlive() && !d.java && !d.magazine().contains(mfn)) {
            view.findings.add(FindingKind.FRAME_MAGAZINE, subject(mfn),
                "it is kept for %s, whose magazine does not list it", d.name());
        }
        final int references = Raw.getInt(view.hv.frame(mfn) + FrameRecord.REFS);
        if (d.isCounted() && references != 0) {
            view.findings.add(FindingKind.FRAME_REFS, subject(mfn),
                "it lies in the magazine of %s with a reference count of %d", d.name(), references);
        }
    }

    private void dying(final int mfn, final DomainView d) {
        d.dyingFrames++;
        final boolean tableOfPins = d.sharedMfns().contains(mfn) && PinIndex.any(view, d);
        if (!pins.isPinned(mfn) && !tableOfPins) {
            view.findings.add(FindingKind.FRAME_DYING, subject(mfn),
                "it outlives %s although nobody pins it", d.name());
        }
    }

    private void inUse(final int mfn, final DomainView d, final long owner) {
        if ((owner & FrameRecord.FLAG_CODE) != 0 && pins.isWritePinned(mfn)) {
            view.findings.add(FindingKind.FRAME_CODE, subject(mfn),
                "code was decoded from it while another domain may write it");
        }
        final long record = view.hv.frame(mfn);
        final long lock = Raw.getLong(record + FrameRecord.BUSY);
        if (lock != 0 && d.isCounted() && Party.domid(lock) == d.domid && Party.incarnation(lock) == d.incarnation) {
            view.findings.add(FindingKind.FRAME_LOCK, subject(mfn), "its page lock is held by vCPU %d of %s",
                Party.vcpu(lock), d.name());
        }
        final long type = Raw.getLong(record + FrameRecord.TYPE_INFO);
        if (FrameType.isTable(FrameType.type(type)) && FrameType.validated(type)) {
            d.tables(FrameType.levelOf(FrameType.type(type))).addInt(mfn);
        }
    }
}
