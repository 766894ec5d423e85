package io.xenolith.hv.mm;

/** Bits of a 64-bit page-table entry (PAE and 4-level tables; Intel SDM vol. 3, 4.4 and 4.5). */
public final class Pte {
    /** Present. */
    public static final long P = 1;
    /** Writable. */
    public static final long RW = 1 << 1;
    /** User. */
    public static final long US = 1 << 2;
    /** Write-through. */
    public static final long PWT = 1 << 3;
    /** Cache disable. */
    public static final long PCD = 1 << 4;
    /** Accessed. */
    public static final long A = 1 << 5;
    /** Dirty. */
    public static final long D = 1 << 6;
    /** Large page (level 2 and up), or PAT (level 1). */
    public static final long PSE = 1 << 7;
    /** Global. */
    public static final long G = 1 << 8;
    /** Bits 9 to 11, the system's own. */
    public static final long AVL = 7 << 9;
    /** Bits 52 to 62, ignored by the MMU in 4-level paging. */
    public static final long AVL_HIGH = 0x7ffL << 52;
    /** Set by the hypervisor in entries of a 64-bit guest that only its kernel may use. */
    public static final long GUEST_KERNEL = 1L << 52;
    /** No execute. */
    public static final long NX = 1L << 63;
    /** The frame number's bits. */
    public static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    private Pte() {
    }

    /** @param pte an entry. @return its frame number. */
    public static long mfn(final long pte) {
        return (pte & ADDRESS) >>> 12;
    }

    /** @param mfn frame number. @param flags bits. @return an entry. */
    public static long of(final long mfn, final long flags) {
        return mfn << 12 | flags;
    }

    /** @param pte an entry. @return whether the MMU would use it. */
    public static boolean present(final long pte) {
        return (pte & P) != 0;
    }
}
