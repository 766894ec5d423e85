package io.xenolith.x86.simd;

import io.xenolith.x86.decode.InstructionTable;

/** Registers every MMX, SSE and SSE2 instruction, FXSAVE, FXRSTOR and the fences. */
public final class SimdRows {
    private SimdRows() {
    }

    /** Adds the rows. */
    public static void register(InstructionTable table) {
        new PackedIntegerRows(table).register();
        new SimdMoveRows(table).register();
        new SimdFloatRows(table).register();
        new SimdConvertRows(table).register();
        SimdStateRows.register(table);
    }
}
