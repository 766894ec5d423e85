package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * How a vCPU turns its time-stamp counter into system time. Readers repeat while the version is odd or has
 * changed.
 *
 * <pre>
 *       +---------------------+
 *     0 | version        u32  | [HV] odd while being written
 *     8 | tscTimestamp   u64  | [HV] counter at system time
 *    16 | systemTime     u64  | [HV] ns since the machine started
 *    24 | tscToSystemMul u32  | [HV] fraction of 2^32 by which the shifted counter is multiplied
 *    28 | tscShift       s8   | [HV] shift of the counter, left if positive
 *    29 | flags          u8   | [HV] FLAG_*
 *    32 +---------------------+
 * </pre>
 */
public final class VcpuTimeInfo {
    /** Counters of all vCPUs agree. */
    public static final int FLAG_TSC_STABLE = 1;
    /** The guest was stopped since it last looked. */
    public static final int FLAG_GUEST_STOPPED = 2;

    /** u32: odd while being written. */
    public static final int VERSION = 0;
    /** u64: counter at system time. */
    public static final int TSC_TIMESTAMP = VERSION + SIZE_OF_INT + 4;
    /** u64: ns since the machine started. */
    public static final int SYSTEM_TIME = TSC_TIMESTAMP + SIZE_OF_LONG;
    /** u32: fraction of 2^32 by which the shifted counter is multiplied. */
    public static final int TSC_TO_SYSTEM_MUL = SYSTEM_TIME + SIZE_OF_LONG;
    /** s8: shift of the counter, left if positive. */
    public static final int TSC_SHIFT = TSC_TO_SYSTEM_MUL + SIZE_OF_INT;
    /** u8: FLAG_*. */
    public static final int FLAGS = TSC_SHIFT + SIZE_OF_BYTE;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = FLAGS + SIZE_OF_BYTE + 2;

    private VcpuTimeInfo() {
    }
}
