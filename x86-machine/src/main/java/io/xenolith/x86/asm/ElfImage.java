package io.xenolith.x86.asm;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes an executable ELF32 or ELF64 file with program headers only (System V ABI; no section table).
 *
 * <p>File layout: ELF header, program headers, notes, then each segment at a file offset congruent to its virtual
 * address modulo the page size, as a loader that maps the file needs.
 */
public final class ElfImage {
    /** Segment may be executed. */
    public static final int EXECUTE = 1;
    /** Segment may be written. */
    public static final int WRITE = 2;
    /** Segment may be read. */
    public static final int READ = 4;

    private static final int PAGE = 4096;
    private static final int TYPE_EXECUTABLE = 2;
    private static final int MACHINE_386 = 3;
    private static final int MACHINE_X86_64 = 62;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;

    private record Load(long vaddr, long paddr, byte[] data, long memorySize, int flags) {
    }

    private final boolean wide;
    private final long entry;
    private final List<Load> loads = new ArrayList<>();
    private final ByteArrayOutputStream notes = new ByteArrayOutputStream();

    /**
     * An empty image.
     *
     * @param wide  true for ELF64, false for ELF32.
     * @param entry virtual address of the entry point.
     */
    public ElfImage(final boolean wide, final long entry) {
        this.wide = wide;
        this.entry = entry;
    }

    /**
     * Adds a loadable segment whose physical address is its virtual one.
     *
     * @param vaddr      virtual address.
     * @param data       contents of the file part.
     * @param memorySize size in memory, at least the file part; the rest is zero.
     * @param flags      {@link #READ}, {@link #WRITE}, {@link #EXECUTE}.
     * @return this.
     */
    public ElfImage load(final long vaddr, final byte[] data, final long memorySize, final int flags) {
        return load(vaddr, vaddr, data, memorySize, flags);
    }

    /**
     * Adds a loadable segment.
     *
     * @param vaddr      virtual address.
     * @param paddr      physical address.
     * @param data       contents of the file part.
     * @param memorySize size in memory, at least the file part; the rest is zero.
     * @param flags      {@link #READ}, {@link #WRITE}, {@link #EXECUTE}.
     * @return this.
     */
    public ElfImage load(
        final long vaddr, final long paddr, final byte[] data, final long memorySize, final int flags) {
        if (memorySize < data.length) {
            throw new IllegalArgumentException("memory size below file size: " + memorySize + " < " + data.length);
        }
        loads.add(new Load(vaddr, paddr, data.clone(), memorySize, flags));
        return this;
    }

    /**
     * Adds a note.
     *
     * @param owner       name of the owner, for instance {@code Xen}.
     * @param type        note type.
     * @param description contents.
     * @return this.
     */
    public ElfImage note(final String owner, final int type, final byte[] description) {
        final byte[] name = (owner + "\0").getBytes(StandardCharsets.ISO_8859_1);
        final ByteBuffer b = ByteBuffer.allocate(12 + padded(name.length) + padded(description.length));
        b.order(ByteOrder.LITTLE_ENDIAN).putInt(name.length).putInt(description.length).putInt(type);
        b.put(name).position(12 + padded(name.length)).put(description);
        notes.writeBytes(b.array());
        return this;
    }

    /**
     * Adds a Xen note that holds a string.
     *
     * @param type XEN_ELFNOTE number.
     * @param text value; a zero byte is appended.
     * @return this.
     */
    public ElfImage xenNote(final int type, final String text) {
        return note("Xen", type, (text + "\0").getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * Adds a Xen note that holds a number of the image's address size.
     *
     * @param type  XEN_ELFNOTE number.
     * @param value value.
     * @return this.
     */
    public ElfImage xenNote(final int type, final long value) {
        final ByteBuffer b = ByteBuffer.allocate(wide ? 8 : 4).order(ByteOrder.LITTLE_ENDIAN);
        return note("Xen", type, (wide ? b.putLong(value) : b.putInt((int)value)).array());
    }

    /**
     * The file.
     *
     * @return its bytes.
     */
    public byte[] toBytes() {
        final int headers = loads.size() + (notes.size() > 0 ? 1 : 0);
        final int notesAt = headerSize() + headers * programHeaderSize();
        final long[] offsets = new long[loads.size()];
        long end = notesAt + notes.size();
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = end + Math.floorMod(loads.get(i).vaddr - end, PAGE);
            end = offsets[i] + loads.get(i).data.length;
        }
        final ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(end)).order(ByteOrder.LITTLE_ENDIAN);
        header(out, headers);
        if (notes.size() > 0) {
            programHeader(out, PT_NOTE, READ, notesAt, 0, 0, notes.size(), notes.size(), 4);
        }
        for (int i = 0; i < offsets.length; i++) {
            final Load l = loads.get(i);
            programHeader(out, PT_LOAD, l.flags, offsets[i], l.vaddr, l.paddr, l.data.length, l.memorySize, PAGE);
        }
        out.put(notes.toByteArray());
        for (int i = 0; i < offsets.length; i++) {
            out.position((int)offsets[i]).put(loads.get(i).data);
        }
        return out.array();
    }

    private int headerSize() {
        return wide ? 64 : 52;
    }

    private int programHeaderSize() {
        return wide ? 56 : 32;
    }

    private void header(final ByteBuffer out, final int headers) {
        out.putInt(0x464C457F).put((byte)(wide ? 2 : 1)).put((byte)1).put((byte)1).position(16);
        out.putShort((short)TYPE_EXECUTABLE).putShort((short)(wide ? MACHINE_X86_64 : MACHINE_386)).putInt(1);
        word(out, entry);
        word(out, headerSize());
        word(out, 0);
        out.putInt(0).putShort((short)headerSize()).putShort((short)programHeaderSize()).putShort((short)headers);
        out.putShort((short)0).putShort((short)0).putShort((short)0);
    }

    private void programHeader(
        final ByteBuffer out, final int type, final int flags, final long offset, final long vaddr, final long paddr,
        final long fileSize, final long memorySize, final int align) {
        out.putInt(type);
        if (wide) {
            out.putInt(flags);
        }
        word(out, offset);
        word(out, vaddr);
        word(out, paddr);
        word(out, fileSize);
        word(out, memorySize);
        if (!wide) {
            out.putInt(flags);
        }
        word(out, align);
    }

    private void word(final ByteBuffer out, final long value) {
        if (wide) {
            out.putLong(value);
        } else {
            out.putInt((int)value);
        }
    }

    private static int padded(final int n) {
        return n + 3 & ~3;
    }
}
