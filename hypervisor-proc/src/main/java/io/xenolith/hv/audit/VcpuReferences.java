package io.xenolith.hv.audit;

import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * Counts the references that a domain's records hold: pins of tables, base registers, descriptor tables, registered vcpu_info,
 * pages of the FIFO event ABI.
 *
 * <p>Pages of an LDT become descriptor pages when they are first looked at, and only the domain's process knows which; so each
 * page that the LDT covers may have one reference more.
 */
final class VcpuReferences {
    private static final int DESCRIPTORS_PER_PAGE = 512;
    private static final int GDT_PAGES = 14;
    private static final int LDT_PAGES = 16;

    private final View view;
    private final DomainView domain;
    private final FrameCounts counts;
    private final TableWalk walk;

    VcpuReferences(final View view, final DomainView domain, final FrameCounts counts, final TableWalk walk) {
        this.view = view;
        this.domain = domain;
        this.counts = counts;
        this.walk = walk;
    }

    void run() {
        for (int v = 0; v < domain.vcpus(); v++) {
            vcpu(v, domain.vcpu(v));
        }
        fifoPages();
    }

    private void vcpu(final int v, final long record) {
        final String who = domain.name() + " vcpu " + v;
        root(v, who, Raw.getLong(record + VcpuRecord.KERNEL_TABLE_MFN), "kernel root");
        root(v, who, Raw.getLong(record + VcpuRecord.USER_TABLE_MFN), "user root");
        final int gdtPages = Math.clamp(pages(Raw.getInt(record + VcpuRecord.GDT_ENTRIES)), 0, GDT_PAGES);
        for (int i = 0; i < gdtPages; i++) {
            hold(who, Raw.getLong(record + VcpuRecord.GDT_FRAMES + i * 8L), FrameType.SEG_DESC, "GDT page " + i);
        }
        final long info = Raw.getLong(record + VcpuRecord.VCPU_INFO_MFN);
        if (info != 0 && info != domain.word(DomainRecord.SHARED_INFO_MFN)) {
            hold(who, info, FrameType.WRITABLE, "vcpu_info");
        }
        final long control = Raw.getLong(record + VcpuRecord.FIFO_CONTROL_MFN);
        if (control != 0) {
            hold(who, control, FrameType.WRITABLE, "FIFO control block");
        }
        ldt(record);
    }

    /** Before a vCPU has run, its record may name a root that its process has not taken into use yet. */
    private void root(final int v, final String who, final long mfn, final String what) {
        if (mfn == 0) {
            return;
        }
        final boolean early = !domain.hasEntered(v) && domain.uses(mfn)
            && FrameType.count(Raw.getLong(view.hv.frame(mfn) + FrameRecord.TYPE_INFO)) == 0;
        if (!early) {
            hold(who, mfn, domain.mode.rootType(), what);
        }
    }

    private void hold(final String who, final long mfn, final int type, final String what) {
        if (domain.uses(mfn)) {
            counts.addReference((int)mfn);
            walk.use((int)mfn, type, "the " + what + " of " + who);
        }
        else if (!domain.hasOdd(mfn)) {
            view.findings.add(FindingKind.VCPU_FRAME, who, "its %s is frame %d, which is not in the domain's use", what,
                mfn);
        }
    }

    private static int pages(final int entries) {
        return (entries + DESCRIPTORS_PER_PAGE - 1) / DESCRIPTORS_PER_PAGE;
    }

    private void ldt(final long record) {
        final int pages = Math.clamp(pages(Raw.getInt(record + VcpuRecord.LDT_ENTRIES)), 0, LDT_PAGES);
        final long root = Raw.getLong(record + VcpuRecord.KERNEL_TABLE_MFN);
        for (int i = 0; i < pages && domain.uses(root); i++) {
            final long pte = read(root, Raw.getLong(record + VcpuRecord.LDT_BASE) + i * 4096L);
            if (Pte.present(pte) && domain.uses(Pte.mfn(pte))) {
                counts.addPossible((int)Pte.mfn(pte));
            }
        }
    }

    /** The level-1 entry of an address, 0 when there is none. */
    private long read(final long root, final long vaddr) {
        long pte = Pte.of(root, Pte.P);
        for (int level = domain.mode.levels(); level > 0; level--) {
            if (!Pte.present(pte) || !domain.uses(Pte.mfn(pte))) {
                return 0;
            }
            pte = Raw.getLong(view.memory.addressOf(Pte.mfn(pte)) + domain.mode.slot(vaddr, level) * 8L);
        }
        return pte;
    }

    private void fifoPages() {
        if (domain.vcpus() == 0) {
            return;
        }
        final int n = Math.clamp(domain.number(DomainRecord.FIFO_PAGES), 0, DomainPage.FIFO_ARRAY_SIZE);
        final long list = view.hv.domainPage(domain.slot) + DomainPage.FIFO_ARRAY;
        for (int i = 0; i < n; i++) {
            hold(domain.name(), Raw.getInt(list + i * 4L) & 0xffff_ffffL, FrameType.WRITABLE, "event array page " + i);
        }
    }
}
