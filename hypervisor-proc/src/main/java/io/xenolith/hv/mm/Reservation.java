package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;

/**
 * The domain's pages as a number and as frames: taking extents into use and out of it. One instance per vCPU, with a buffer
 * of frames that are on their way out together, so that translations are dropped once for all of them.
 */
final class Reservation {
    /** Largest extent, as a power of two. */
    static final int MAX_ORDER = 9;

    private static final int REFILL = 128;

    private final PageTables tables;
    private final FrameTable frames;
    private final Magazine magazine;
    private final MachineToPhys m2p;
    private final TlbControl tlb;
    private final FrameSource source;
    private final long record;
    private final long[] leaving = new long[1 << MAX_ORDER];
    private int leavingCount;

    Reservation(final PageTables tables, final Magazine magazine, final MachineToPhys m2p, final TlbControl tlb,
        final FrameSource source, final long record) {
        this.tables = tables;
        this.frames = tables.frames();
        this.magazine = magazine;
        this.m2p = m2p;
        this.tlb = tlb;
        this.source = source;
        this.record = record;
    }

    /** Pages that the domain owns. */
    int total() {
        return Raw.getInt(record + DomainRecord.TOTAL_PAGES);
    }

    /** Pages that it may own. */
    int maximum() {
        return Raw.getInt(record + DomainRecord.MAX_PAGES);
    }

    /** Adds to the number of pages, unless the limit would be passed. */
    private boolean charge(final int pages) {
        final long address = record + DomainRecord.TOTAL_PAGES;
        for (;;) {
            final int now = Raw.getInt(address);
            if (pages > 0 && (long)now + pages > maximum()) {
                return false;
            }
            KillPoint.hit(KillPoint.DOMAIN_BEFORE_PAGES);
            if (Raw.casInt(address, now, now + pages)) {
                return true;
            }
        }
    }

    /**
     * Takes an extent into use; the machine-to-physical entries are the caller's to set.
     *
     * @return first frame, or a negative errno.
     */
    long take(final int order, final int addressBits) {
        final int count = 1 << order;
        if (!charge(count)) {
            return -Errno.ENOMEM;
        }
        final long mfn = order == 0 && addressBits == 0 ? single() : source.claim(count, addressBits);
        if (mfn < 0) {
            charge(-count);
            return mfn;
        }
        for (int i = 0; i < count; i++) {
            magazine.activate(mfn + i);
        }
        return mfn;
    }

    private long single() {
        final long mfn = magazine.take();
        if (mfn >= 0) {
            return mfn;
        }
        final int wanted = Math.min(REFILL, magazine.room());
        final long first = source.claim(wanted, 0);
        if (first < 0) {
            return source.claim(1, 0); // what is left may be in small pieces
        }
        for (int i = 1; i < wanted; i++) {
            magazine.put(first + i);
        }
        return first;
    }

    /** Names the frames of an extent: consecutive pseudo-physical numbers, or none. */
    void name(final long mfn, final int order, final long pfn) {
        for (int i = 0; i < 1 << order; i++) {
            m2p.set(mfn + i, pfn == MachineToPhys.INVALID ? pfn : pfn + i);
        }
    }

    /**
     * Claims a frame that is to leave: it must be the domain's, unreferenced, and pinned by nobody.
     *
     * @return false, and nothing has changed, when it is not.
     */
    boolean claim(final long mfn) {
        if (leavingCount == leaving.length || !frames.claim(mfn, tables.ownerKey())) {
            return false;
        }
        if ((frames.ownerWord(mfn) & FrameRecord.FLAG_GRANTED) != 0 && source.pinned(mfn)) {
            frames.unclaim(mfn);
            return false;
        }
        leaving[leavingCount++] = mfn;
        return true;
    }

    /** Frames that may still be claimed before {@link #release} or {@link #keep}. */
    int room() {
        return leaving.length - leavingCount;
    }

    /** Frames claimed. */
    int claimed() {
        return leavingCount;
    }

    /** Takes the last {@code n} claimed frames back into use. */
    void keep(final int n) {
        for (int i = 0; i < n; i++) {
            frames.unclaim(leaving[--leavingCount]);
        }
    }

    /** Lets all claimed frames go, after no translation of them can be left. */
    void release() {
        if (leavingCount == 0) {
            return;
        }
        tlb.flushLocal();
        tlb.flushOthers(tlb.allVcpus());
        for (int i = 0; i < leavingCount; i++) {
            m2p.set(leaving[i], MachineToPhys.INVALID);
            magazine.retire(leaving[i]);
        }
        charge(-leavingCount);
        putAway();
    }

    /** Frames beyond half of the magazine go back to the machine. */
    private void putAway() {
        for (int i = 0; i < leavingCount; i++) {
            if (magazine.room() <= magazine.count() || !magazine.put(leaving[i])) {
                source.giveBack(leaving[i], 1);
            }
        }
        leavingCount = 0;
    }
}
