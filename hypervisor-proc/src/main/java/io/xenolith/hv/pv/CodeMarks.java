package io.xenolith.hv.pv;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.grant.ForeignWrite;
import io.xenolith.x86.CodeFrames;
import org.agrona.collections.Long2LongHashMap;

/**
 * Which frames the domain's vCPUs have decoded instructions from. Several vCPUs may hold code of one frame; its CODE flag goes
 * when the last of them drops it. Frames of other domains are never cached.
 */
final class CodeMarks implements CodeFrames {
    private final FrameTable frames;
    private final ForeignWrite foreignWrite;
    private final int ownerKey;
    private final Long2LongHashMap holders = new Long2LongHashMap(0);

    CodeMarks(final FrameTable frames, final ForeignWrite foreignWrite, final int ownerKey) {
        this.frames = frames;
        this.foreignWrite = foreignWrite;
        this.ownerKey = ownerKey;
    }

    @Override
    public synchronized boolean mark(final long mfn) {
        if (!frames.ownedBy(mfn, ownerKey) || !foreignWrite.mayCache(mfn)) {
            return false;
        }
        holders.put(mfn, holders.get(mfn) + 1);
        return true;
    }

    @Override
    public synchronized void unmark(final long mfn) {
        final long left = holders.get(mfn) - 1;
        if (left > 0) {
            holders.put(mfn, left);
        }
        else if (left == 0) {
            holders.remove(mfn);
            foreignWrite.uncached(mfn);
        }
    }
}
