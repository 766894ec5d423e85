package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Where a vCPU's time went.
 *
 * <pre>
 *    32    64
 *             +-------------------------+
 *     0     0 | state          s32      | [HV] what it is doing: one of the constants
 *     4     8 | stateEntryTime u64      | [HV] system time of the last change; bit 63: being written
 *    12    16 | time           u64 x 4  | [HV] ns in each state
 *    44    48 +-------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class RunstateInfo {
    /** On a CPU. */
    public static final int RUNNING = 0;
    /** Waiting for a CPU. */
    public static final int RUNNABLE = 1;
    /** Waiting for an event. */
    public static final int BLOCKED = 2;
    /** Down or paused. */
    public static final int OFFLINE = 3;

    /** For 32-bit guests. */
    public static final RunstateInfo X32 = new RunstateInfo(Abi.X32);
    /** For 64-bit guests. */
    public static final RunstateInfo X64 = new RunstateInfo(Abi.X64);

    /** s32: what it is doing: one of the constants. */
    public final int state;
    /** u64: system time of the last change; bit 63: being written. */
    public final int stateEntryTime;
    /** u64 x 4: ns in each state. */
    public final int time;
    /** Bytes of the structure, padding included. */
    public final int length;

    private RunstateInfo(final Abi abi) {
        final Struct s = new Struct(abi);
        state = s.u32();
        stateEntryTime = s.u64();
        time = s.array(4, SIZE_OF_LONG, abi.longAlignment());
        length = s.length();
    }

    /** The layout in an ABI. */
    public static RunstateInfo of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static RunstateInfo of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
