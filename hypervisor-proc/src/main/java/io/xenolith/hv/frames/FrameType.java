package io.xenolith.hv.frames;

import io.xenolith.shm.hv.FrameRecord;

/**
 * The exclusive types of a frame and the packing of its type word.
 *
 * <pre>
 *   63      44 43 42  41      40       39     32 31                       0
 *   +---------+-----+------+---------+---------+--------------------------+
 *   | linear  |  0  |pinned|validated|  type   |          count           |
 *   +---------+-----+------+---------+---------+--------------------------+
 *   count     references that need the type               [owner's vCPUs, or the builder before they run: CAS]
 *   validated content checked; only tables and descriptor pages are ever counted without it, while one checks them
 *   pinned    one of the counted references is the guest's pin
 *   linear    signed: entries of this table that point to tables of its own level (&gt; 0), or entries of such tables
 *             that point here (&lt; 0); never both, which bounds recursion at one step
 * </pre>
 */
public final class FrameType {
    /** No type: count is zero. */
    public static final int NONE = FrameRecord.TYPE_NONE;
    /** Page table of level 1: entries map frames. */
    public static final int L1 = FrameRecord.TYPE_L1;
    /** Page table of level 2. */
    public static final int L2 = FrameRecord.TYPE_L2;
    /** Page table of level 3; the root of a 32-bit guest. */
    public static final int L3 = FrameRecord.TYPE_L3;
    /** Page table of level 4, the root of a 64-bit guest. */
    public static final int L4 = FrameRecord.TYPE_L4;
    /** Level 2 table under slot 3 of a 32-bit root: its top entries are the hypervisor's. A type of its own. */
    public static final int L2_XEN = FrameRecord.TYPE_L2_XEN;
    /** Page of segment descriptors (GDT or LDT). */
    public static final int SEG_DESC = FrameRecord.TYPE_SEGDESC;
    /** Page that has writable mappings. */
    public static final int WRITABLE = FrameRecord.TYPE_WRITABLE;

    /** Largest count; a guest that wants more references gets an error. */
    public static final int MAX_COUNT = (1 << 30) - 2;

    static final int TYPE_SHIFT = 32;
    static final long VALIDATED = FrameRecord.TYPE_VALIDATED;
    static final long PINNED = FrameRecord.TYPE_PINNED;
    static final int LINEAR_SHIFT = 44;
    static final long LINEAR_ONE = 1L << LINEAR_SHIFT;
    static final int MAX_LINEAR = (1 << 18) - 1;

    private static final String[] NAMES = {"none", "l1", "l2", "l3", "l4", "seg_desc", "l2_xen", "writable"};

    private FrameType() {
    }

    /** @param type a type. @return its name in reports. */
    public static String nameOf(final int type) {
        return type >= 0 && type < NAMES.length ? NAMES[type] : "type " + type;
    }

    /** @param type a type. @return whether it is a page table of any level. */
    public static boolean isTable(final int type) {
        return type >= L1 && type <= L4 || type == L2_XEN;
    }

    /** @param type a page-table type. @return its level, 1 to 4. */
    public static int levelOf(final int type) {
        return type == L2_XEN ? 2 : type;
    }

    /** @param type a type. @return whether its content must be checked before it counts. */
    public static boolean needsValidation(final int type) {
        return type >= L1 && type <= L2_XEN;
    }

    /** @param word a type word. @return its type. */
    public static int type(final long word) {
        return (int)(word >>> TYPE_SHIFT) & 0xff;
    }

    /** @param word a type word. @return its count. */
    public static int count(final long word) {
        return (int)word;
    }

    /** @param word a type word. @return whether the content is validated (always, for a writable page). */
    public static boolean validated(final long word) {
        return (word & VALIDATED) != 0;
    }

    /** @param word a type word. @return whether the guest has pinned the table. */
    public static boolean pinned(final long word) {
        return (word & PINNED) != 0;
    }

    /** @param word a type word. @return the linear count, see the class comment. */
    public static int linear(final long word) {
        return (int)(word >> LINEAR_SHIFT);
    }

    static long word(final int type, final int count, final long flags) {
        return (long)type << TYPE_SHIFT | count | flags;
    }
}
