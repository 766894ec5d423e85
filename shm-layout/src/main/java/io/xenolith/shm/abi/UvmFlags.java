package io.xenolith.shm.abi;

/** Flush arguments of update_va_mapping. */
public final class UvmFlags {
    /** No flush. */
    public static final int NONE = 0;
    /** Flush all. */
    public static final int TLB_FLUSH = 1;
    /** Flush the page. */
    public static final int INVLPG = 2;
    /** Mask of those. */
    public static final int FLUSHTYPE_MASK = 3;
    /** On all vCPUs (else a pointer to a mask, or 0 for this one). */
    public static final int ALL = 4;

    private UvmFlags() {
    }
}
