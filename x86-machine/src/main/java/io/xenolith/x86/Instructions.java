package io.xenolith.x86;

import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.exec.IntegerRows;
import io.xenolith.x86.fpu.FpuRows;
import io.xenolith.x86.simd.SimdRows;
import io.xenolith.x86.system.SystemRows;

/** The complete instruction table: each part of the processor registers its rows here. */
public final class Instructions {
    private static final InstructionTable TABLE = build();

    private Instructions() {
    }

    /** The table that every CPU shares. */
    public static InstructionTable table() {
        return TABLE;
    }

    private static InstructionTable build() {
        final InstructionTable t = new InstructionTable();
        IntegerRows.register(t);
        FpuRows.register(t);
        SimdRows.register(t);
        SystemRows.register(t);
        return t;
    }
}
