package io.xenolith.x86.exec;

import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;

/** Picks specialised forms of arithmetic instructions. */
final class HotAlu {
    private HotAlu() {
    }

    static Insn binary(final Insn i, final int op, final boolean flat) {
        final Form form = Form.of(i, flat);
        if (form == null) {
            return null;
        }
        return switch (i.operands[0].size()) {
            case 4 -> Hot.of(i, HotAlu32.of(op, form));
            case 8 -> Hot.of(i, HotAlu64.of(op, form));
            case 1 -> op == Alu.CMP ? Hot.of(i, HotByte.cmp(form)) : null;
            default -> null;
        };
    }

    static Insn test(final Insn i, final boolean flat) {
        final Form form = Form.of(i, flat);
        if (form == null) {
            return null;
        }
        return switch (i.operands[0].size()) {
            case 4 -> Hot.of(i, HotAlu32.test(form));
            case 8 -> Hot.of(i, HotAlu64.test(form));
            case 1 -> Hot.of(i, HotByte.test(form));
            default -> null;
        };
    }

    static Insn inc(final Insn i, final boolean flat) {
        return step(i, flat, true);
    }

    static Insn dec(final Insn i, final boolean flat) {
        return step(i, flat, false);
    }

    private static Insn step(final Insn i, final boolean flat, final boolean up) {
        final Operand d = i.operands[0];
        if (d.memory() ? !Form.directMemory(i, flat) : d.kind() != Operand.Kind.GPR) {
            return null;
        }
        return switch (d.size()) {
            case 4 -> Hot.of(i, HotAlu32.step(up, d.memory()));
            case 8 -> Hot.of(i, HotAlu64.step(up, d.memory()));
            default -> null;
        };
    }
}
