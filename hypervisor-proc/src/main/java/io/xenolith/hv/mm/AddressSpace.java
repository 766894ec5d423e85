package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * The tables one vCPU uses: root tables, GDT frames, LDT. Each is a counted reference that the vCPU's record names, so
 * that an audit finds the reason for every count.
 *
 * <p>Order of stores: references are taken first, then the record names the new object, then the old references go. A
 * vCPU killed in between leaves counts too high, never too low; they are swept with the domain.
 */
public final class AddressSpace {
    /** Most descriptors of a guest's own GDT; the hypervisor's follow. */
    public static final int MAX_GDT_ENTRIES = 7168;
    /** Most descriptors of an LDT. */
    public static final int MAX_LDT_ENTRIES = 8192;

    private static final int DESCRIPTORS_PER_PAGE = 512;
    private static final int GDT_PAGES = MAX_GDT_ENTRIES / DESCRIPTORS_PER_PAGE;
    private static final int LDT_PAGES = MAX_LDT_ENTRIES / DESCRIPTORS_PER_PAGE;

    /** Told when the CPU must use another root. */
    @FunctionalInterface
    public interface RootListener {
        /** Loads {@link AddressSpace#activeRoot()} and drops translations. */
        void rootChanged();
    }

    private final PageTables tables;
    private final long record;
    private final TlbControl tlb;
    private final long[] newGdt = new long[GDT_PAGES];
    /** Frames of LDT pages in use, 0 for one not looked at yet. */
    private final long[] ldtPages = new long[LDT_PAGES];
    private RootListener rootListener = () -> { };
    private boolean userMode;

    /**
     * @param tables validation.
     * @param record address of the vCPU record.
     * @param tlb    translation caches.
     */
    public AddressSpace(final PageTables tables, final long record, final TlbControl tlb) {
        this.tables = tables;
        this.record = record;
        this.tlb = tlb;
    }

    /** @param listener who loads the CPU's base register. */
    public void rootListener(final RootListener listener) {
        rootListener = listener;
    }

    /** @return the page-table code of this vCPU. */
    public PageTables tables() {
        return tables;
    }

    // ---- roots

    /** @return frame of the kernel's root table, 0 before there is one. */
    public long kernelRoot() {
        return Raw.getLong(record + VcpuRecord.KERNEL_TABLE_MFN);
    }

    /** Takes a root out of the record that was named there without references: the builder's choice. */
    public void forgetRoot() {
        KillPoint.hit(KillPoint.VCPU_BEFORE_ROOT);
        Raw.putLong(record + VcpuRecord.KERNEL_TABLE_MFN, 0);
    }

    /** @return frame of the root table for user mode (64-bit guests), 0 for none. */
    public long userRoot() {
        return Raw.getLong(record + VcpuRecord.USER_TABLE_MFN);
    }

    /** @return the root that the MMU walks now. */
    public long activeRoot() {
        return userMode ? userRoot() : kernelRoot();
    }

    /**
     * Chooses between kernel and user root (64-bit guests).
     *
     * @param user whether the guest runs its user mode.
     */
    public void setUserMode(final boolean user) {
        userMode = user;
        rootListener.rootChanged();
    }

    /** @return whether a 64-bit guest runs its user mode. */
    public boolean userMode() {
        return userMode;
    }

    /**
     * MMUEXT_NEW_BASEPTR and MOV to CR3.
     *
     * @param mfn the new root, validated if it is not in use yet.
     * @return 0 or a negative errno.
     */
    public int setKernelRoot(final long mfn) {
        final long old = kernelRoot();
        if (old == mfn && mfn != 0) {
            tlb.flushLocal();
            return 0;
        }
        final int result = tables.getFrameAndType(mfn, tables.mode().rootType());
        if (result != 0) {
            return result;
        }
        dropLdtPages();
        KillPoint.hit(KillPoint.VCPU_BEFORE_ROOT);
        Raw.putLong(record + VcpuRecord.KERNEL_TABLE_MFN, mfn);
        rootListener.rootChanged();
        if (old != 0) {
            tables.putFrameAndType(old);
        }
        return 0;
    }

    /**
     * MMUEXT_NEW_USER_BASEPTR.
     *
     * @param mfn the new root for user mode, 0 for none.
     * @return 0 or a negative errno.
     */
    public int setUserRoot(final long mfn) {
        if (tables.mode() != PagingMode.LONG64) {
            return -Errno.EOPNOTSUPP;
        }
        final long old = userRoot();
        if (old == mfn) {
            return 0;
        }
        if (mfn != 0) {
            final int result = tables.getFrameAndType(mfn, tables.mode().rootType());
            if (result != 0) {
                return result;
            }
        }
        KillPoint.hit(KillPoint.VCPU_BEFORE_ROOT);
        Raw.putLong(record + VcpuRecord.USER_TABLE_MFN, mfn);
        tlb.flushLocal();
        if (old != 0) {
            tables.putFrameAndType(old);
        }
        return 0;
    }

    // ---- GDT

    /** @return number of descriptors of the guest's GDT. */
    public int gdtEntries() {
        return Raw.getInt(record + VcpuRecord.GDT_ENTRIES);
    }

    /** @param page index. @return frame of a page of the guest's GDT. */
    public long gdtFrame(final int page) {
        return Raw.getLong(record + VcpuRecord.GDT_FRAMES + page * 8L);
    }

    /** @param page index below 14. @param mfn frame proposed for that page of the GDT by the next {@link #setGdt}. */
    public void proposeGdtFrame(final int page, final long mfn) {
        newGdt[page] = mfn;
    }

    /**
     * Replaces the GDT by the proposed frames.
     *
     * @param entries number of descriptors, 0 drops the GDT.
     * @return 0 or {@code -EINVAL}, the old GDT staying.
     */
    public int setGdt(final int entries) {
        if (entries < 0 || entries > MAX_GDT_ENTRIES) {
            return -Errno.EINVAL;
        }
        final int pages = pagesFor(entries);
        for (int i = 0; i < pages; i++) {
            if (tables.getFrameAndType(newGdt[i], FrameType.SEG_DESC) != 0) {
                while (--i >= 0) {
                    tables.putFrameAndType(newGdt[i]);
                }
                return -Errno.EINVAL;
            }
        }
        final int oldPages = pagesFor(gdtEntries());
        KillPoint.hit(KillPoint.VCPU_BEFORE_GDT);
        Raw.putInt(record + VcpuRecord.GDT_ENTRIES, 0);
        for (int i = 0; i < Math.max(pages, oldPages); i++) {
            final long old = i < oldPages ? gdtFrame(i) : 0;
            KillPoint.hit(KillPoint.VCPU_BEFORE_GDT);
            Raw.putLong(record + VcpuRecord.GDT_FRAMES + i * 8L, i < pages ? newGdt[i] : 0);
            if (old != 0) {
                tables.putFrameAndType(old);
            }
        }
        KillPoint.hit(KillPoint.VCPU_BEFORE_GDT);
        Raw.putInt(record + VcpuRecord.GDT_ENTRIES, entries);
        return 0;
    }

    private static int pagesFor(final int entries) {
        return (entries + DESCRIPTORS_PER_PAGE - 1) / DESCRIPTORS_PER_PAGE;
    }

    // ---- LDT

    /** @return linear address of the LDT. */
    public long ldtBase() {
        return Raw.getLong(record + VcpuRecord.LDT_BASE);
    }

    /** @return number of descriptors of the LDT. */
    public int ldtEntries() {
        return Raw.getInt(record + VcpuRecord.LDT_ENTRIES);
    }

    /**
     * MMUEXT_SET_LDT.
     *
     * @param base    linear address, page aligned.
     * @param entries number of descriptors, 0 drops the LDT.
     * @return 0 or {@code -EINVAL}.
     */
    public int setLdt(final long base, final long entries) {
        if ((base & 0xfff) != 0 || entries < 0 || entries > MAX_LDT_ENTRIES) {
            return -Errno.EINVAL;
        }
        final long end = base + entries * 8;
        if (entries != 0 && (!tables.mode().isGuestAddress(base) || !tables.mode().isGuestAddress(end - 1))) {
            return -Errno.EINVAL;
        }
        dropLdtPages();
        Raw.putInt(record + VcpuRecord.LDT_ENTRIES, 0);
        Raw.putLong(record + VcpuRecord.LDT_BASE, entries == 0 ? 0 : base);
        KillPoint.hit(KillPoint.VCPU_BEFORE_LDT);
        Raw.putInt(record + VcpuRecord.LDT_ENTRIES, (int)entries);
        return 0;
    }

    /**
     * The frame of an LDT page, typed as descriptors on first use.
     *
     * @param page index of the page.
     * @return its frame; 0 when the page is not mapped or its content is not acceptable (a page fault is due).
     */
    public long ldtFrame(final int page) {
        if (ldtPages[page] != 0) {
            return ldtPages[page];
        }
        final long pte = tables.read(kernelRoot(), ldtBase() + page * 4096L);
        if (!Pte.present(pte) || tables.getFrameAndType(Pte.mfn(pte), FrameType.SEG_DESC) != 0) {
            return 0;
        }
        ldtPages[page] = Pte.mfn(pte);
        return ldtPages[page];
    }

    /** Drops the descriptor pages of the LDT that are in use; they are found again when needed. */
    public void dropLdtPages() {
        for (int i = 0; i < LDT_PAGES; i++) {
            final long mfn = ldtPages[i];
            if (mfn != 0) {
                ldtPages[i] = 0;
                tables.putFrameAndType(mfn);
            }
        }
    }

    /** @param page index. @return frame of an LDT page that holds a reference now, 0 for none; for audits. */
    public long ldtPageInUse(final int page) {
        return ldtPages[page];
    }

    /** Gives up everything, when the vCPU goes down for good. */
    public void release() {
        setLdt(0, 0);
        setGdt(0);
        setUserRoot(0);
        final long root = kernelRoot();
        if (root != 0) {
            KillPoint.hit(KillPoint.VCPU_BEFORE_ROOT);
            Raw.putLong(record + VcpuRecord.KERNEL_TABLE_MFN, 0);
            tables.putFrameAndType(root);
        }
    }
}
