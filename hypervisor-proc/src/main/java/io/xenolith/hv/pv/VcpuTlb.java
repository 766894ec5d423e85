package io.xenolith.hv.pv;

import io.xenolith.hv.mm.TlbControl;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.x86.mmu.Mmu;

/** The translation caches of a domain as one of its vCPUs reaches them. */
final class VcpuTlb implements TlbControl {
    private final PvDomain domain;
    private final int vcpu;
    private final Mmu mmu;

    VcpuTlb(final PvDomain domain, final int vcpu, final Mmu mmu) {
        this.domain = domain;
        this.vcpu = vcpu;
        this.mmu = mmu;
    }

    @Override
    public void flushLocal() {
        mmu.flushAll();
    }

    @Override
    public void flushLocalPage(final long vaddr) {
        mmu.flushPage(vaddr);
    }

    @Override
    public void flushOthers(final long vcpus) {
        final long others = vcpus & ~(1L << vcpu);
        if (others != 0) {
            domain.services().flushOthers(vcpu, others);
        }
    }

    @Override
    public long allVcpus() {
        return Raw.getInt(domain.record() + DomainRecord.ONLINE_VCPUS) & 0xffff_ffffL | 1L << vcpu;
    }
}
