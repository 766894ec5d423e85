package io.xenolith.hv.sched;

import io.xenolith.shm.Raw;

/**
 * Writes the time structures that guests read without a hypercall, under their version protocol: odd while the fields
 * change, even when they belong together.
 *
 * <pre>
 *   vcpu_time_info   0 version u32 | 8 tsc_timestamp u64 | 16 system_time u64 | 24 mul u32 | 28 shift s8 | 29 flags u8
 *   wall clock       version u32, seconds u32, nanoseconds u32 in a row, high half of the seconds apart
 * </pre>
 */
public final class TimeInfo
{
    /** Bytes of vcpu_time_info. */
    public static final int LENGTH = 32;
    /** Offset of vcpu_time_info in vcpu_info. */
    public static final int IN_VCPU_INFO = 32;

    private static final int TSC_TIMESTAMP = 8;
    private static final int SYSTEM_TIME = 16;
    private static final int MUL = 24;
    private static final int SHIFT = 28;
    private static final int FLAGS = 29;
    /** The counter is the same on all vCPUs and never goes back. */
    private static final byte TSC_STABLE = 1;
    private static final long NS_PER_S = 1_000_000_000L;

    private TimeInfo()
    {
    }

    /**
     * Brings a vcpu_time_info up to date.
     *
     * @param address of the structure.
     * @param clock   the machine's clock.
     */
    public static void publish(final long address, final SystemClock clock)
    {
        final int version = Raw.getInt(address) & ~1;
        Raw.putIntVolatile(address, version + 1);
        final long now = clock.now();
        Raw.putLong(address + TSC_TIMESTAMP, clock.toTsc(now));
        Raw.putLong(address + SYSTEM_TIME, now);
        Raw.putInt(address + MUL, clock.mul());
        Raw.putByte(address + SHIFT, (byte)clock.shift());
        Raw.putByte(address + FLAGS, TSC_STABLE);
        Raw.putIntVolatile(address, version + 2);
    }

    /**
     * Sets the wall clock in shared_info.
     *
     * @param sharedInfo address of the page.
     * @param wide       whether it has the 64-bit layout.
     * @param ns         nanoseconds since 1970 at system time 0.
     */
    public static void publishWallClock(final long sharedInfo, final boolean wide, final long ns)
    {
        final long at = sharedInfo + (wide ? 0xc00 : 0x900);
        final long high = sharedInfo + (wide ? 0xc0c : 0x924);
        final int version = Raw.getInt(at) & ~1;
        Raw.putIntVolatile(at, version + 1);
        Raw.putInt(at + 4, (int)(ns / NS_PER_S));
        Raw.putInt(at + 8, (int)(ns % NS_PER_S));
        Raw.putInt(high, (int)(ns / NS_PER_S >>> 32));
        Raw.putIntVolatile(at, version + 2);
    }
}
