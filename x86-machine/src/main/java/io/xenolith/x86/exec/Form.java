package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;

/** How the two operands of a specialised instruction lie. */
enum Form {
    REGISTER_REGISTER, REGISTER_IMMEDIATE, REGISTER_MEMORY, MEMORY_REGISTER, MEMORY_IMMEDIATE;

    /**
     * The form of an instruction.
     *
     * @param flat whether offsets in DS, ES and SS are linear addresses
     * @return null when no specialised instruction fits
     */
    static Form of(final Insn i, final boolean flat) {
        final Operand d = i.operands[0];
        final Operand s = i.operands[1];
        final boolean immediate = s.kind() == Operand.Kind.IMM;
        final boolean sourceRegister = s.kind() == Operand.Kind.GPR;
        if (d.kind() == Operand.Kind.GPR) {
            if (s.memory()) {
                return directMemory(i, flat) ? REGISTER_MEMORY : null;
            }
            return immediate ? REGISTER_IMMEDIATE : sourceRegister ? REGISTER_REGISTER : null;
        }
        if (d.memory() && directMemory(i, flat)) {
            return immediate ? MEMORY_IMMEDIATE : sourceRegister ? MEMORY_REGISTER : null;
        }
        return null;
    }

    /** Whether the memory operand's offset is its linear address. */
    static boolean directMemory(final Insn i, final boolean flat) {
        return flat && i.seg != Cpu.FS && i.seg != Cpu.GS && (i.mode64 || i.seg != Cpu.CS);
    }
}
