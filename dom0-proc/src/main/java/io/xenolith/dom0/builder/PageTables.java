package io.xenolith.dom0.builder;

import io.xenolith.shm.Raw;

/**
 * Writes the initial page tables of a domain: PAE with three levels or 64-bit with four, 8-byte entries in both.
 *
 * <p>Leaves are present, writable and accessed; leaves that map a table are read-only, or the hypervisor would
 * refuse to take it as one. The tables of a level are consecutive, so the frame of any table follows from the
 * address that it maps.
 */
final class PageTables {
    private static final long PRESENT = 0x1;
    private static final long LEAF = 0x23;
    private static final long LEAF_READ_ONLY = 0x21;
    private static final long UPPER = 0x67;

    private final DomainLayout layout;
    private final GuestFrames frames;

    PageTables(final DomainLayout layout, final GuestFrames frames) {
        this.layout = layout;
        this.frames = frames;
    }

    /** Writes every table. */
    void write() {
        final long bytes = layout.mappedPages() << DomainLayout.PAGE_SHIFT;
        map(layout.virtBase(), bytes, 0, layout.tablePfn(), layout.tablePfn() + 1);
        if (layout.isP2mApart()) {
            map(layout.p2mVirt(), layout.p2mPages() << DomainLayout.PAGE_SHIFT, layout.p2mPfn(),
                    layout.tablePfn(), layout.p2mPfn() + layout.p2mPages());
        }
    }

    /**
     * Maps {@code bytes} from {@code virt} on to the frames from {@code pfn} on. {@code top} is the top-level
     * table, {@code lower} the first frame of the lower tables, the level below the top first.
     */
    private void map(final long virt, final long bytes, final long pfn, final long top, final long lower) {
        final long last = virt + bytes - 1;
        final int levels = layout.topLevel();
        final long[] first = new long[levels + 1];
        first[levels] = top;
        long at = lower;
        for (int level = levels - 1; level >= 1; level--) {
            first[level] = at;
            at += layout.tablesAt(level, virt, last);
        }
        for (int level = levels; level >= 2; level--) {
            link(level, virt, last, first);
        }
        leaves(virt, bytes, pfn, first[1]);
    }

    /** Fills the tables of {@code level} with entries that point at the tables of the level below. */
    private void link(final int level, final long virt, final long last, final long[] first) {
        final int shift = DomainLayout.spanShift(level - 1);
        final long count = layout.tablesAt(level - 1, virt, last);
        final boolean pae3 = level == 3 && layout.topLevel() == 3;
        for (long i = 0; i < count; i++) {
            long index = (virt >>> shift) + i;
            if (pae3 && i == count - 1 && last >>> shift < 3) {
                index = 3;
            }
            final long table = level == layout.topLevel() ? first[level]
                    : first[level] + (index >>> 9) - (virt >>> shift + 9);
            store(table, (int) index & 511, frames.mfn(first[level - 1] + i), pae3 ? PRESENT : UPPER);
        }
    }

    private void leaves(final long virt, final long bytes, final long pfn, final long firstTable) {
        final long n = bytes >>> DomainLayout.PAGE_SHIFT;
        final long page = virt >>> DomainLayout.PAGE_SHIFT;
        for (long i = 0; i < n; i++) {
            final long table = firstTable + (page + i >>> 9) - (page >>> 9);
            store(table, (int) (page + i) & 511, frames.mfn(pfn + i), isTable(pfn + i) ? LEAF_READ_ONLY : LEAF);
        }
    }

    private boolean isTable(final long pfn) {
        return pfn >= layout.tablePfn() && pfn < layout.tablePfn() + layout.tablePages();
    }

    private void store(final long tablePfn, final int index, final long mfn, final long flags) {
        Raw.putLong(frames.address(tablePfn) + index * 8L, mfn << DomainLayout.PAGE_SHIFT | flags);
    }
}
