package io.xenolith.hv.pv;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * The words of {@code vcpu_info} that traps use: up-call pending and mask bytes, and CR2. The structure lies in shared_info
 * until the guest registers a place of its own; the vCPU record says where it is.
 */
public final class VcpuInfoArea {
    private static final int PENDING = 0;
    private static final int MASK = 1;
    private static final int CR2_32 = 8;
    private static final int CR2_64 = 16;

    private final PhysicalMemory memory;
    private final long record;
    private final boolean wide;
    /** Stands in for a vcpu_info that is not there yet. */
    private final long spare;

    VcpuInfoArea(final PhysicalMemory memory, final long record, final boolean wide, final long spare) {
        this.memory = memory;
        this.record = record;
        this.wide = wide;
        this.spare = spare;
    }

    private long address() {
        final long mfn = Raw.getLong(record + VcpuRecord.VCPU_INFO_MFN);
        return mfn == 0 ? spare : memory.addressOf(mfn) + Raw.getInt(record + VcpuRecord.VCPU_INFO_OFFSET);
    }

    /** @return whether an event up-call is due: pending and not masked. */
    public boolean eventDue() {
        final long at = address();
        return Raw.getByte(at + PENDING) != 0 && Raw.getByte(at + MASK) == 0;
    }

    /** @return whether events are masked. */
    public boolean masked() {
        return Raw.getByte(address() + MASK) != 0;
    }

    /** @param masked whether events are masked. */
    public void setMasked(final boolean masked) {
        Raw.putByteVolatile(address() + MASK, (byte)(masked ? 1 : 0));
    }

    /** @return the address of the last page fault. */
    public long cr2() {
        final long at = address();
        return wide ? Raw.getLong(at + CR2_64) : Raw.getInt(at + CR2_32) & 0xffff_ffffL;
    }

    /** @param value the address of a page fault. */
    public void setCr2(final long value) {
        final long at = address();
        if (wide) {
            Raw.putLong(at + CR2_64, value);
        }
        else {
            Raw.putInt(at + CR2_32, (int)value);
        }
    }
}
