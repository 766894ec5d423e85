package io.xenolith.dom0.builder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.TestMemory;
import io.xenolith.shm.Raw;

import org.junit.jupiter.api.Test;

/** Walks the tables that the builder writes, as a processor would. */
class PageTablesTest {
    private static final long PAGE = 4096;

    /** Frames in a scrambled order, as a heap hands them out. */
    private static final class Frames implements GuestFrames {
        private final long base;
        private final long n;

        Frames(final long n) {
            this.n = n;
            this.base = TestMemory.allocate(n * PAGE);
        }

        @Override
        public long mfn(final long pfn) {
            return 0x1000 + (pfn * 7 + 3) % n;
        }

        @Override
        public long address(final long pfn) {
            return addressOfMfn(mfn(pfn));
        }

        long addressOfMfn(final long mfn) {
            return base + (mfn - 0x1000) * PAGE;
        }

        /** The leaf entry for a virtual address, 0 when some level is not present. */
        long walk(final long topMfn, final int levels, final long va) {
            long table = topMfn;
            for (int level = levels; level >= 1; level--) {
                final int index = (int) (va >>> 12 + 9 * (level - 1)) & (level == 3 && levels == 3 ? 3 : 511);
                final long entry = Raw.getLong(addressOfMfn(table) + index * 8L);
                if (level == 1 || (entry & 1) == 0) {
                    return entry;
                }
                assertEquals(level == 3 && levels == 3 ? 1 : 0x67, entry & 0xfff, "flags at level " + level);
                table = entry >>> 12 & 0xff_ffff_ffffL;
            }
            throw new AssertionError();
        }
    }

    @Test
    void mapsAPaeKernelLinearly() {
        check(new KernelImage(TestKernel.pae().size(0x1000, 0x417000).build()), 4096);
    }

    @Test
    void mapsAPaeKernelInTheLastGigabyte() {
        check(new KernelImage(TestKernel.pae().number(3, 0xC000_0000L).entry(0xC000_0000L)
                .place(0xC000_0000L, 0).build()), 4096);
    }

    @Test
    void mapsAnAmd64Kernel() {
        check(new KernelImage(TestKernel.amd64().number(3, 0xffffffff80000000L).number(1, 0xffffffff80100000L)
                .place(0xffffffff80100000L, 0x100000).build()), 4096);
    }

    @Test
    void mapsTheP2mListWhereAnAmd64KernelWantsIt() {
        final KernelImage k = new KernelImage(TestKernel.amd64().number(3, 0xffffffff80000000L)
                .number(1, 0xffffffff80100000L).number(15, 0x8000000000L).number(16, 1)
                .place(0xffffffff80100000L, 0x100000).build());
        final DomainLayout l = DomainLayout.of(k, 4096, 5 * PAGE + 1);
        final Frames f = new Frames(4096);
        new PageTables(l, f).write();
        assertTrue(l.isP2mApart());
        assertEquals(6, l.modulePages());
        assertEquals(l.mappedPages(), l.modulePfn());
        for (long i = 0; i < l.p2mPages(); i++) {
            assertEquals(f.mfn(l.p2mPfn() + i) << 12 | 0x23,
                    f.walk(f.mfn(l.tablePfn()), 4, 0x8000000000L + i * PAGE));
        }
        checkLinear(l, f);
    }

    @Test
    void aPaeDomainHasAnL2InTheHypervisorsSlot() {
        final DomainLayout l = DomainLayout.of(new KernelImage(TestKernel.pae().build()), 4096, 0);
        final Frames f = new Frames(4096);
        new PageTables(l, f).write();
        final long slot3 = Raw.getLong(f.address(l.tablePfn()) + 24);
        assertEquals(1, slot3 & 0xfff);
        assertEquals(f.mfn(l.tablePfn() + 2), slot3 >>> 12);
    }

    @Test
    void theOrderIsTheAbisOrder() {
        final DomainLayout l = DomainLayout.of(new KernelImage(TestKernel.pae().build()), 4096, 3 * PAGE);
        assertEquals(3, l.modulePfn());
        assertEquals(6, l.p2mPfn());
        assertEquals(4, l.p2mPages());
        assertEquals(10, l.startInfoPfn());
        assertEquals(11, l.storePfn());
        assertEquals(12, l.consolePfn());
        assertEquals(13, l.tablePfn());
        assertEquals(5, l.tablePages());
        assertEquals(18, l.stackPfn());
        assertEquals(1024, l.mappedPages());
    }

    private void check(final KernelImage k, final long pages) {
        final DomainLayout l = DomainLayout.of(k, pages, 0);
        final Frames f = new Frames(pages);
        new PageTables(l, f).write();
        checkLinear(l, f);
    }

    private void checkLinear(final DomainLayout l, final Frames f) {
        final int levels = l.topLevel();
        final long top = f.mfn(l.tablePfn());
        assertTrue(l.mappedPages() * PAGE % (4 << 20) == 0);
        assertTrue(l.mappedPages() - l.stackPfn() > 128, "512 KiB behind the stack");
        for (long pfn = 0; pfn < l.mappedPages(); pfn++) {
            final boolean table = pfn >= l.tablePfn() && pfn < l.tablePfn() + l.tablePages();
            assertEquals(f.mfn(pfn) << 12 | (table ? 0x21 : 0x23), f.walk(top, levels, l.virtOf(pfn)), "pfn " + pfn);
        }
        assertEquals(0, f.walk(top, levels, l.virtOf(l.mappedPages())) & 1);
    }
}
