package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameType;
import io.xenolith.shm.MemoryMap;

/**
 * The hypervisor's own entries in a guest's tables: the read-only window on the machine-to-physical table. A 32-bit guest
 * sees it through large-page entries at the end of its {@code l2_xen} table, a 64-bit guest through one root slot that
 * points to a table of the hypervisor's.
 */
public final class HypervisorSlots {
    private static final int LARGE_PAGE_FRAMES = 512;
    private static final int ENTRIES = 512;
    /** Level-2 slot where the window of a 32-bit guest ends. */
    private static final int WINDOW_END_32 = 511;
    private static final long WINDOW_FLAGS = Pte.P | Pte.US | Pte.A | Pte.D;

    private final PagingMode mode;
    private final long m2pMfn;
    private final long pages;
    /** Level-1 table of what is left over after whole 2 MiB. */
    private final long tailTable;

    /**
     * Also writes the page tables that follow the machine-to-physical table. Every domain does so when it starts; they
     * write the same.
     *
     * @param mode   the guest's kind of tables.
     * @param memory machine memory.
     * @param m2pMfn first frame of the machine-to-physical table in the guest's entry width, 2 MiB aligned.
     * @param frames machine size in frames.
     */
    public HypervisorSlots(final PagingMode mode, final MemoryAccess memory, final long m2pMfn, final long frames) {
        this.mode = mode;
        this.m2pMfn = m2pMfn;
        final boolean wide = mode == PagingMode.LONG64;
        final long tables = wide ? MemoryMap.WINDOW_TABLES_64 : MemoryMap.WINDOW_TABLES_32;
        this.pages = (wide ? MemoryMap.m2p64Frames(frames) : MemoryMap.m2p32Frames(frames)) - tables;
        this.tailTable = m2pMfn + pages;
        fillTail(memory);
        if (wide) {
            fillUpper(memory);
        }
    }

    private void fillTail(final MemoryAccess memory) {
        final long whole = pages / LARGE_PAGE_FRAMES * LARGE_PAGE_FRAMES;
        for (int i = 0; i < ENTRIES; i++) {
            final boolean backed = whole + i < pages;
            memory.putLong(tailTable, i * 8, backed ? Pte.of(m2pMfn + whole + i, WINDOW_FLAGS | Pte.NX) : 0);
        }
    }

    /** Level 2 and level 3 of the window of 64-bit guests; one level-2 table covers 512 GiB of machine. */
    private void fillUpper(final MemoryAccess memory) {
        final long level2 = tailTable + 1;
        for (int i = 0; i < ENTRIES; i++) {
            memory.putLong(level2, i * 8, level2Entry(i));
            memory.putLong(level2 + 1, i * 8, i == 0 ? Pte.of(level2, WINDOW_FLAGS) : 0);
        }
    }

    /** Entry of a level-2 table for the n-th 2 MiB of the window. */
    private long level2Entry(final int index) {
        final long first = (long)index * LARGE_PAGE_FRAMES;
        if (first + LARGE_PAGE_FRAMES <= pages) {
            return Pte.of(m2pMfn + first, WINDOW_FLAGS | Pte.PSE | Pte.NX);
        }
        return first < pages ? Pte.of(tailTable, WINDOW_FLAGS) : 0;
    }

    /**
     * Writes the entries into a table that has passed validation.
     *
     * @param memory machine memory.
     * @param mfn    the table.
     * @param type   its type; most have no such entries.
     */
    public void fill(final MemoryAccess memory, final long mfn, final int type) {
        if (mode == PagingMode.PAE32 && type == FrameType.L2_XEN) {
            for (int slot = PagingMode.XEN_L2_FIRST; slot < 512; slot++) {
                final boolean inWindow = slot < WINDOW_END_32;
                memory.putLong(mfn, slot * 8, inWindow ? level2Entry(slot - PagingMode.XEN_L2_FIRST) : 0);
            }
        }
        else if (mode == PagingMode.LONG64 && type == FrameType.L4) {
            clear(memory, mfn, type);
            memory.putLong(mfn, PagingMode.XEN_ROOT_FIRST * 8, Pte.of(tailTable + 2, WINDOW_FLAGS));
        }
    }

    /**
     * Takes the entries out of a table that stops being one, so that the guest gets a frame without machine addresses
     * that are not its own.
     *
     * @param memory machine memory.
     * @param mfn    the table.
     * @param type   its type.
     */
    public void clear(final MemoryAccess memory, final long mfn, final int type) {
        if (mode == PagingMode.PAE32 && type == FrameType.L2_XEN) {
            for (int slot = PagingMode.XEN_L2_FIRST; slot < 512; slot++) {
                memory.putLong(mfn, slot * 8, 0);
            }
        }
        else if (mode == PagingMode.LONG64 && type == FrameType.L4) {
            for (int slot = PagingMode.XEN_ROOT_FIRST; slot <= PagingMode.XEN_ROOT_LAST; slot++) {
                memory.putLong(mfn, slot * 8, 0);
            }
        }
    }
}
