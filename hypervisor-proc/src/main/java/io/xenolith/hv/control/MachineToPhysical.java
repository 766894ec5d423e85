package io.xenolith.hv.control;

import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;

/**
 * The two machine-to-physical tables that guests read: 4-byte entries for 32-bit guests, 8-byte entries for 64-bit ones. A
 * frame without a pseudo-physical number reads as all ones. The two entries of a frame are one fact written twice; whoever
 * owns the frame writes them, and the audit compares them.
 */
public final class MachineToPhysical
{
    /** Entry of a frame that has no pseudo-physical number, as the 64-bit table shows it. */
    public static final long INVALID = -1L;

    private MachineToPhysical()
    {
    }

    /**
     * @param machine the machine.
     * @param mfn     a frame of it.
     * @param pfn     its pseudo-physical number, or {@link #INVALID}.
     */
    public static void set(final Machine machine, final long mfn, final long pfn)
    {
        Raw.putLong(entry64(machine, mfn), pfn);
        Raw.putInt(entry32(machine, mfn), (int)pfn);
    }

    /**
     * @param machine the machine.
     * @param mfn     a frame of it.
     * @return its pseudo-physical number, or {@link #INVALID}.
     */
    public static long get(final Machine machine, final long mfn)
    {
        return Raw.getLong(entry64(machine, mfn));
    }

    /** @return address of the 8-byte entry. */
    static long entry64(final Machine machine, final long mfn)
    {
        machine.hv().frame(mfn);
        final long table = Raw.getLong(machine.hv().header() + Header.M2P64_MFN);
        return machine.memory().addressOf(table) + mfn * Long.BYTES;
    }

    /** @return address of the 4-byte entry. */
    static long entry32(final Machine machine, final long mfn)
    {
        machine.hv().frame(mfn);
        final long table = Raw.getLong(machine.hv().header() + Header.M2P32_MFN);
        return machine.memory().addressOf(table) + mfn * Integer.BYTES;
    }
}
