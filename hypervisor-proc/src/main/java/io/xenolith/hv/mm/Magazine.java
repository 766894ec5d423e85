package io.xenolith.hv.mm;

import io.xenolith.hv.frames.BrokenInvariant;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.FrameRecord;

/**
 * A domain's store of free frames: they are its own already (owner word, state MAGAZINE), so that taking and giving one back
 * is in place and only refilling concerns the hypervisor process.
 *
 * <p>The list lies in the domain's pages, where audits see it. Only the domain's process writes it while the domain runs; a
 * kill between the two words of a step leaves a frame in state MAGAZINE that the list does not name, which is swept with the
 * domain.
 */
public final class Magazine {
    private static final long STATE_MASK = 0xffL << 32;

    private final FrameTable frames;
    private final long page;
    private final int ownerKey;

    /**
     * @param frames   the frame table.
     * @param page     address of the domain's pages.
     * @param ownerKey the domain as an owner.
     */
    public Magazine(final FrameTable frames, final long page, final int ownerKey) {
        this.frames = frames;
        this.page = page;
        this.ownerKey = ownerKey;
    }

    /** @return frames in hand. */
    public synchronized int count() {
        final int count = Raw.getInt(page + DomainPage.MAGAZINE_COUNT);
        return Math.max(0, Math.min(count, DomainPage.MAGAZINE_SIZE));
    }

    /** @return room for more frames. */
    public synchronized int room() {
        return DomainPage.MAGAZINE_SIZE - count();
    }

    /** Takes a frame out, still in state MAGAZINE. @return its number, or -1 when there is none. */
    public synchronized long take() {
        final int count = count();
        if (count == 0) {
            return -1;
        }
        final long mfn = Raw.getInt(page + DomainPage.MAGAZINE + (count - 1) * 4L) & 0xffff_ffffL;
        KillPoint.hit(KillPoint.MAGAZINE_BEFORE_COUNT);
        Raw.putInt(page + DomainPage.MAGAZINE_COUNT, count - 1);
        return mfn;
    }

    /** Puts a frame in. @param mfn a frame in state MAGAZINE. @return false when there is no room. */
    public synchronized boolean put(final long mfn) {
        final int count = count();
        if (count == DomainPage.MAGAZINE_SIZE) {
            return false;
        }
        Raw.putInt(page + DomainPage.MAGAZINE + count * 4L, (int)mfn);
        KillPoint.hit(KillPoint.MAGAZINE_BEFORE_COUNT);
        Raw.putInt(page + DomainPage.MAGAZINE_COUNT, count + 1);
        return true;
    }

    /** Puts a frame into the guest's use. @param mfn a frame in state MAGAZINE with no references. */
    public void activate(final long mfn) {
        changeState(mfn, FrameRecord.STATE_MAGAZINE, FrameRecord.STATE_OWNED);
    }

    /** Takes a claimed frame out of the guest's use. @param mfn a frame claimed by {@link FrameTable#claim}. */
    public void retire(final long mfn) {
        changeState(mfn, FrameRecord.STATE_OWNED, FrameRecord.STATE_MAGAZINE);
        frames.unclaim(mfn);
    }

    private void changeState(final long mfn, final int from, final int to) {
        final long address = frames.record(mfn) + FrameRecord.OWNER;
        for (;;) {
            final long word = Raw.getLong(address);
            if ((int)word != ownerKey || FrameRecord.state(word) != from) {
                throw new BrokenInvariant("frame in another state: mfn=" + mfn + " owner word="
                    + Long.toHexString(word) + " expected state=" + from);
            }
            KillPoint.hit(KillPoint.FRAME_BEFORE_FLAG);
            final long flags = to == FrameRecord.STATE_MAGAZINE ? word & 0xff_ffff_ffffL : word;
            if (Raw.casLong(address, word, flags & ~STATE_MASK | (long)to << 32)) {
                return;
            }
        }
    }
}
