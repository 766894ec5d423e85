package io.xenolith.shm.abi;

/**
 * What hypervisor and guest share about one vCPU: pending events and time.
 *
 * <pre>
 *    32    64
 *             +-----------------------------+
 *     0     0 | upcallPending u8            | [HV][F][GUEST] 1: an event wants attention
 *     1     1 | upcallMask    u8            | [GUEST][HV] 1: no event up-calls now
 *     4     8 | pendingSel    word          | [HV][F][GUEST] bit per word of the pending array
 *     8    16 | cr2           word          | [HV][GUEST] address of the last page fault
 *    12    24 | archPad       pad           | padding of the arch part
 *    32    32 | time          VcpuTimeInfo  | [HV] VcpuTimeInfo
 *    64    64 +-----------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class VcpuInfo {
    /** For 32-bit guests. */
    public static final VcpuInfo X32 = new VcpuInfo(Abi.X32);
    /** For 64-bit guests. */
    public static final VcpuInfo X64 = new VcpuInfo(Abi.X64);

    /** u8: 1: an event wants attention. */
    public final int upcallPending;
    /** u8: 1: no event up-calls now. */
    public final int upcallMask;
    /** word: bit per word of the pending array. */
    public final int pendingSel;
    /** word: address of the last page fault. */
    public final int cr2;
    /** pad: padding of the arch part. */
    public final int archPad;
    /** VcpuTimeInfo: VcpuTimeInfo. */
    public final int time;
    /** Bytes of the structure, padding included. */
    public final int length;

    private VcpuInfo(final Abi abi) {
        final Struct s = new Struct(abi);
        upcallPending = s.u8();
        upcallMask = s.u8();
        pendingSel = s.word();
        cr2 = s.word();
        archPad = s.words(abi.is64() ? 1 : 5);
        time = s.array(1, VcpuTimeInfo.LENGTH, abi.longAlignment());
        length = s.length();
    }

    /** The layout in an ABI. */
    public static VcpuInfo of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static VcpuInfo of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
