package io.xenolith.shm.abi;

/**
 * The page that hypervisor and guest share. Rings, counters and clocks of the whole domain.
 *
 * <pre>
 *    32    64
 *             +--------------------------------------+
 *     0     0 | vcpuInfo              VcpuInfo x 32  | [HV][GUEST] VcpuInfo of the first 32 vCPUs
 *  2048  2048 | evtchnPending         word x width   | [HV][F][GUEST] bit per port
 *  2176  2560 | evtchnMask            word x width   | [GUEST] bit per port: no notification
 *  2304  3072 | wcVersion             u32            | [HV] odd while the wall clock is being written
 *  2308  3076 | wcSec                 u32            | [HV] seconds since 1970 at system time 0, low half
 *  2312  3080 | wcNsec                u32            | [HV] and nanoseconds
 *     -  3084 | wcSecHi               u32            | [HV] high half of the seconds
 *  2316  3088 | maxPfn                word           | [GUEST] last valid index of the guest's p2m list
 *  2320  3096 | pfnToMfnFrameListList word           | [GUEST] frame of the p2m tree's root
 *  2324  3104 | nmiReason             word           | [HV] bits that say why an NMI came
 *  2328  3112 | p2mCr3                word           | [GUEST] page table through which the p2m list is mapped
 *  2332  3120 | p2mVaddr              word           | [GUEST] its virtual address
 *  2336  3128 | p2mGeneration         word           | [GUEST] odd while the list is being changed
 *  2340     - | wcSecHi32             u32            | [HV] high half of the seconds, 32-bit place
 *  2344  3136 +--------------------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class SharedInfo {
    /** For 32-bit guests. */
    public static final SharedInfo X32 = new SharedInfo(Abi.X32);
    /** For 64-bit guests. */
    public static final SharedInfo X64 = new SharedInfo(Abi.X64);

    /** VcpuInfo x 32: VcpuInfo of the first 32 vCPUs. */
    public final int vcpuInfo;
    /** word x width: bit per port. */
    public final int evtchnPending;
    /** word x width: bit per port: no notification. */
    public final int evtchnMask;
    /** u32: odd while the wall clock is being written. */
    public final int wcVersion;
    /** u32: seconds since 1970 at system time 0, low half. */
    public final int wcSec;
    /** u32: and nanoseconds. */
    public final int wcNsec;
    /** u32: high half of the seconds; 64-bit guests only, else -1. */
    public final int wcSecHi;
    /** word: last valid index of the guest's p2m list. */
    public final int maxPfn;
    /** word: frame of the p2m tree's root. */
    public final int pfnToMfnFrameListList;
    /** word: bits that say why an NMI came. */
    public final int nmiReason;
    /** word: page table through which the p2m list is mapped. */
    public final int p2mCr3;
    /** word: its virtual address. */
    public final int p2mVaddr;
    /** word: odd while the list is being changed. */
    public final int p2mGeneration;
    /** u32: high half of the seconds, 32-bit place; 32-bit guests only, else -1. */
    public final int wcSecHi32;
    /** Bytes of the structure, padding included. */
    public final int length;

    private SharedInfo(final Abi abi) {
        final Struct s = new Struct(abi);
        vcpuInfo = s.array(32, VcpuInfo.of(abi).length, abi.longAlignment());
        evtchnPending = s.words(abi.width());
        evtchnMask = s.words(abi.width());
        wcVersion = s.u32();
        wcSec = s.u32();
        wcNsec = s.u32();
        wcSecHi = abi.is64() ? s.u32() : Struct.ABSENT;
        maxPfn = s.word();
        pfnToMfnFrameListList = s.word();
        nmiReason = s.word();
        p2mCr3 = s.word();
        p2mVaddr = s.word();
        p2mGeneration = s.word();
        wcSecHi32 = abi.is64() ? Struct.ABSENT : s.u32();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static SharedInfo of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static SharedInfo of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
