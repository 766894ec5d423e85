package io.xenolith.dom0.builder;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes small ELF files with Xen notes, right ones and wrong ones. */
final class TestKernel {
    private final boolean wide;
    private final List<byte[]> notes = new ArrayList<>();
    private int noteSegmentCut;
    private long entry;
    private long vaddr;
    private long paddr;
    private int fileSize = 0x1000;
    private long memSize = 0x3000;
    private int machine;
    private String legacy;

    TestKernel(final boolean wide) {
        this.wide = wide;
        this.machine = wide ? 62 : 3;
    }

    static TestKernel pae() {
        return new TestKernel(false).note(6, "TEST").note(8, "generic").note(5, "xen-3.0").note(9, "yes");
    }

    static TestKernel amd64() {
        return new TestKernel(true).note(6, "TEST").note(8, "generic").note(5, "xen-3.0");
    }

    TestKernel note(final int type, final String text) {
        return rawNote(type, (text + "\0").getBytes(StandardCharsets.ISO_8859_1));
    }

    TestKernel number(final int type, final long value) {
        final ByteBuffer b = ByteBuffer.allocate(wide ? 8 : 4).order(ByteOrder.LITTLE_ENDIAN);
        if (wide) {
            b.putLong(value);
        } else {
            b.putInt((int) value);
        }
        return rawNote(type, b.array());
    }

    private TestKernel rawNote(final int type, final byte[] desc) {
        final ByteBuffer b = ByteBuffer.allocate(16 + (desc.length + 3 & ~3)).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(4).putInt(desc.length).putInt(type).put("Xen\0".getBytes(StandardCharsets.ISO_8859_1)).put(desc);
        notes.add(b.array());
        return this;
    }

    /** Makes the last note claim {@code bytes} more than its segment has. */
    TestKernel overrun(final int bytes) {
        noteSegmentCut = bytes;
        return this;
    }

    TestKernel entry(final long va) {
        entry = va;
        return this;
    }

    TestKernel place(final long va, final long pa) {
        vaddr = va;
        paddr = pa;
        return this;
    }

    TestKernel size(final int file, final long mem) {
        fileSize = file;
        memSize = mem;
        return this;
    }

    TestKernel machine(final int m) {
        machine = m;
        return this;
    }

    TestKernel legacy(final String section) {
        legacy = section;
        notes.clear();
        return this;
    }

    byte[] build() {
        final int header = 0x1000;
        final int noteBytes = notes.stream().mapToInt(n -> n.length).sum();
        final String names = "\0__xen_guest\0.shstrtab\0";
        final int legacyAt = header + fileSize + noteBytes;
        final int legacySize = legacy == null ? 0 : legacy.length() + 1;
        final int namesAt = legacyAt + legacySize;
        final int sectionsAt = namesAt + names.length();
        final int shent = wide ? 64 : 40;
        final int total = legacy == null ? legacyAt : sectionsAt + 3 * shent;
        final ByteBuffer b = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        b.put(new byte[]{0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1), 1, 1});
        b.putShort(16, (short) 2).putShort(18, (short) machine).putInt(20, 1);
        final int phoff = wide ? 64 : 52;
        if (wide) {
            b.putLong(24, entry).putLong(32, phoff).putLong(40, legacy == null ? 0 : sectionsAt);
            b.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 2);
            b.putShort(58, (short) 64).putShort(60, (short) (legacy == null ? 0 : 3)).putShort(62, (short) 2);
        } else {
            b.putInt(24, (int) entry).putInt(28, phoff).putInt(32, legacy == null ? 0 : sectionsAt);
            b.putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 2);
            b.putShort(46, (short) 40).putShort(48, (short) (legacy == null ? 0 : 3)).putShort(50, (short) 2);
        }
        segment(b, phoff, 1, header, vaddr, paddr, fileSize, memSize);
        segment(b, phoff + (wide ? 56 : 32), 4, noteBytes == 0 ? 0 : header + fileSize, 0, 0,
                noteBytes - noteSegmentCut, 0);
        for (int i = 0; i < fileSize; i++) {
            b.put(header + i, (byte) (i * 7));
        }
        int at = header + fileSize;
        for (final byte[] n : notes) {
            b.put(at, n);
            at += n.length;
        }
        if (legacy != null) {
            b.put(legacyAt, legacy.getBytes(StandardCharsets.ISO_8859_1));
            b.put(namesAt, names.getBytes(StandardCharsets.ISO_8859_1));
            section(b, sectionsAt + shent, 1, 1, legacyAt, legacySize);
            section(b, sectionsAt + 2 * shent, 13, 3, namesAt, names.length());
        }
        return b.array();
    }

    private void segment(final ByteBuffer b, final int at, final int type, final long offset, final long va,
                         final long pa, final long file, final long mem) {
        b.putInt(at, type);
        if (wide) {
            b.putInt(at + 4, 7).putLong(at + 8, offset).putLong(at + 16, va).putLong(at + 24, pa)
                    .putLong(at + 32, file).putLong(at + 40, mem).putLong(at + 48, 0x1000);
        } else {
            b.putInt(at + 4, (int) offset).putInt(at + 8, (int) va).putInt(at + 12, (int) pa).putInt(at + 16, (int) file)
                    .putInt(at + 20, (int) mem).putInt(at + 24, 7).putInt(at + 28, 0x1000);
        }
    }

    private void section(final ByteBuffer b, final int at, final int name, final int type, final long offset,
                         final long size) {
        b.putInt(at, name).putInt(at + 4, type);
        if (wide) {
            b.putLong(at + 24, offset).putLong(at + 32, size);
        } else {
            b.putInt(at + 16, (int) offset).putInt(at + 20, (int) size);
        }
    }
}
