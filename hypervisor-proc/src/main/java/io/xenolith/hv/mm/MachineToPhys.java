package io.xenolith.hv.mm;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;

/**
 * The two machine-to-physical tables, which every guest can read: for 32-bit guests with entries of 4 bytes, for 64-bit
 * guests with entries of 8. An entry is the pseudo-physical number that its owner gave a frame, or all ones.
 */
public final class MachineToPhys {
    /** Entry of a frame without a pseudo-physical number. */
    public static final long INVALID = -1;

    private final long table32;
    private final long table64;
    private final long frames;

    /**
     * @param memory machine memory, in which both tables are contiguous.
     * @param mfn32  first frame of the table with 4-byte entries.
     * @param mfn64  first frame of the table with 8-byte entries.
     */
    public MachineToPhys(final PhysicalMemory memory, final long mfn32, final long mfn64, final long frames) {
        this.table32 = memory.addressOf(mfn32);
        this.table64 = memory.addressOf(mfn64);
        this.frames = frames;
    }

    /** @param mfn a frame of the machine. @param pfn its pseudo-physical number, or {@link #INVALID}. */
    public void set(final long mfn, final long pfn) {
        check(mfn);
        KillPoint.hit(KillPoint.M2P_BEFORE_SET);
        Raw.putInt(table32 + mfn * 4, (int)pfn);
        KillPoint.hit(KillPoint.M2P_BEFORE_SET);
        Raw.putLong(table64 + mfn * 8, pfn);
    }

    /** @param mfn a frame of the machine. @return its pseudo-physical number, or {@link #INVALID}. */
    public long get(final long mfn) {
        check(mfn);
        return Raw.getLong(table64 + mfn * 8);
    }

    /** @param mfn a frame of the machine. @return the 4-byte entry. */
    public int get32(final long mfn) {
        check(mfn);
        return Raw.getInt(table32 + mfn * 4);
    }

    private void check(final long mfn) {
        if (mfn < 0 || mfn >= frames) {
            throw io.xenolith.shm.BadFrameException.INSTANCE;
        }
    }
}
