package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One request of mmu_update.
 *
 * <pre>
 *       +-------------+
 *     0 | ptr    u64  | [GUEST] machine address of the entry, with the kind in bits 0-1
 *     8 | val    u64  | [GUEST] new content
 *    16 +-------------+
 * </pre>
 */
public final class MmuUpdate {
    /** Write a page-table entry. */
    public static final int NORMAL = 0;
    /** Write a machine-to-physical entry. */
    public static final int MACHPHYS = 1;
    /** Write, keeping accessed and dirty. */
    public static final int PRESERVE_AD = 2;
    /** Write without translating the value. */
    public static final int NO_TRANSLATE = 3;

    /** u64: machine address of the entry, with the kind in bits 0-1. */
    public static final int PTR = 0;
    /** u64: new content. */
    public static final int VAL = PTR + SIZE_OF_LONG;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = VAL + SIZE_OF_LONG;

    private MmuUpdate() {
    }
}
