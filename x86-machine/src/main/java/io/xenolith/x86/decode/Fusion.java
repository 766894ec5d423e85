package io.xenolith.x86.decode;

import io.xenolith.x86.Insn;
import java.util.List;

/** Joins neighbouring instructions of a block into one object where that saves work. */
final class Fusion {
    private Fusion() {
    }

    static Insn[] fuse(final List<Insn> code, final int mode) {
        return code.toArray(new Insn[0]);
    }
}
