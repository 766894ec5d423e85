package io.xenolith.x86.exec;

import io.xenolith.x86.Insn;

/** A specialised instruction: its operands picked out so that running it asks nothing. */
abstract class Hot extends Insn {
    /** Destination register. */
    int d;
    /** Source register. */
    int s;

    /** Takes over an instruction as it is. */
    static <T extends Hot> T copy(final Insn i, final T h) {
        return i.copyTo(h);
    }

    /** Takes over an instruction with two operands, registers where they are registers. */
    static Hot of(final Insn i, final Hot h) {
        if (h == null) {
            return null;
        }
        i.copyTo(h);
        h.d = i.operands[0].number();
        if (i.operands.length > 1) {
            h.s = i.operands[1].number();
        }
        return h;
    }
}
