package io.xenolith.shm.abi;

/**
 * State in which a vCPU starts.
 *
 * <pre>
 *    32    64
 *             +-------------------------------------+
 *     0     0 | fpu                 512 bytes       | [GUEST] FXSAVE image
 *   512   512 | flags               word            | [GUEST] VGCF_*
 *   516   520 | userRegs            UserRegs        | [GUEST] UserRegs32 or UserRegs64
 *   584   720 | trapCtxt            TrapInfo x 256  | [GUEST] TrapInfo by vector
 *  2632  4816 | ldtBase             word            | [GUEST] virtual address
 *  2636  4824 | ldtEnts             word            | [GUEST] entries
 *  2640  4832 | gdtFrames           word x 16       | [GUEST] mfns
 *  2704  4960 | gdtEnts             word            | [GUEST] entries
 *  2708  4968 | kernelSs            word            | [GUEST] stack on entry from user mode
 *  2712  4976 | kernelSp            word            | [GUEST] and its pointer
 *  2716  4984 | ctrlreg             word x 8        | [GUEST] CR0 to CR7; 1: 64-bit user page table
 *  2748  5048 | debugreg            word x 8        | [GUEST] DR0 to DR7
 *  2780     - | eventCallbackCs     word            | [GUEST] event up-call, selector
 *  2784  5112 | eventCallbackEip    word            | [GUEST] event up-call, offset
 *  2788     - | failsafeCallbackCs  word            | [GUEST] failsafe call, selector
 *  2792  5120 | failsafeCallbackEip word            | [GUEST] failsafe call, offset
 *     -  5128 | syscallCallbackEip  word            | [GUEST] system call entry
 *  2796  5136 | vmAssist            word            | [GUEST] bit per assist
 *     -  5144 | fsBase              u64             | [GUEST] FS base
 *     -  5152 | gsBaseKernel        u64             | [GUEST] GS base of the kernel
 *     -  5160 | gsBaseUser          u64             | [GUEST] GS base of user mode
 *  2800  5168 +-------------------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class VcpuGuestContext {
    /** The FPU image counts. */
    public static final int VGCF_I387_VALID = 1;
    /** Starts in kernel mode. */
    public static final int VGCF_IN_KERNEL = 4;
    /** The failsafe call masks events. */
    public static final int VGCF_FAILSAFE_DISABLES_EVENTS = 8;
    /** The system call entry masks events. */
    public static final int VGCF_SYSCALL_DISABLES_EVENTS = 16;
    /** Up at once. */
    public static final int VGCF_ONLINE = 32;
    /** In an iret frame: return the short way. */
    public static final int VGCF_IN_SYSCALL = 256;

    /** For 32-bit guests. */
    public static final VcpuGuestContext X32 = new VcpuGuestContext(Abi.X32);
    /** For 64-bit guests. */
    public static final VcpuGuestContext X64 = new VcpuGuestContext(Abi.X64);

    /** 512 bytes: FXSAVE image. */
    public final int fpu;
    /** word: VGCF_*. */
    public final int flags;
    /** UserRegs: UserRegs32 or UserRegs64. */
    public final int userRegs;
    /** TrapInfo x 256: TrapInfo by vector. */
    public final int trapCtxt;
    /** word: virtual address. */
    public final int ldtBase;
    /** word: entries. */
    public final int ldtEnts;
    /** word x 16: mfns. */
    public final int gdtFrames;
    /** word: entries. */
    public final int gdtEnts;
    /** word: stack on entry from user mode. */
    public final int kernelSs;
    /** word: and its pointer. */
    public final int kernelSp;
    /** word x 8: CR0 to CR7; 1: 64-bit user page table. */
    public final int ctrlreg;
    /** word x 8: DR0 to DR7. */
    public final int debugreg;
    /** word: event up-call, selector; 32-bit guests only, else -1. */
    public final int eventCallbackCs;
    /** word: event up-call, offset. */
    public final int eventCallbackEip;
    /** word: failsafe call, selector; 32-bit guests only, else -1. */
    public final int failsafeCallbackCs;
    /** word: failsafe call, offset. */
    public final int failsafeCallbackEip;
    /** word: system call entry; 64-bit guests only, else -1. */
    public final int syscallCallbackEip;
    /** word: bit per assist. */
    public final int vmAssist;
    /** u64: FS base; 64-bit guests only, else -1. */
    public final int fsBase;
    /** u64: GS base of the kernel; 64-bit guests only, else -1. */
    public final int gsBaseKernel;
    /** u64: GS base of user mode; 64-bit guests only, else -1. */
    public final int gsBaseUser;
    /** Bytes of the structure, padding included. */
    public final int length;

    private VcpuGuestContext(final Abi abi) {
        final Struct s = new Struct(abi);
        fpu = s.bytes(512);
        flags = s.word();
        userRegs = s.array(1, abi.is64() ? UserRegs64.LENGTH : UserRegs32.LENGTH, abi.wordBytes());
        trapCtxt = s.array(256, TrapInfo.of(abi).length, abi.wordBytes());
        ldtBase = s.word();
        ldtEnts = s.word();
        gdtFrames = s.words(16);
        gdtEnts = s.word();
        kernelSs = s.word();
        kernelSp = s.word();
        ctrlreg = s.words(8);
        debugreg = s.words(8);
        eventCallbackCs = abi.is64() ? Struct.ABSENT : s.word();
        eventCallbackEip = s.word();
        failsafeCallbackCs = abi.is64() ? Struct.ABSENT : s.word();
        failsafeCallbackEip = s.word();
        syscallCallbackEip = abi.is64() ? s.word() : Struct.ABSENT;
        vmAssist = s.word();
        fsBase = abi.is64() ? s.u64() : Struct.ABSENT;
        gsBaseKernel = abi.is64() ? s.u64() : Struct.ABSENT;
        gsBaseUser = abi.is64() ? s.u64() : Struct.ABSENT;
        length = s.length();
    }

    /** The layout in an ABI. */
    public static VcpuGuestContext of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static VcpuGuestContext of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
