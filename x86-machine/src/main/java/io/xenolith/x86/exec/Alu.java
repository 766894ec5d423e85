package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.Operand;
import io.xenolith.x86.decode.Row;

/** The eight two-operand operations of the original map, TEST, and the one-operand ones. */
final class Alu {
    static final int ADD = 0;
    static final int OR = 1;
    static final int ADC = 2;
    static final int SBB = 3;
    static final int AND = 4;
    static final int SUB = 5;
    static final int XOR = 6;
    static final int CMP = 7;
    private static final String[] NAMES = {"ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR", "CMP"};

    private Alu() {
    }

    static void register(final InstructionTable t) {
        for (int op = 0; op < 8; op++) {
            binaryRows(t, op);
        }
        testRows(t);
        unaryRows(t);
    }

    private static void binaryRows(final InstructionTable t, final int op) {
        final Exec body = (c, i) -> binary(c, i, op);
        final String[][] forms = {
            {" /r", "Eb,Gb"}, {" /r", "Ev,Gv"}, {" /r", "Gb,Eb"}, {" /r", "Gv,Ev"}, {" ib", "AL,Ib"}, {" iz", "rAX,Iz"}};
        for (int k = 0; k < forms.length; k++) {
            add(t, Ops.hex(op * 8 + k) + forms[k][0], op, forms[k][1], body, k < 2);
        }
        add(t, "80 /" + op + " ib", op, "Eb,Ib", body, true);
        add(t, "81 /" + op + " iz", op, "Ev,Iz", body, true);
        add(t, "82 /" + op + " ib", op, "Eb,Ib", body, true).not64();
        add(t, "83 /" + op + " ib", op, "Ev,Ib", body, true);
    }

    private static Row add(final InstructionTable t, final String encoding, final int op, final String operands,
                           final Exec body, final boolean memoryDestination) {
        final Row row = t.add(encoding, NAMES[op], operands, body).hot((i, flat) -> HotAlu.binary(i, op, flat));
        if (memoryDestination && op != CMP) {
            row.lockable();
        }
        return op == OR || op == AND || op == XOR ? row.undefined(Eflags.AF) : row;
    }

    private static void testRows(final InstructionTable t) {
        final String[][] forms = {
            {"84 /r", "Eb,Gb"}, {"85 /r", "Ev,Gv"}, {"A8 ib", "AL,Ib"}, {"A9 iz", "rAX,Iz"},
            {"F6 /0 ib", "Eb,Ib"}, {"F6 /1 ib", "Eb,Ib"}, {"F7 /0 iz", "Ev,Iz"}, {"F7 /1 iz", "Ev,Iz"}};
        for (final String[] form : forms) {
            t.add(form[0], "TEST", form[1], Alu::test).undefined(Eflags.AF).hot(HotAlu::test);
        }
    }

    private static void unaryRows(final InstructionTable t) {
        t.add("FE /0", "INC", "Eb", Alu::inc).lockable();
        t.add("FE /1", "DEC", "Eb", Alu::dec).lockable();
        t.add("FF /0", "INC", "Ev", Alu::inc).lockable().hot(HotAlu::inc);
        t.add("FF /1", "DEC", "Ev", Alu::dec).lockable().hot(HotAlu::dec);
        t.add("40+r", "INC", "Zv", Alu::inc).not64().hot(HotAlu::inc);
        t.add("48+r", "DEC", "Zv", Alu::dec).not64().hot(HotAlu::dec);
        t.add("F6 /2", "NOT", "Eb", Alu::not).lockable();
        t.add("F7 /2", "NOT", "Ev", Alu::not).lockable();
        t.add("F6 /3", "NEG", "Eb", Alu::neg).lockable();
        t.add("F7 /3", "NEG", "Ev", Alu::neg).lockable();
    }

    private static void binary(final Cpu c, final Insn i, final int op) {
        final Operand d = i.operands[0];
        final int size = d.size();
        if (!d.memory()) {
            final long b = Ops.readSigned(c, i, 1, size);
            final long a = Ops.signed(Ops.readRegister(c, d), size);
            final long r = compute(c, op, size, a, b);
            if (op != CMP) {
                Ops.writeRegister(c, d, r);
            }
            flags(c, op, size, a, b, r);
            return;
        }
        final long b = Ops.readSigned(c, i, 1, size);
        if (op == CMP) {
            final long a = Ops.readSigned(c, i, 0, size);
            flags(c, op, size, a, b, Ops.signed(a - b, size));
        } else {
            binaryMemory(c, i, op, size, b);
        }
    }

    private static void binaryMemory(final Cpu c, final Insn i, final int op, final int size, final long b) {
        final long linear = i.linear(c, size, true);
        long a;
        long r;
        do {
            a = Ops.signed(c.readForWrite(linear, size), size);
            r = compute(c, op, size, a, b);
        } while (!Ops.update(c, i, linear, size, a, r));
        flags(c, op, size, a, b, r);
    }

    private static long compute(final Cpu c, final int op, final int size, final long a, final long b) {
        final long r = switch (op) {
            case ADD -> a + b;
            case OR -> a | b;
            case ADC -> a + b + c.carry();
            case SBB -> a - b - c.carry();
            case AND -> a & b;
            case XOR -> a ^ b;
            default -> a - b;
        };
        return Ops.signed(r, size);
    }

    private static void flags(final Cpu c, final int op, final int size, final long a, final long b, final long r) {
        switch (op) {
            case ADD, ADC -> c.flagsAdd(size, a, b, r);
            case SUB, SBB, CMP -> c.flagsSub(size, a, b, r);
            default -> c.flagsLogic(r);
        }
    }

    private static void test(final Cpu c, final Insn i) {
        final int size = i.operands[0].size();
        c.flagsLogic(Ops.readSigned(c, i, 0, size) & Ops.readSigned(c, i, 1, size));
    }

    private static void inc(final Cpu c, final Insn i) {
        increment(c, i, 1);
    }

    private static void dec(final Cpu c, final Insn i) {
        increment(c, i, -1);
    }

    private static void increment(final Cpu c, final Insn i, final long step) {
        final Operand d = i.operands[0];
        final int size = d.size();
        long a;
        long r;
        if (d.memory()) {
            final long linear = i.linear(c, size, true);
            do {
                a = Ops.signed(c.readForWrite(linear, size), size);
                r = Ops.signed(a + step, size);
            } while (!Ops.update(c, i, linear, size, a, r));
        } else {
            a = Ops.signed(Ops.readRegister(c, d), size);
            r = Ops.signed(a + step, size);
            Ops.writeRegister(c, d, r);
        }
        final boolean carry = c.cf();
        if (step > 0) {
            c.flagsAdd(size, a, 1, r);
        } else {
            c.flagsSub(size, a, 1, r);
        }
        c.setCf(carry);
    }

    private static void not(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        if (!d.memory()) {
            Ops.writeRegister(c, d, ~Ops.readRegister(c, d));
            return;
        }
        final int size = d.size();
        final long linear = i.linear(c, size, true);
        long a;
        do {
            a = c.readForWrite(linear, size);
        } while (!Ops.update(c, i, linear, size, a, ~a));
    }

    private static void neg(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        final int size = d.size();
        long a;
        if (d.memory()) {
            final long linear = i.linear(c, size, true);
            do {
                a = Ops.signed(c.readForWrite(linear, size), size);
            } while (!Ops.update(c, i, linear, size, a, -a));
        } else {
            a = Ops.signed(Ops.readRegister(c, d), size);
            Ops.writeRegister(c, d, -a);
        }
        c.flagsSub(size, 0, a, Ops.signed(-a, size));
    }
}
