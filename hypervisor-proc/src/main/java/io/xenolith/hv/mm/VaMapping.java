package io.xenolith.hv.mm;

import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.Hypercall;

/**
 * Hypercall 14, update_va_mapping: changes the level-1 entry that translates a linear address in the current kernel
 * tables, then flushes as asked. Hypercall 22, update_va_mapping_otherdomain, is the same with a frame owner.
 *
 * <p>A 32-bit guest passes the entry as two arguments. Missing tables are never made: no entry, {@code -EINVAL}.
 */
public final class VaMapping implements Hypercall {
    private final AddressSpace space;
    private final PageTables tables;
    private final FlushRequest flush;

    /**
     * @param space the vCPU's tables.
     * @param tlb   translation caches.
     */
    public VaMapping(final AddressSpace space, final TlbControl tlb) {
        this.space = space;
        this.tables = space.tables();
        this.flush = new FlushRequest(tlb);
    }

    @Override
    public long call(
        final Caller caller, final long vaddr, final long a2, final long a3, final long a4, final long a5) {
        return caller.is64Bit() ? update(caller, vaddr, a2, a3) : update(caller, vaddr, a2 | a3 << 32, a4);
    }

    /** Hypercall 22: the last argument names the owner of the frame. */
    public long otherDomain(
        final Caller caller, final long vaddr, final long a2, final long a3, final long a4, final long a5) {
        final int result = DomainIds.checkFrameOwner((int)(caller.is64Bit() ? a4 : a5) & 0xffff, caller.domid());
        return result != 0 ? result : call(caller, vaddr, a2, a3, a4, a5);
    }

    private long update(final Caller caller, final long vaddr, final long pte, final long flags) {
        final int result = change(vaddr, pte);
        if (result == 0) {
            flush.afterUpdate(caller, flags, vaddr);
        }
        return result;
    }

    /**
     * Changes the entry of an address.
     *
     * @param vaddr linear address.
     * @param pte   new entry.
     * @return 0 or a negative errno.
     */
    int change(final long vaddr, final long pte) {
        if (!tables.mode().isGuestAddress(vaddr) || !tables.walk(space.kernelRoot(), vaddr)) {
            return -Errno.EINVAL;
        }
        final long table = tables.foundTable();
        final int slot = tables.foundSlot();
        if (!tables.frames().getReference(table, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        final int result = tables.update(table, slot, 1, pte, false);
        tables.frames().putReference(table);
        return result == PageTables.NOT_A_TABLE ? -Errno.EINVAL : result;
    }
}
