package io.xenolith.dom0.builder;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.Set;

/**
 * A paravirtual kernel, checked and ready to be placed: width, entry point, the span of virtual addresses it
 * takes, and the pieces of the file to copy.
 *
 * <p>Load address of a piece: pseudo-physical = p_paddr - paddr offset; virtual = that + virtual base.
 */
public final class KernelImage {
    private static final long PAGE = 4096;
    private static final long LIMIT_32 = 0xF580_0000L;

    /** Feature names of {@code xen/features.h} by XENFEAT number. */
    static final Map<String, Integer> FEATURES = Map.ofEntries(
            Map.entry("writable_page_tables", 0), Map.entry("writable_descriptor_tables", 1),
            Map.entry("auto_translated_physmap", 2), Map.entry("supervisor_mode_kernel", 3),
            Map.entry("pae_pgdir_above_4gb", 4), Map.entry("mmu_pt_update_preserve_ad", 5),
            Map.entry("highmem_assist", 6), Map.entry("gnttab_map_avail_bits", 7),
            Map.entry("hvm_callback_vector", 8), Map.entry("hvm_safe_pvclock", 9),
            Map.entry("hvm_pirqs", 10), Map.entry("dom0", 11));

    /**
     * What a kernel may insist on and still run here. The two "writable" features are named by every stock
     * kernel as required, by tradition; they are answered by emulating the writes.
     */
    private static final Set<String> SATISFIED = Set.of("writable_page_tables", "writable_descriptor_tables",
            "pae_pgdir_above_4gb", "mmu_pt_update_preserve_ad", "gnttab_map_avail_bits");

    /** Bytes {@code [offset, offset+length)} of the file to copy to virtual address {@code vaddr}. */
    public record Piece(long vaddr, int offset, int length) { }

    private final ElfImage elf;
    private final XenNotes notes;
    private final List<Piece> pieces = new ArrayList<>();
    private final long start;
    private final long end;

    /**
     * @param bytes the unpacked file
     * @throws ImageException with the sentence to show
     */
    public KernelImage(final byte[] bytes) {
        elf = new ElfImage(bytes);
        notes = XenNotes.of(elf);
        checkNotes();
        long low = Long.MAX_VALUE;
        long high = Long.MIN_VALUE;
        for (final ElfImage.Segment s : elf.segments()) {
            if (s.type() == ElfImage.PT_LOAD && s.memSize() > 0) {
                final long phys = s.paddr() - notes.paddrOffset();
                checkPlace(phys, s);
                pieces.add(new Piece(phys + notes.virtBase(), (int) s.offset(), (int) s.fileSize()));
                low = Math.min(low, phys);
                high = Math.max(high, phys + s.memSize());
            }
        }
        if (pieces.isEmpty()) {
            throw new ImageException("The kernel has no segment to load.");
        }
        start = low + notes.virtBase();
        end = high + notes.virtBase();
        checkEntry();
    }

    /** Reads, unpacks and checks the file. */
    public static KernelImage read(final Path path) {
        return new KernelImage(ImageBytes.readKernel(path));
    }

    private void checkNotes() {
        if (!notes.xenVersion().isEmpty() && !notes.xenVersion().startsWith("xen-3.0")) {
            throw new ImageException("The kernel wants interface " + notes.xenVersion() + "; this is xen-3.0.");
        }
        if (!notes.loader().isEmpty() && !notes.loader().startsWith("generic") && !notes.guestOs().startsWith("linux")) {
            throw new ImageException("The kernel wants the loader " + notes.loader() + ", which we lack.");
        }
        if (!elf.is64Bit() && !notes.isPae()) {
            throw new ImageException("The kernel is a 32-bit kernel without PAE, which we lack.");
        }
        final Set<String> lacking = new TreeSet<>(notes.requiredFeatures());
        lacking.removeAll(SATISFIED);
        if (!lacking.isEmpty()) {
            throw new ImageException("The kernel wants a feature we lack: " + String.join(", ", lacking) + ".");
        }
    }

    private void checkPlace(final long phys, final ElfImage.Segment s) {
        final long limit = is64Bit() ? 1L << 40 : LIMIT_32;
        if (phys < 0 || phys > limit || s.memSize() > limit - phys) {
            throw new ImageException("The kernel is damaged: a segment would lie outside the address space.");
        }
    }

    private void checkEntry() {
        final long entry = entry();
        if (Long.compareUnsigned(entry, start & -PAGE) < 0 || Long.compareUnsigned(entry, end) >= 0) {
            throw new ImageException("The kernel is damaged: its entry point " + Long.toHexString(entry)
                    + " is outside the image.");
        }
        final long page = notes.hypercallPage();
        if (page != -1 && ((page & PAGE - 1) != 0 || Long.compareUnsigned(page, start) < 0
                || Long.compareUnsigned(page, end) >= 0)) {
            throw new ImageException("The kernel is damaged: its hypercall page " + Long.toHexString(page)
                    + " is outside the image.");
        }
    }

    /** True for a 64-bit kernel, false for 32-bit PAE. */
    public boolean is64Bit() {
        return elf.is64Bit();
    }

    /** The guest type as written to start_info.magic. */
    public String guestType() {
        return is64Bit() ? "xen-3.0-x86_64" : "xen-3.0-x86_32p";
    }

    /** Entry point, a virtual address. */
    public long entry() {
        return notes.entry(elf.entry());
    }

    /** Virtual address of the first byte of the image. */
    public long start() {
        return start;
    }

    /** Virtual address behind the last byte of the image, bss included. */
    public long end() {
        return end;
    }

    /** What the kernel says about itself. */
    public XenNotes notes() {
        return notes;
    }

    /** What to copy where. */
    public List<Piece> pieces() {
        return pieces;
    }

    /** The unpacked file. */
    public byte[] bytes() {
        return elf.bytes();
    }
}
