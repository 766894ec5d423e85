package io.xenolith.x86.decode;

import io.xenolith.x86.Insn;
import java.util.List;

/** Joins neighbouring instructions of a block into one object where that saves work. */
final class Fusion {
    private Fusion() {
    }

    /** The instructions of a block, its last two joined if they can be. */
    static Insn[] fuse(final List<Insn> code) {
        final int n = code.size();
        if (n > 1) {
            final Insn joined = code.get(n - 2).join(code.get(n - 1));
            if (joined != null) {
                code.remove(n - 1);
                code.set(n - 2, joined);
            }
        }
        return code.toArray(new Insn[0]);
    }
}
