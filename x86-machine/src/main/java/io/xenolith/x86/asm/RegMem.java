package io.xenolith.x86.asm;

/** What the r/m field of a ModRM byte can name: a register or a memory operand. */
public sealed interface RegMem permits Reg, Mem {
    /**
     * Operand size in bytes.
     *
     * @return 1, 2, 4, 8, 10 or 16; 0 when a memory operand takes its size from the other operand.
     */
    int size();
}
