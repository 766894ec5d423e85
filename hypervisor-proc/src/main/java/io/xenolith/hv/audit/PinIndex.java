package io.xenolith.hv.audit;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import org.agrona.collections.Int2IntCounterMap;
import org.agrona.collections.Long2LongHashMap;

/** The active grant words of a machine, by the frame they fix. */
final class PinIndex {
    private static final long WRITE = 1L << 32;

    /** {holder key, mfn} to reads in the low half and writes in the high half. */
    private final Long2LongHashMap byHolder = new Long2LongHashMap(0);
    private final Int2IntCounterMap writes = new Int2IntCounterMap(0);
    private final Int2IntCounterMap all = new Int2IntCounterMap(0);

    PinIndex(final View view) {
        for (final DomainView granter : view.domains) {
            final int n = granter.grants();
            for (int gref = 0; gref < n; gref++) {
                final long active = view.hv.active(granter.slot, gref);
                final long word = Raw.getLong(active + ActiveGrant.PINS);
                if (word != 0) {
                    add(view, word, Raw.getLong(active + ActiveGrant.FRAME));
                }
            }
        }
    }

    private void add(final View view, final long word, final long frame) {
        final int reads = ActiveGrant.reads(word);
        final int writers = ActiveGrant.writes(word);
        if (reads + writers == 0 || !view.isFrame(frame)) {
            return;
        }
        final int mfn = (int)frame;
        final long key = key((int)word, mfn);
        byHolder.put(key, byHolder.get(key) + reads + writers * WRITE);
        all.addAndGet(mfn, reads + writers);
        if (writers != 0) {
            writes.addAndGet(mfn, writers);
        }
    }

    private static long key(final int holderKey, final int mfn) {
        return (long)holderKey << 32 | mfn & 0xffff_ffffL;
    }

    /** Whether a domain (as owner key) holds a pin that covers a mapping. */
    boolean covers(final int holderKey, final int mfn, final boolean write) {
        final long pins = byHolder.get(key(holderKey, mfn));
        return write ? pins >>> 32 != 0 : pins != 0;
    }

    boolean isPinned(final int mfn) {
        return all.get(mfn) != 0;
    }

    boolean isWritePinned(final int mfn) {
        return writes.get(mfn) != 0;
    }

    /** Whether any frame of a domain's grants is pinned. */
    static boolean any(final View view, final DomainView granter) {
        final int n = granter.grants();
        for (int gref = 0; gref < n; gref++) {
            if (Raw.getLong(view.hv.active(granter.slot, gref) + ActiveGrant.PINS) != 0) {
                return true;
            }
        }
        return false;
    }
}
