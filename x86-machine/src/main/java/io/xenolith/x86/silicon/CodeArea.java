package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.CHUNK_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.CHUNK_CODE_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.CODE_BASE;
import static io.xenolith.x86.silicon.CaseLayout.CODE_SLOT_BYTES;

import io.xenolith.shm.Raw;
import io.xenolith.x86.asm.Mode;

/** Writes the bytes of a case where the child executes them: the instruction, the way out, and traps all around. */
final class CodeArea {
    private static final byte INT3 = (byte) 0xCC;

    private CodeArea() {
    }

    /**
     * Fills the code slot of a case. An instruction that runs into the hole behind its slot is cut there.
     *
     * @param base address of the shared file.
     */
    static void write(final long base, final Case c) {
        final int slot = c.codeOffset & -CODE_SLOT_BYTES;
        Raw.fill(base + slot, CODE_SLOT_BYTES, INT3);
        final int room = slot + CODE_SLOT_BYTES - c.codeOffset;
        Raw.copyIn(c.code, 0, base + c.codeOffset, Math.min(room, c.length));
        if (c.length < room) {
            final Mode mode = c.form.is64() ? Mode.BITS64 : c.narrowCode ? Mode.BITS16 : Mode.BITS32;
            final byte[] exit = ChildProgram.exitCode(mode, CODE_BASE + c.codeOffset + c.length);
            Raw.copyIn(exit, 0, base + c.codeOffset + c.length, exit.length);
        }
    }

    /** Bytes from an offset of the code area to the next page that is not mapped. */
    static int bytesToHole(final int codeOffset) {
        return CHUNK_CODE_BYTES - codeOffset % CHUNK_BYTES;
    }
}
