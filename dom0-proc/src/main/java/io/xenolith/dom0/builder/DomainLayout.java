package io.xenolith.dom0.builder;

/**
 * Where everything of a new domain lies, in the order of the pseudo-physical frames (pfn) and of the virtual
 * addresses that map them from the virtual base on.
 *
 * <pre>
 *  kernel | module | p2m list | start_info | xenstore | console | page tables | stack | padding | module* | p2m* + its tables
 *  ^ virtual base                                                                      ^ mapped end, 4 MiB aligned
 * </pre>
 * {@code module*}: given by frame number, not mapped, when the kernel notes MOD_START_PFN. {@code p2m*}: mapped
 * at an address of its own when the kernel notes INIT_P2M. The page tables come top level first, then each
 * lower level consecutively; they map themselves too, so their number is found by iteration. At least 512 KiB
 * behind the stack are mapped as well; kernels use them before they build tables of their own.
 *
 * <p>Mini-OS takes everything behind page tables and stack for free memory, which is why the three special pages
 * come before the tables.
 */
public final class DomainLayout {
    static final int PAGE_SHIFT = 12;
    static final long PAGE = 1L << PAGE_SHIFT;
    private static final long PADDING = 512 << 10;
    private static final int MAP_ALIGN_SHIFT = 22;
    /** Start of the hypervisor's own range in a 32-bit PAE address space. */
    static final long HYPERVISOR_START_32 = 0xF580_0000L;

    private final boolean wide;
    private final long virtBase;
    private final long pages;
    private long next;

    private long modulePfn;
    private long modulePages;
    private boolean moduleMapped;
    private long p2mPfn;
    private long p2mPages;
    private long p2mVirt;
    private boolean p2mApart;
    private long p2mTablePages;
    private long startInfoPfn;
    private long storePfn;
    private long consolePfn;
    private long tablePfn;
    private long tablePages;
    private long stackPfn;
    private long mappedPages;

    private DomainLayout(final KernelImage kernel, final long pages) {
        this.wide = kernel.is64Bit();
        this.virtBase = kernel.notes().virtBase();
        this.pages = pages;
    }

    /**
     * Lays out a domain.
     *
     * @param pages       frames of the domain
     * @param moduleBytes size of the module (initrd), 0 for none
     * @throws ImageException when the memory is too small
     */
    public static DomainLayout of(final KernelImage kernel, final long pages, final long moduleBytes) {
        final DomainLayout l = new DomainLayout(kernel, pages);
        l.next = pagesOf(kernel.end() - l.virtBase);
        l.placeModule(moduleBytes, !kernel.notes().modStartPfn());
        l.placeP2m(kernel.notes().initP2m());
        l.startInfoPfn = l.take(1);
        l.storePfn = l.take(1);
        l.consolePfn = l.take(1);
        l.placeTables();
        l.placeUnmapped(moduleBytes);
        l.check(kernel);
        return l;
    }

    private void placeModule(final long bytes, final boolean mapped) {
        modulePages = pagesOf(bytes);
        moduleMapped = mapped && bytes > 0;
        if (moduleMapped) {
            modulePfn = take(modulePages);
        }
    }

    private void placeP2m(final long wanted) {
        p2mPages = pagesOf(pages * (wide ? 8 : 4));
        p2mApart = wide && wanted != -1 && (wanted & PAGE - 1) == 0
                && Long.compareUnsigned(wanted, virtBase) < 0;
        if (p2mApart) {
            p2mVirt = wanted;
        } else {
            p2mPfn = take(p2mPages);
            p2mVirt = virtBase + (p2mPfn << PAGE_SHIFT);
        }
    }

    private void placeTables() {
        tablePfn = next;
        long count = 0;
        long end;
        do {
            tablePages = count;
            end = roundUp((tablePfn + count + 1 << PAGE_SHIFT) + PADDING, MAP_ALIGN_SHIFT);
            count = tablesFor(virtBase, end);
        } while (count > tablePages);
        mappedPages = end >>> PAGE_SHIFT;
        next = tablePfn + tablePages;
        stackPfn = take(1);
        next = mappedPages;
    }

    private void placeUnmapped(final long moduleBytes) {
        if (moduleBytes > 0 && !moduleMapped) {
            modulePfn = take(modulePages);
        }
        if (p2mApart) {
            p2mPfn = take(p2mPages);
            // Every level of its own but the top one.
            p2mTablePages = tablesFor(p2mVirt, p2mPages << PAGE_SHIFT) - 1;
            take(p2mTablePages);
        }
    }

    private void check(final KernelImage kernel) {
        if (next > pages) {
            throw new ImageException("The kernel needs at least " + (next + 255 >> 8)
                    + " MiB of memory, and the domain is given " + (pages >> 8) + " MiB.");
        }
        if (!wide && virtBase + (mappedPages << PAGE_SHIFT) > HYPERVISOR_START_32) {
            throw new ImageException("The kernel and its module do not fit below the hypervisor's address range.");
        }
        if (kernel.start() < virtBase) {
            throw new ImageException("The kernel is damaged: it starts below its virtual base.");
        }
    }

    /** Page-table pages of all levels that map {@code bytes} from {@code from} on. */
    private long tablesFor(final long from, final long bytes) {
        final long last = from + bytes - 1;
        long n = 0;
        for (int level = 1; level <= topLevel(); level++) {
            n += tablesAt(level, from, last);
        }
        return n;
    }

    /** Tables of a level, 1 = lowest, needed for the addresses {@code from..last}. */
    long tablesAt(final int level, final long from, final long last) {
        if (level == topLevel()) {
            return 1;
        }
        final int shift = spanShift(level);
        final long n = (last >>> shift) - (from >>> shift) + 1;
        // The hypervisor's own entries live in the L2 table of a 32-bit guest's slot 3: it must exist.
        return !wide && level == 2 && last >>> shift < 3 ? n + 1 : n;
    }

    /** Binary logarithm of the bytes that one table of a level maps. */
    static int spanShift(final int level) {
        return PAGE_SHIFT + 9 * level;
    }

    /** 3 for PAE, 4 for 64-bit. */
    public int topLevel() {
        return wide ? 4 : 3;
    }

    private long take(final long n) {
        final long at = next;
        next += n;
        return at;
    }

    private static long pagesOf(final long bytes) {
        return bytes + PAGE - 1 >>> PAGE_SHIFT;
    }

    private static long roundUp(final long n, final int shift) {
        return (n + (1L << shift) - 1) >>> shift << shift;
    }

    /** True for a 64-bit domain. */
    public boolean is64Bit() {
        return wide;
    }

    /** Frames of the domain. */
    public long pages() {
        return pages;
    }

    /** Virtual address at which pseudo-physical frame 0 is mapped. */
    public long virtBase() {
        return virtBase;
    }

    /** Virtual address of a frame in the linear mapping. */
    public long virtOf(final long pfn) {
        return virtBase + (pfn << PAGE_SHIFT);
    }

    /** Frames mapped linearly from the virtual base on. */
    public long mappedPages() {
        return mappedPages;
    }

    /** First frame of the module; meaningless without one. */
    public long modulePfn() {
        return modulePfn;
    }

    /** Frames of the module, 0 without one. */
    public long modulePages() {
        return modulePages;
    }

    /** True when the module is in the linear mapping. */
    public boolean isModuleMapped() {
        return moduleMapped;
    }

    /** First frame of the p2m list. */
    public long p2mPfn() {
        return p2mPfn;
    }

    /** Frames of the p2m list. */
    public long p2mPages() {
        return p2mPages;
    }

    /** Virtual address of the p2m list. */
    public long p2mVirt() {
        return p2mVirt;
    }

    /** True when the p2m list is mapped at the address that the kernel asked for, outside the linear mapping. */
    public boolean isP2mApart() {
        return p2mApart;
    }

    /** Frames of the tables that map a p2m list apart; they follow the list. */
    public long p2mTablePages() {
        return p2mTablePages;
    }

    /** Frame of start_info. */
    public long startInfoPfn() {
        return startInfoPfn;
    }

    /** Frame of the xenstore page. */
    public long storePfn() {
        return storePfn;
    }

    /** Frame of the console page. */
    public long consolePfn() {
        return consolePfn;
    }

    /** First frame of the page tables: the top-level table. */
    public long tablePfn() {
        return tablePfn;
    }

    /** Frames of the page tables. */
    public long tablePages() {
        return tablePages;
    }

    /** Frame of the boot stack. */
    public long stackPfn() {
        return stackPfn;
    }
}
