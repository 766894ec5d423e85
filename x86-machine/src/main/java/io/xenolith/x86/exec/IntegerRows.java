package io.xenolith.x86.exec;

import io.xenolith.x86.decode.InstructionTable;

/** Rows of the integer instructions up to those of the Pentium Pro, in 32- and 64-bit mode. */
public final class IntegerRows {
    private IntegerRows() {
    }

    /** Adds them. */
    public static void register(final InstructionTable t) {
        Alu.register(t);
        Shifts.register(t);
        MulDiv.register(t);
        Moves.register(t);
        Bits.register(t);
        StackOps.register(t);
        Branches.register(t);
        Strings.register(t);
        Bcd.register(t);
        Traps.register(t);
    }
}
