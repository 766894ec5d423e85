package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.Operand;
import io.xenolith.x86.decode.Row;

/** Bit tests, bit scans, SETcc, CMOVcc, BSWAP. */
final class Bits {
    private static final int BT = 0;
    private static final int BTS = 1;
    private static final int BTR = 2;
    private static final String[] TESTS = {"BT", "BTS", "BTR", "BTC"};
    private static final String[] CONDITIONS =
        {"O", "NO", "B", "NB", "Z", "NZ", "BE", "NBE", "S", "NS", "P", "NP", "L", "NL", "LE", "NLE"};

    private Bits() {
    }

    static String condition(final int code) {
        return CONDITIONS[code];
    }

    static void register(final InstructionTable t) {
        for (int op = 0; op < 4; op++) {
            final int o = op;
            testRow(t, "0F " + Ops.hex(0xa3 + 8 * op) + " /r", "Ev,Gv", op, (c, i) -> testRegister(c, i, o));
            testRow(t, "0F BA /" + (4 + op) + " ib", "Ev,Ib", op, (c, i) -> testImmediate(c, i, o));
        }
        final int scanUndefined = Eflags.ARITHMETIC & ~Eflags.ZF;
        t.add("0F BC /r", "BSF", "Gv,Ev", (c, i) -> scan(c, i, true)).undefined(scanUndefined);
        t.add("0F BD /r", "BSR", "Gv,Ev", (c, i) -> scan(c, i, false)).undefined(scanUndefined);
        for (int cc = 0; cc < 16; cc++) {
            final int code = cc;
            t.add("0F " + Ops.hex(0x90 + cc) + " /r", "SET" + CONDITIONS[cc], "Eb",
                (c, i) -> Ops.write(c, i, 0, c.condition(code) ? 1 : 0));
            t.add("0F " + Ops.hex(0x40 + cc) + " /r", "CMOV" + CONDITIONS[cc], "Gv,Ev", (c, i) -> cmov(c, i, code))
                .feature(io.xenolith.x86.decode.Feature.P6);
        }
        t.add("0F C8+r", "BSWAP", "Zv", Bits::bswap).feature(io.xenolith.x86.decode.Feature.I486);
    }

    private static void testRow(final InstructionTable t, final String encoding, final String operands, final int op,
                                final Exec body) {
        final Row row = t.add(encoding, TESTS[op], operands, body)
            .undefined(Eflags.OF | Eflags.SF | Eflags.AF | Eflags.PF);
        if (op != BT) {
            row.lockable();
        }
    }

    private static long change(final int op, final long v, final long bit) {
        return switch (op) {
            case BTS -> v | bit;
            case BTR -> v & ~bit;
            default -> v ^ bit;
        };
    }

    private static void testImmediate(final Cpu c, final Insn i, final int op) {
        final Operand d = i.operands[0];
        final int n = (int) i.imm & 8 * d.size() - 1;
        if (d.memory()) {
            testMemory(c, i, op, i.linear(c, d.size(), op != BT), n);
        } else {
            testInRegister(c, d, op, n);
        }
    }

    private static void testRegister(final Cpu c, final Insn i, final int op) {
        final Operand d = i.operands[0];
        final int size = d.size();
        final long offset = Ops.readSigned(c, i, 1, size);
        final int bits = 8 * size;
        if (!d.memory()) {
            testInRegister(c, d, op, (int) offset & bits - 1);
            return;
        }
        // the bit string reaches to both sides of the operand, in units of the operand
        final long at = i.ea(c) + (offset >> Integer.numberOfTrailingZeros(bits)) * size & i.addressMask;
        testMemory(c, i, op, c.linear(i.seg, at, size, op != BT), (int) offset & bits - 1);
    }

    private static void testInRegister(final Cpu c, final Operand d, final int op, final int n) {
        final long v = Ops.readRegister(c, d);
        if (op != BT) {
            Ops.writeRegister(c, d, change(op, v, 1L << n));
        }
        c.setCf((v >>> n & 1) != 0);
    }

    private static void testMemory(final Cpu c, final Insn i, final int op, final long linear, final int n) {
        final int size = i.operands[0].size();
        long v;
        if (op == BT) {
            v = c.read(linear, size);
        } else {
            do {
                v = c.readForWrite(linear, size);
            } while (!Ops.update(c, i, linear, size, v, change(op, v, 1L << n)));
        }
        c.setCf((v >>> n & 1) != 0);
    }

    private static void scan(final Cpu c, final Insn i, final boolean forward) {
        final long v = Ops.read(c, i, 1);
        if (v == 0) {
            // the destination stays, as on every processor of the last decades
            c.setArithmeticFlags(c.eflags() | Eflags.ZF);
            return;
        }
        Ops.write(c, i, 0, forward ? Long.numberOfTrailingZeros(v) : 63 - Long.numberOfLeadingZeros(v));
        c.setArithmeticFlags(c.eflags() & ~Eflags.ZF);
    }

    private static void cmov(final Cpu c, final Insn i, final int code) {
        final long v = Ops.read(c, i, 1);
        // the load happens, and a 32-bit destination is zero-extended, whatever the condition
        Ops.write(c, i, 0, c.condition(code) ? v : Ops.read(c, i, 0));
    }

    private static void bswap(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        switch (d.size()) {
            case 8 -> c.gpr[d.number()] = Long.reverseBytes(c.gpr[d.number()]);
            case 4 -> c.setRegister(d.number(), 4, Integer.reverseBytes((int) c.gpr[d.number()]));
            // undefined by the manual; silicon clears the word
            default -> c.setRegister(d.number(), 2, 0);
        }
    }
}
