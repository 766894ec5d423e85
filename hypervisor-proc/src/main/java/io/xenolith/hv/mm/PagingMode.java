package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameType;

/**
 * What differs between the page tables of a 32-bit PAE guest and those of a 64-bit one, as data: the number of levels,
 * the entry bits each level accepts, the bits the hypervisor adds, and the slots that are the hypervisor's.
 *
 * <pre>
 *   32-bit PAE    31 30 | 29..21 | 20..12     root: 4 entries, level 3
 *   64-bit        47..39 | 38..30 | 29..21 | 20..12     root: 512 entries, level 4
 * </pre>
 */
public enum PagingMode {
    /** Three levels; the hypervisor has the top of the fourth gigabyte. */
    PAE32(3, 4, 0xf580_0000L, 0xffff_ffffL),
    /** Four levels; the hypervisor has sixteen root slots in the middle. */
    LONG64(4, 512, 0xffff_8000_0000_0000L, 0xffff_87ff_ffff_ffffL);

    /** First root slot of the hypervisor's in a 64-bit guest. */
    public static final int XEN_ROOT_FIRST = 256;
    /** Last root slot of the hypervisor's in a 64-bit guest. */
    public static final int XEN_ROOT_LAST = 271;
    /** First level-2 slot of the hypervisor's in a 32-bit guest's fourth gigabyte. */
    public static final int XEN_L2_FIRST = 428;
    /** Where a 32-bit guest sees the machine-to-physical table. */
    public static final long M2P_VADDR_32 = 0xf580_0000L;
    /** End of that window. */
    public static final long M2P_END_32 = 0xffe0_0000L;
    /** Where a 64-bit guest sees the machine-to-physical table. */
    public static final long M2P_VADDR_64 = 0xffff_8000_0000_0000L;
    /** End of that window. */
    public static final long M2P_END_64 = 0xffff_8040_0000_0000L;

    private static final long BASE_BITS =
        Pte.P | Pte.RW | Pte.US | Pte.A | Pte.D | Pte.AVL | Pte.AVL_HIGH | Pte.NX | Pte.ADDRESS;

    private final int levels;
    private final int rootEntries;
    private final long hypervisorStart;
    private final long hypervisorEnd;

    PagingMode(final int levels, final int rootEntries, final long hypervisorStart, final long hypervisorEnd) {
        this.levels = levels;
        this.rootEntries = rootEntries;
        this.hypervisorStart = hypervisorStart;
        this.hypervisorEnd = hypervisorEnd;
    }

    /** @return level of the root table. */
    public int levels() {
        return levels;
    }

    /** @return type of the root table. */
    public int rootType() {
        return levels;
    }

    /** @return lowest address of the hypervisor's range. */
    public long hypervisorStart() {
        return hypervisorStart;
    }

    /** @return highest address of the hypervisor's range. */
    public long hypervisorEnd() {
        return hypervisorEnd;
    }

    /** @param level 1 to 4. @return entries that are looked at. */
    public int entries(final int level) {
        return level == levels ? rootEntries : 512;
    }

    /** @param vaddr linear address. @param level 1 to 4. @return the slot that translates it. */
    public int slot(final long vaddr, final int level) {
        return (int)(vaddr >>> 12 + 9 * (level - 1)) & 511;
    }

    /** @param vaddr any value. @return whether a guest may use it at all. */
    public boolean isGuestAddress(final long vaddr) {
        if (this == PAE32) {
            return vaddr >= 0 && vaddr < hypervisorStart;
        }
        final boolean canonical = vaddr << 16 >> 16 == vaddr;
        return canonical && !(vaddr >= hypervisorStart && vaddr <= hypervisorEnd);
    }

    /**
     * Whether a slot belongs to the hypervisor.
     *
     * @param type the table's type.
     * @param slot index.
     * @return true when the guest may neither set nor rely on it.
     */
    public boolean isHypervisorSlot(final int type, final int slot) {
        if (this == PAE32) {
            return type == FrameType.L2_XEN && slot >= XEN_L2_FIRST;
        }
        return type == FrameType.L4 && slot >= XEN_ROOT_FIRST && slot <= XEN_ROOT_LAST;
    }

    /**
     * Bits that a present entry must not have.
     *
     * @param level 1 to 4.
     * @return mask.
     */
    public long refusedBits(final int level) {
        if (level == 1) {
            return ~(BASE_BITS | Pte.G);
        }
        if (this == PAE32 && level == 3) {
            return ~(Pte.P | Pte.RW | Pte.US | Pte.A | Pte.D | Pte.AVL | Pte.ADDRESS);
        }
        return ~BASE_BITS;
    }

    /**
     * The form in which a present entry is stored. A 64-bit guest's kernel runs in ring 3, so every entry gets the user
     * bit, and bit 52 remembers what the guest asked for. A 32-bit guest's root entries are stored as the MMU wants them.
     *
     * @param level 1 to 4.
     * @param pte   a present entry that has passed {@link #refusedBits}.
     * @return the entry to store.
     */
    public long adjust(final int level, final long pte) {
        if (this == PAE32) {
            return level == 3 ? pte & ~(Pte.RW | Pte.US | Pte.A | Pte.D) : pte;
        }
        if (level > 1) {
            return pte | Pte.US | (level == 4 ? Pte.A : 0);
        }
        if ((pte & Pte.US) == 0) {
            return pte | Pte.GUEST_KERNEL | Pte.US;
        }
        return (pte & Pte.GUEST_KERNEL) == 0 ? pte | Pte.G : pte;
    }

    /**
     * The type that an entry of a table needs of the frame it points to.
     *
     * @param type the table's type.
     * @param slot the entry's index.
     * @return a table type one level below.
     */
    public int typeBelow(final int type, final int slot) {
        final int below = FrameType.levelOf(type) - 1;
        return this == PAE32 && below == 2 && slot == 3 ? FrameType.L2_XEN : below;
    }

    /** @param type a table type. @return whether entries may point to tables of the same level, read-only. */
    public boolean allowsLinear(final int type) {
        return type >= FrameType.L2 && type != FrameType.L2_XEN && !(this == PAE32 && type == FrameType.L3);
    }

    /** @param type any type. @return whether this guest may have tables of that type. */
    public boolean hasType(final int type) {
        return type != FrameType.L4 || this == LONG64;
    }
}
