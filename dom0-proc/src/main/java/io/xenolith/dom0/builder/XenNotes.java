package io.xenolith.dom0.builder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a kernel says about itself: the ELF notes of owner "Xen" (numbers of {@code xen/elfnote.h}), or the
 * {@code __xen_guest} string of older kernels.
 *
 * <p>Looked for in this order, first find wins: note segments (those at file offset 0 are place holders),
 * note sections, a section called {@code __xen_guest}.
 *
 * <p>Notes are packed at 4 bytes whatever the segment's alignment says, and the last one may claim more bytes
 * than its segment has (Debian's grub-i386-xen.bin does): it is clipped to the segment, not refused.
 */
public final class XenNotes {
    private static final int ENTRY = 1;
    private static final int HYPERCALL_PAGE = 2;
    private static final int VIRT_BASE = 3;
    private static final int PADDR_OFFSET = 4;
    private static final int XEN_VERSION = 5;
    private static final int GUEST_OS = 6;
    private static final int GUEST_VERSION = 7;
    private static final int LOADER = 8;
    private static final int PAE_MODE = 9;
    private static final int FEATURES = 10;
    private static final int BSD_SYMTAB = 11;
    private static final int HV_START_LOW = 12;
    private static final int SUSPEND_CANCEL = 14;
    private static final int INIT_P2M = 15;
    private static final int MOD_START_PFN = 16;
    private static final int SUPPORTED_FEATURES = 17;

    private static final int MAX_NOTES = 256;
    private static final byte[] OWNER = {'X', 'e', 'n', 0};
    private static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Map<Integer, Long> numbers = new HashMap<>();
    private final Map<Integer, String> strings = new HashMap<>();
    private final Set<String> supported = new TreeSet<>();
    private final Set<String> required = new TreeSet<>();
    private boolean legacy;
    private boolean found;

    private XenNotes() {
    }

    /**
     * Reads the notes of {@code elf}.
     *
     * @throws ImageException when there are none: the file is no paravirtual kernel
     */
    public static XenNotes of(final ElfImage elf) {
        final XenNotes notes = new XenNotes();
        notes.readSegments(elf);
        if (!notes.found) {
            notes.readNoteSections(elf);
        }
        if (!notes.found) {
            notes.readLegacySection(elf);
        }
        if (!notes.found) {
            throw new ImageException("The kernel has no Xen notes: it is not a paravirtual Xen kernel.");
        }
        notes.readFeatures();
        return notes;
    }

    private void readSegments(final ElfImage elf) {
        for (final ElfImage.Segment s : elf.segments()) {
            if (s.type() == ElfImage.PT_NOTE && s.offset() != 0 && !found) {
                readArea(elf.bytes(), s.offset(), s.fileSize());
            }
        }
    }

    private void readNoteSections(final ElfImage elf) {
        for (final ElfImage.Section s : elf.sections()) {
            if (s.type() == ElfImage.SHT_NOTE) {
                readArea(elf.bytes(), s.offset(), s.size());
            }
        }
    }

    private void readLegacySection(final ElfImage elf) {
        for (final ElfImage.Section s : elf.sections()) {
            if (s.name().equals("__xen_guest") && s.offset() >= 0 && s.offset() < elf.bytes().length) {
                final int at = (int) s.offset();
                final int length = (int) Math.max(0, Math.min(s.size(), elf.bytes().length - s.offset()));
                readLegacy(text(elf.bytes(), at, length));
                return;
            }
        }
    }

    private void readArea(final byte[] file, final long offset, final long size) {
        if (offset < 0 || offset >= file.length || size <= 0) {
            return;
        }
        final long end = Math.min(file.length, offset + Math.min(size, file.length));
        final MemorySegment s = MemorySegment.ofArray(file);
        long at = offset;
        for (int i = 0; i < MAX_NOTES && at + 12 <= end; i++) {
            final long nameSize = s.get(LE32, at) & 0xffff_ffffL;
            final long descSize = s.get(LE32, at + 4) & 0xffff_ffffL;
            final int type = s.get(LE32, at + 8);
            final long name = at + 12;
            final long desc = name + align4(nameSize);
            if (desc > end) {
                return;
            }
            if (nameSize == OWNER.length && s.asSlice(name, OWNER.length).mismatch(MemorySegment.ofArray(OWNER)) < 0) {
                readNote(file, type, (int) desc, (int) Math.min(descSize, end - desc));
            }
            at = desc + align4(descSize);
        }
    }

    private static long align4(final long n) {
        return n + 3 & ~3L;
    }

    private void readNote(final byte[] file, final int type, final int at, final int size) {
        found = true;
        strings.put(type, text(file, at, size));
        if (size >= 8) {
            numbers.put(type, MemorySegment.ofArray(file).get(LE64, at));
        } else if (size >= 4) {
            numbers.put(type, MemorySegment.ofArray(file).get(LE32, at) & 0xffff_ffffL);
        }
    }

    private static String text(final byte[] file, final int at, final int size) {
        int n = 0;
        while (n < size && file[at + n] != 0) {
            n++;
        }
        return new String(file, at, n, StandardCharsets.ISO_8859_1);
    }

    private void readLegacy(final String all) {
        found = true;
        legacy = true;
        for (final String pair : all.split(",")) {
            final int eq = pair.indexOf('=');
            readLegacyPair(eq < 0 ? pair : pair.substring(0, eq), eq < 0 ? "" : pair.substring(eq + 1));
        }
        // The page is given as a number counted from the virtual base, which may come later in the string.
        final Long page = numbers.get(HYPERCALL_PAGE);
        if (page != null) {
            numbers.put(HYPERCALL_PAGE, virtBase() + (page << 12));
        }
        numbers.putIfAbsent(PADDR_OFFSET, virtBase());
    }

    private void readLegacyPair(final String key, final String value) {
        switch (key.trim()) {
            case "LOADER" -> strings.put(LOADER, value);
            case "GUEST_OS" -> strings.put(GUEST_OS, value);
            case "GUEST_VER" -> strings.put(GUEST_VERSION, value);
            case "XEN_VER" -> strings.put(XEN_VERSION, value);
            case "PAE" -> strings.put(PAE_MODE, value);
            case "FEATURES" -> strings.put(FEATURES, value);
            case "BSD_SYMTAB" -> strings.put(BSD_SYMTAB, "yes");
            case "VIRT_BASE" -> numbers.put(VIRT_BASE, number(key, value));
            case "ELF_PADDR_OFFSET" -> numbers.put(PADDR_OFFSET, number(key, value));
            case "VIRT_ENTRY" -> numbers.put(ENTRY, number(key, value));
            case "HYPERCALL_PAGE" -> numbers.put(HYPERCALL_PAGE, number(key, value));
            default -> { }
        }
    }

    private static long number(final String key, final String value) {
        try {
            final String v = value.trim().toLowerCase(Locale.ROOT);
            return v.startsWith("0x") ? Long.parseUnsignedLong(v.substring(2), 16) : Long.parseUnsignedLong(v);
        } catch (final NumberFormatException e) {
            throw new ImageException("The kernel's __xen_guest section gives no number for " + key + ": " + value + ".");
        }
    }

    private void readFeatures() {
        for (final String name : strings.getOrDefault(FEATURES, "").split("\\|")) {
            final String plain = name.startsWith("!") ? name.substring(1) : name;
            if (!plain.isEmpty()) {
                supported.add(plain);
                if (name.startsWith("!")) {
                    required.add(plain);
                }
            }
        }
    }

    /** True when the kernel has only the old {@code __xen_guest} string. */
    public boolean isLegacy() {
        return legacy;
    }

    /** Entry point, or {@code otherwise} when not noted. */
    public long entry(final long otherwise) {
        return numbers.getOrDefault(ENTRY, otherwise);
    }

    /** Virtual address of the page to fill with hypercall stubs, or -1. */
    public long hypercallPage() {
        return numbers.getOrDefault(HYPERCALL_PAGE, -1L);
    }

    /** Virtual address of pseudo-physical 0. */
    public long virtBase() {
        return numbers.getOrDefault(VIRT_BASE, 0L);
    }

    /** What to subtract from {@code p_paddr}. */
    public long paddrOffset() {
        return numbers.getOrDefault(PADDR_OFFSET, 0L);
    }

    /** Interface version the kernel was written for, or "". */
    public String xenVersion() {
        return strings.getOrDefault(XEN_VERSION, "");
    }

    /** Free text, or "". */
    public String guestOs() {
        return strings.getOrDefault(GUEST_OS, "");
    }

    /** Free text, or "". */
    public String guestVersion() {
        return strings.getOrDefault(GUEST_VERSION, "");
    }

    /** Loader wanted, "generic" with every kernel known, or "". */
    public String loader() {
        return strings.getOrDefault(LOADER, "");
    }

    /** True when a 32-bit kernel runs with PAE page tables. */
    public boolean isPae() {
        final String mode = strings.getOrDefault(PAE_MODE, "");
        return mode.startsWith("yes") || mode.contains("bimodal");
    }

    /** Lowest virtual address at which the kernel bears the hypervisor, or 0. */
    public long hypervisorStartLow() {
        return numbers.getOrDefault(HV_START_LOW, 0L);
    }

    /** True when the kernel bears a suspend hypercall that returns 1. */
    public boolean suspendCancel() {
        return numbers.getOrDefault(SUSPEND_CANCEL, 0L) == 1;
    }

    /** Where a 64-bit kernel wants its p2m list, or -1. */
    public long initP2m() {
        return numbers.getOrDefault(INIT_P2M, -1L);
    }

    /** True when the module may be given by frame number and stay unmapped. */
    public boolean modStartPfn() {
        return numbers.getOrDefault(MOD_START_PFN, 0L) == 1;
    }

    /** Bitmap of the XENFEAT numbers that the kernel can use, 0 when not noted. */
    public long supportedFeatures() {
        return numbers.getOrDefault(SUPPORTED_FEATURES, 0L);
    }

    /** True when the symbol table is to be loaded behind the image. */
    public boolean bsdSymtab() {
        return strings.getOrDefault(BSD_SYMTAB, "").startsWith("yes");
    }

    /** Names of features without which the kernel does not run. */
    public Set<String> requiredFeatures() {
        return required;
    }

    /** Names of features that the kernel can use. */
    public Set<String> features() {
        return supported;
    }
}
