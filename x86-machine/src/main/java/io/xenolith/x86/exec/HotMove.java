package io.xenolith.x86.exec;

import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;

/** Picks specialised forms of moves. */
final class HotMove {
    private HotMove() {
    }

    static Insn mov(final Insn i, final boolean flat) {
        final Form form = Form.of(i, flat);
        if (form == null) {
            return null;
        }
        return switch (i.operands[0].size()) {
            case 1 -> Hot.of(i, HotByte.mov(form));
            case 4 -> Hot.of(i, HotMove32.mov(form));
            case 8 -> Hot.of(i, HotMove64.mov(form));
            default -> null;
        };
    }

    static Insn movzx(final Insn i, final boolean flat) {
        return extend(i, flat, false);
    }

    static Insn movsx(final Insn i, final boolean flat) {
        return extend(i, flat, true);
    }

    private static Insn extend(final Insn i, final boolean flat, final boolean sign) {
        final Form form = Form.of(i, flat);
        if (form == null || i.operands[0].size() == 2) {
            return null;
        }
        final Operand s = i.operands[1];
        return Hot.of(i, i.operands[0].size() == 4
            ? HotMove32.extend(sign, s.size(), s.memory())
            : HotMove64.extend(sign, s.size(), s.memory()));
    }

    static Insn lea(final Insn i, final boolean flat) {
        return switch (i.operands[0].size()) {
            case 4 -> Hot.of(i, HotMove32.lea());
            case 8 -> Hot.of(i, HotMove64.lea());
            default -> null;
        };
    }
}
