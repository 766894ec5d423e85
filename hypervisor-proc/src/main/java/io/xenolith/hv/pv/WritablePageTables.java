package io.xenolith.hv.pv;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.VmAssist;
import io.xenolith.hv.mm.PageTables;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.hv.mm.Pte;
import io.xenolith.x86.mmu.StoreInterceptor;

/**
 * Writable page tables: a guest kernel's store to a level-1 table, which it can only map read-only, is carried out as a
 * request. The instruction that faulted is executed once more with its stores to that page coming here; each becomes a
 * validated change of one entry. If that is refused, or the page is no level-1 table, the guest gets its fault.
 */
final class WritablePageTables implements StoreInterceptor {
    private static final int PAGE = 4096;
    private static final int TRIES = 16;

    private final PvVcpu v;
    private long table;

    WritablePageTables(final PvVcpu vcpu) {
        v = vcpu;
    }

    /**
     * Tries to carry out the store that faulted at the CPU's ip.
     *
     * @param vaddr faulting address, of a present page that may not be written.
     * @return whether the instruction has been executed.
     */
    boolean emulate(final long vaddr) {
        if (!v.domain().assists(VmAssist.WRITABLE_PAGETABLES)) {
            return false;
        }
        final PageTables tables = v.space().tables();
        final FrameTable frames = v.frameTable();
        final long pte = tables.read(v.space().activeRoot(), vaddr);
        if (!Pte.present(pte) || (pte & Pte.RW) != 0 || !frames.getReference(Pte.mfn(pte), tables.ownerKey())) {
            return false;
        }
        table = Pte.mfn(pte);
        final long word = frames.typeWord(table);
        final boolean level1 = FrameType.count(word) > 0 && FrameType.type(word) == FrameType.L1
            && FrameType.validated(word);
        final boolean done = level1 && step(vaddr);
        frames.putReference(table);
        return done;
    }

    private boolean step(final long vaddr) {
        v.beginAccess();
        try {
            return v.cpu().stepIntercepting(vaddr & -PAGE, this);
        }
        finally {
            v.endAccess();
        }
    }

    private static boolean misaligned(final long vaddr, final int size) {
        return (vaddr & size - 1) != 0;
    }

    private static long maskOf(final int size, final int shift) {
        return (size == 8 ? -1L : (1L << size * 8) - 1) << shift;
    }

    @Override
    public int store(final long vaddr, final int size, final long value) {
        final int open = v.environment().suspendAccess();
        try {
            return misaligned(vaddr, size) ? REFUSED : change(vaddr, size, value);
        }
        finally {
            v.environment().resumeAccess(open);
        }
    }

    private int change(final long vaddr, final int size, final long value) {
        final PageTables tables = v.space().tables();
        final int slot = (int)(vaddr & PAGE - 1) / 8;
        final int shift = (int)(vaddr & 7) * 8;
        final long mask = maskOf(size, shift);
        for (int i = 0; i < TRIES; i++) {
            final long current = tables.memory().getLong(table, slot * 8);
            final long next = current & ~mask | value << shift & mask;
            int result = tables.compareAndUpdate(table, slot, current, -1, next);
            if (result != 0 && result != PageTables.DIFFERENT && isFirstHalf(size, shift, next)) {
                result = tables.compareAndUpdate(table, slot, current, -1, next & ~Pte.P);
            }
            if (result != PageTables.DIFFERENT) {
                return result == 0 ? STORED : REFUSED;
            }
        }
        return REFUSED;
    }

    /**
     * A 32-bit guest writes an entry in two halves. Between them it may say something that is not acceptable while its
     * second half, with the present bit, is still the old one: then the entry is stored as not present, and the second
     * store makes it whole.
     */
    private boolean isFirstHalf(final int size, final int shift, final long next) {
        return v.domain().mode() == PagingMode.PAE32 && size == 4 && shift == 32 && Pte.present(next);
    }

    @Override
    public int compareExchange(final long vaddr, final int size, final long expected, final long update) {
        final int open = v.environment().suspendAccess();
        try {
            return misaligned(vaddr, size) ? REFUSED : changeIf(vaddr, size, expected, update);
        }
        finally {
            v.environment().resumeAccess(open);
        }
    }

    private int changeIf(final long vaddr, final int size, final long expected, final long update) {
        final PageTables tables = v.space().tables();
        final int slot = (int)(vaddr & PAGE - 1) / 8;
        final int shift = (int)(vaddr & 7) * 8;
        final long mask = maskOf(size, shift);
        for (int i = 0; i < TRIES; i++) {
            final long current = tables.memory().getLong(table, slot * 8);
            if (((current ^ expected << shift) & mask) != 0) {
                return DIFFERENT;
            }
            final long next = current & ~mask | update << shift & mask;
            final int result = tables.compareAndUpdate(table, slot, current, -1, next);
            if (result != PageTables.DIFFERENT) {
                return result == 0 ? STORED : REFUSED;
            }
        }
        return REFUSED;
    }
}
