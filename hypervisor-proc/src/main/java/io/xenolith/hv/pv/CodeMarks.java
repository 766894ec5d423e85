package io.xenolith.hv.pv;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.x86.CodeFrames;
import org.agrona.collections.Long2LongHashMap;

/**
 * The CODE flag of frames from which the domain's vCPUs have decoded instructions. Several vCPUs may hold code of one frame;
 * the flag goes when the last of them drops it.
 *
 * <p>A foreign writer sets its own flag first and looks at CODE second, we set CODE first and look at the writer's flag
 * second: one of the two sees the other. Frames of other domains are never cached.
 */
final class CodeMarks implements CodeFrames {
    private final FrameTable frames;
    private final int ownerKey;
    private final Long2LongHashMap holders = new Long2LongHashMap(0);

    CodeMarks(final FrameTable frames, final int ownerKey) {
        this.frames = frames;
        this.ownerKey = ownerKey;
    }

    @Override
    public synchronized boolean mark(final long mfn) {
        if (!frames.ownedBy(mfn, ownerKey)) {
            return false;
        }
        final long before = holders.get(mfn);
        if (before == 0) {
            frames.setOwnerFlag(mfn, FrameRecord.FLAG_CODE);
        }
        if ((frames.ownerWord(mfn) & FrameRecord.FLAG_FOREIGN_WRITE) != 0) {
            if (before == 0) {
                frames.clearOwnerFlag(mfn, FrameRecord.FLAG_CODE);
            }
            return false;
        }
        holders.put(mfn, before + 1);
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
            frames.clearOwnerFlag(mfn, FrameRecord.FLAG_CODE);
        }
    }
}
