package io.xenolith.x86.exec;

import io.xenolith.x86.CpuFault;
import io.xenolith.x86.decode.InstructionTable;

/** Rows of the integer instructions. */
public final class IntegerRows {
    private IntegerRows() {
    }

    /** Adds them. */
    public static void register(final InstructionTable t) {
        t.add("0F 0B", "UD2", "", (c, i) -> {
            throw c.raise(CpuFault.UD);
        }).ends();
    }
}
