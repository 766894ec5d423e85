package io.xenolith.shm.abi;

/**
 * One request of mmuext_op.
 *
 * <pre>
 *    32    64
 *             +--------------+
 *     0     0 | cmd    u32   | [GUEST] what to do
 *     4     8 | arg1   word  | [GUEST] mfn or linear address
 *     8    16 | arg2   word  | [GUEST] number of entries, pointer to a vCPU mask, or source mfn
 *    12    24 +--------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class MmuextOp {
    /** Pin a level-1 table. */
    public static final int PIN_L1_TABLE = 0;
    /** Pin a level-2 table. */
    public static final int PIN_L2_TABLE = 1;
    /** Pin a level-3 table. */
    public static final int PIN_L3_TABLE = 2;
    /** Pin a level-4 table. */
    public static final int PIN_L4_TABLE = 3;
    /** Unpin a table. */
    public static final int UNPIN_TABLE = 4;
    /** Load a page-table base. */
    public static final int NEW_BASEPTR = 5;
    /** Flush this vCPU's TLB. */
    public static final int TLB_FLUSH_LOCAL = 6;
    /** Flush one page here. */
    public static final int INVLPG_LOCAL = 7;
    /** Flush TLBs of a set of vCPUs. */
    public static final int TLB_FLUSH_MULTI = 8;
    /** Flush one page on a set of vCPUs. */
    public static final int INVLPG_MULTI = 9;
    /** Flush all TLBs. */
    public static final int TLB_FLUSH_ALL = 10;
    /** Flush one page everywhere. */
    public static final int INVLPG_ALL = 11;
    /** Write caches back. */
    public static final int FLUSH_CACHE = 12;
    /** Load an LDT. */
    public static final int SET_LDT = 13;
    /** Load the user page-table base (64-bit). */
    public static final int NEW_USER_BASEPTR = 15;
    /** Zero a frame. */
    public static final int CLEAR_PAGE = 16;
    /** Copy a frame. */
    public static final int COPY_PAGE = 17;
    /** Write caches back everywhere. */
    public static final int FLUSH_CACHE_GLOBAL = 18;
    /** Mark a superpage. */
    public static final int MARK_SUPER = 19;
    /** Unmark a superpage. */
    public static final int UNMARK_SUPER = 20;

    /** For 32-bit guests. */
    public static final MmuextOp X32 = new MmuextOp(Abi.X32);
    /** For 64-bit guests. */
    public static final MmuextOp X64 = new MmuextOp(Abi.X64);

    /** u32: what to do. */
    public final int cmd;
    /** word: mfn or linear address. */
    public final int arg1;
    /** word: number of entries, pointer to a vCPU mask, or source mfn. */
    public final int arg2;
    /** Bytes of the structure, padding included. */
    public final int length;

    private MmuextOp(final Abi abi) {
        final Struct s = new Struct(abi);
        cmd = s.u32();
        arg1 = s.word();
        arg2 = s.word();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static MmuextOp of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static MmuextOp of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
