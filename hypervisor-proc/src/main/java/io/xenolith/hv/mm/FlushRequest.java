package io.xenolith.hv.mm;

import io.xenolith.hv.hypercall.Caller;

/** Carries out the flushes that guests ask for with a paging call. */
final class FlushRequest {
    private static final int TYPE_MASK = 3;
    private static final int TYPE_PAGE = 2;
    private static final int ALL_VCPUS = 4;

    private final TlbControl tlb;

    FlushRequest(final TlbControl tlb) {
        this.tlb = tlb;
    }

    /** The UVMF flags of update_va_mapping: what in bits 0 and 1, which vCPUs in the rest. */
    void afterUpdate(final Caller caller, final long flags, final long vaddr) {
        final int what = (int)flags & TYPE_MASK;
        if (what == 0) {
            return;
        }
        final long whom = flags & ~TYPE_MASK;
        if (whom == 0) {
            local(what == TYPE_PAGE, vaddr);
        }
        else {
            multi(whom == ALL_VCPUS ? tlb.allVcpus() : vcpuMask(caller, whom), caller.vcpu(), what == TYPE_PAGE, vaddr);
        }
    }

    /** Reads a guest's bitmap of vCPUs: as many as a domain may have fit into one word of either width. */
    long vcpuMask(final Caller caller, final long pointer) {
        return caller.readWord(pointer) & tlb.allVcpus();
    }

    void multi(final long vcpus, final int self, final boolean page, final long vaddr) {
        if ((vcpus >>> self & 1) != 0) {
            local(page, vaddr);
        }
        tlb.flushOthers(vcpus);
    }

    void local(final boolean page, final long vaddr) {
        if (page) {
            tlb.flushLocalPage(vaddr);
        }
        else {
            tlb.flushLocal();
        }
    }
}
