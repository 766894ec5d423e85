package io.xenolith.guests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.abi.ElfNote;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the domain builder will find in the image, and the pattern that kernel and disk agree on. */
class EmbeddedKernelTest {
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private final ByteBuffer elf = ByteBuffer.wrap(EmbeddedKernel.image()).order(ByteOrder.LITTLE_ENDIAN);

    /** Offset of the program header of a type; there is one of each. */
    private int header(final int type) {
        final int at = elf.getInt(28);
        for (int i = 0; i < elf.getShort(44); i++) {
            if (elf.getInt(at + 32 * i) == type) {
                return at + 32 * i;
            }
        }
        throw new AssertionError("no program header of type " + type);
    }

    private Map<Integer, Long> numericNotes() {
        final Map<Integer, Long> notes = new HashMap<>();
        final int h = header(PT_NOTE);
        int at = elf.getInt(h + 4);
        final int end = at + elf.getInt(h + 16);
        while (at < end) {
            assertEquals(4, elf.getInt(at), "length of the name Xen");
            final int size = elf.getInt(at + 4);
            if (size == 4) {
                notes.put(elf.getInt(at + 8), elf.getInt(at + 16) & 0xFFFFFFFFL);
            }
            at += 16 + (size + 3 & ~3);
        }
        return notes;
    }

    @Test
    void notesPointIntoTheImage() {
        final Map<Integer, Long> notes = numericNotes();
        final int load = header(PT_LOAD);
        final long from = elf.getInt(load + 8) & 0xFFFFFFFFL;
        final long to = from + elf.getInt(load + 20);
        assertEquals(Kernel.VIRT_BASE, notes.get(ElfNote.VIRT_BASE));
        for (final int note : new int[] {ElfNote.ENTRY, ElfNote.HYPERCALL_PAGE}) {
            assertTrue(notes.get(note) >= from && notes.get(note) < to, "note " + note);
        }
        assertEquals(0, notes.get(ElfNote.HYPERCALL_PAGE) % Kernel.PAGE);
        assertEquals(from - Kernel.VIRT_BASE, elf.getInt(load + 12), "physical address");
        assertEquals(notes.get(ElfNote.ENTRY), elf.getInt(24) & 0xFFFFFFFFL, "entry point");
    }

    @Test
    void theImageIsTheSameEveryTime() {
        assertEquals(ByteBuffer.wrap(EmbeddedKernel.image()).order(ByteOrder.LITTLE_ENDIAN), elf);
    }

    @Test
    void patternDiskHoldsThePattern(@TempDir final Path dir) throws IOException {
        final Path file = dir.resolve("disk.img");
        PatternDisk.write(file, 2);
        final ByteBuffer disk = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(2 << 20, disk.capacity());
        assertEquals(PatternDisk.OFFSET, disk.getInt(0));
        assertEquals(300_000 * PatternDisk.FACTOR + PatternDisk.OFFSET, disk.getInt(4 * 300_000));
    }
}
