package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameType;

/**
 * The hypervisor's own entries in a guest's tables: the read-only window on the machine-to-physical table. A 32-bit guest
 * sees it through large-page entries at the end of its {@code l2_xen} table, a 64-bit guest through one root slot that
 * points to a table of the hypervisor's.
 */
public final class HypervisorSlots {
    private static final int LARGE_PAGE_FRAMES = 512;
    private static final long WINDOW_FLAGS = Pte.P | Pte.US | Pte.A;

    private final PagingMode mode;
    private final long m2pMfn;
    private final int m2pLargePages;
    private final long windowL3;

    /**
     * @param mode     the guest's kind of tables.
     * @param m2pMfn   first frame of the machine-to-physical table in the guest's entry width, 2 MiB aligned.
     * @param m2pBytes its length; whole 2 MiB pages of it are backed.
     * @param windowL3 64-bit guests: the hypervisor's level-3 table for root slot 256, 0 when there is none.
     */
    public HypervisorSlots(final PagingMode mode, final long m2pMfn, final long m2pBytes, final long windowL3) {
        this.mode = mode;
        this.m2pMfn = m2pMfn;
        final long window = 512 - PagingMode.XEN_L2_FIRST - 1;
        this.m2pLargePages = (int)Math.min(window, m2pBytes + (2 << 20) - 1 >>> 21);
        this.windowL3 = windowL3;
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
                memory.putLong(mfn, slot * 8, largePage(slot - PagingMode.XEN_L2_FIRST));
            }
        }
        else if (mode == PagingMode.LONG64 && type == FrameType.L4) {
            clear(memory, mfn, type);
            if (windowL3 != 0) {
                memory.putLong(mfn, PagingMode.XEN_ROOT_FIRST * 8, Pte.of(windowL3, WINDOW_FLAGS));
            }
        }
    }

    private long largePage(final int index) {
        final boolean backed = index < m2pLargePages;
        return backed ? Pte.of(m2pMfn + (long)index * LARGE_PAGE_FRAMES, WINDOW_FLAGS | Pte.PSE | Pte.NX) : 0;
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
