package io.xenolith.x86.fpu;

import io.xenolith.x86.decode.InstructionTable;

/** Registers every x87 instruction. */
public final class FpuRows {
    private FpuRows() {
    }

    /** Adds the rows. */
    public static void register(InstructionTable table) {
        new FpuArithmeticRows(table).register();
        new FpuTransferRows(table).register();
        new FpuControlRows(table).register();
    }
}
