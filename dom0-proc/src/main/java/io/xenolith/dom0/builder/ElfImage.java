package io.xenolith.dom0.builder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts of an ELF file that a builder needs: header, program headers and section headers of a 32- or
 * 64-bit little-endian file. Nothing that lies outside the file is accepted; note areas alone may run past
 * their own end (see {@link XenNotes}).
 */
public final class ElfImage {
    /** {@code e_machine} of 32-bit x86. */
    public static final int EM_386 = 3;
    /** {@code e_machine} of 64-bit x86. */
    public static final int EM_X86_64 = 62;
    /** Segment to load. */
    public static final int PT_LOAD = 1;
    /** Segment of notes. */
    public static final int PT_NOTE = 4;
    /** Section of notes. */
    public static final int SHT_NOTE = 7;

    private static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort LE16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** One program header; offsets and sizes in bytes. */
    public record Segment(int type, long offset, long vaddr, long paddr, long fileSize, long memSize) { }

    /** One section header; offset and size in bytes. */
    public record Section(String name, int type, long offset, long size) { }

    private final byte[] bytes;
    private final MemorySegment file;
    private final boolean wide;
    private final int machine;
    private final long entry;
    private final List<Segment> segments = new ArrayList<>();
    private final List<Section> sections = new ArrayList<>();

    /**
     * @param bytes the file, unpacked
     * @throws ImageException not ELF, not an x86 executable of either width, or truncated
     */
    public ElfImage(final byte[] bytes) {
        this.bytes = bytes;
        this.file = MemorySegment.ofArray(bytes);
        checkIdent();
        wide = bytes[4] == 2;
        need(0, wide ? 64 : 52, "header");
        machine = u16(18);
        checkMachine();
        entry = word(24);
        readSegments();
        readSections();
    }

    private void checkIdent() {
        if (bytes.length < 4 || bytes[0] != 0x7f || bytes[1] != 'E' || bytes[2] != 'L' || bytes[3] != 'F') {
            throw new ImageException("The kernel is not an ELF file.");
        }
        need(0, 16, "header");
        if (bytes[4] != 1 && bytes[4] != 2 || bytes[5] != 1) {
            throw new ImageException("The kernel is an ELF file for another architecture.");
        }
    }

    private void checkMachine() {
        final boolean ok = wide ? machine == EM_X86_64 : machine == EM_386;
        if (!ok) {
            throw new ImageException("The kernel is an ELF file for another architecture (e_machine " + machine
                    + "); 32- and 64-bit x86 are supported.");
        }
    }

    private void readSegments() {
        final long at = word(wide ? 32 : 28);
        final int size = u16(wide ? 54 : 42);
        final int count = u16(wide ? 56 : 44);
        if (count > 0 && size < (wide ? 56 : 32)) {
            throw new ImageException("The kernel is damaged: its ELF program headers are too small.");
        }
        need(at, (long) size * count, "program headers");
        for (int i = 0; i < count; i++) {
            segments.add(segmentAt(at + (long) i * size));
        }
    }

    private Segment segmentAt(final long at) {
        final int type = u32(at);
        final Segment s = wide
                ? new Segment(type, u64(at + 8), u64(at + 16), u64(at + 24), u64(at + 32), u64(at + 40))
                : new Segment(type, w32(at + 4), w32(at + 8), w32(at + 12), w32(at + 16), w32(at + 20));
        if (type == PT_LOAD) {
            need(s.offset(), s.fileSize(), "load segment");
            if (s.memSize() < s.fileSize() || s.paddr() < 0 || s.memSize() > ImageBytes.MAX_BYTES * 4L) {
                throw new ImageException("The kernel is damaged: a load segment has impossible sizes.");
            }
        }
        return s;
    }

    private void readSections() {
        final long at = word(wide ? 40 : 32);
        final int size = u16(wide ? 58 : 46);
        final int count = u16(wide ? 60 : 48);
        final int names = u16(wide ? 62 : 50);
        // Sections are an aid, not a need: a stripped or cut table only means that there are none.
        if (at == 0 || size < (wide ? 64 : 40) || !inside(at, (long) size * count)) {
            return;
        }
        final long namesHeader = names < count ? at + (long) names * size : -1;
        for (int i = 0; i < count; i++) {
            final long h = at + (long) i * size;
            final String name = namesHeader < 0 ? "" : nameAt(sectionOffset(namesHeader) + (u32(h) & 0xffff_ffffL));
            sections.add(new Section(name, u32(h + 4), sectionOffset(h), wide ? u64(h + 32) : w32(h + 20)));
        }
    }

    private long sectionOffset(final long header) {
        return wide ? u64(header + 24) : w32(header + 16);
    }

    private String nameAt(final long at) {
        if (at < 0 || at >= bytes.length) {
            return "";
        }
        int end = (int) at;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, (int) at, end - (int) at, StandardCharsets.ISO_8859_1);
    }

    /** True for ELF64. */
    public boolean is64Bit() {
        return wide;
    }

    /** {@link #EM_386} or {@link #EM_X86_64}. */
    public int machine() {
        return machine;
    }

    /** {@code e_entry}, a virtual address. */
    public long entry() {
        return entry;
    }

    /** Program headers in file order. */
    public List<Segment> segments() {
        return segments;
    }

    /** Section headers in file order; empty when the file has no usable table. */
    public List<Section> sections() {
        return sections;
    }

    /** The whole file. */
    public byte[] bytes() {
        return bytes;
    }

    private boolean inside(final long at, final long length) {
        return at >= 0 && length >= 0 && at <= bytes.length && length <= bytes.length - at;
    }

    private void need(final long at, final long length, final String what) {
        if (!inside(at, length)) {
            throw new ImageException("The kernel is truncated: its ELF " + what + " ends beyond the file.");
        }
    }

    private int u16(final long at) {
        return file.get(LE16, at) & 0xffff;
    }

    private int u32(final long at) {
        return file.get(LE32, at);
    }

    private long w32(final long at) {
        return file.get(LE32, at) & 0xffff_ffffL;
    }

    private long u64(final long at) {
        return file.get(LE64, at);
    }

    private long word(final long at) {
        return wide ? u64(at) : w32(at);
    }
}
