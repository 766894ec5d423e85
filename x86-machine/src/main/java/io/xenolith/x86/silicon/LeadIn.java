package io.xenolith.x86.silicon;

import io.xenolith.x86.Cpu;

/**
 * An instruction that sets flags, put before a conditional branch that is run as a block: the model joins such pairs
 * into one, which must behave as the two.
 */
final class LeadIn {
    private static final int AF = 0x10;
    /** Two-operand opcodes, destination r/m, byte form first: ADD OR AND SUB XOR CMP TEST. */
    private static final int[] TWO_OPERANDS = {0x00, 0x08, 0x20, 0x28, 0x30, 0x38, 0x84};
    /** Extensions of opcode 80 to 83 for the same operations. */
    private static final int[] IMMEDIATE = {0, 1, 4, 5, 6, 7};

    private LeadIn() {
    }

    /** Emits the bytes of one to the case's code. */
    static void emit(final CaseGenerator g) {
        final boolean memory = g.random.oneIn(3);
        final int base = memory ? memoryBase(g) : g.random.below(8);
        final int modRm = (memory ? 0 : 0xC0) | base;
        prefixes(g);
        switch (g.random.below(4)) {
            case 0 -> immediate(g, modRm);
            case 1 -> {
                g.emit(0xFE | g.random.below(2));
                g.emit(modRm | g.random.below(2) << 3);
            }
            default -> twoOperands(g, modRm);
        }
    }

    /** A register that points to a spot, never one that needs a SIB byte or a displacement. */
    private static int memoryBase(final CaseGenerator g) {
        final int register = g.random.oneIn(2) ? Cpu.RSI : Cpu.RBX;
        g.gpr[register] = g.offsetOf(g.pick(8), Cpu.DS, 8);
        return register;
    }

    private static void prefixes(final CaseGenerator g) {
        if (g.c.narrowCode) {
            g.emit(0x67);
        }
        if (g.random.oneIn(4)) {
            g.emit(0x66);
        }
        if (g.c.form.is64() && g.random.oneIn(3)) {
            g.emit(0x48);
        }
    }

    private static void twoOperands(final CaseGenerator g, final int modRm) {
        final int opcode = TWO_OPERANDS[g.random.below(TWO_OPERANDS.length)];
        final boolean reversed = opcode != 0x84 && g.random.oneIn(2);
        noteLogic(g, opcode >> 3);
        g.emit(opcode + g.random.below(2) + (reversed ? 2 : 0));
        g.emit(modRm | g.random.below(8) << 3);
    }

    private static void immediate(final CaseGenerator g, final int modRm) {
        final int operation = IMMEDIATE[g.random.below(IMMEDIATE.length)];
        noteLogic(g, operation);
        g.emit(g.random.oneIn(2) ? 0x80 : 0x83);
        g.emit(modRm | operation << 3);
        g.emit((int) g.random.value() & 0xFF);
    }

    /** OR, AND, XOR and TEST leave AF undefined. */
    private static void noteLogic(final CaseGenerator g, final int operation) {
        if (operation == 1 || operation == 4 || operation == 6 || operation == 0x10) {
            g.c.undefinedBefore = AF;
        }
    }
}
