package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;

/** Access to the operands of an instruction, whatever their form. */
public final class Ops {
    private Ops() {
    }

    /** Sign-extends the low {@code size} bytes. */
    public static long signed(final long v, final int size) {
        final int shift = 64 - 8 * size;
        return v << shift >> shift;
    }

    /** Clears all but the low {@code size} bytes. */
    public static long unsigned(final long v, final int size) {
        return size == 8 ? v : v & (1L << 8 * size) - 1;
    }

    /** Value of operand {@code n}, zero-extended from its own size; immediates and constants sign-extended. */
    public static long read(final Cpu c, final Insn i, final int n) {
        final Operand o = i.operands[n];
        switch (o.kind()) {
            case GPR:
                return c.register(o.number(), o.size());
            case GPR_HIGH:
                return c.gpr[o.number()] >> 8 & 0xff;
            case MEMORY:
            case MOFFS:
                return c.read(i.linear(c, o.size(), false), o.size());
            case IMM:
            case REL:
                return i.imm;
            case IMM2:
                return i.imm2;
            case CONSTANT:
                return o.number();
            case SEGMENT:
                return c.seg[o.number()].selector();
            default:
                throw new IllegalStateException("operand not readable here: " + i);
        }
    }

    /** Value of operand {@code n}, sign-extended from {@code size} bytes. */
    public static long readSigned(final Cpu c, final Insn i, final int n, final int size) {
        return signed(read(c, i, n), size);
    }

    /** Stores to operand {@code n}: a general register or memory. */
    public static void write(final Cpu c, final Insn i, final int n, final long v) {
        final Operand o = i.operands[n];
        if (o.memory()) {
            c.write(i.linear(c, o.size(), true), o.size(), v);
        } else {
            writeRegister(c, o, v);
        }
    }

    /** Value of a register operand, zero-extended. */
    static long readRegister(final Cpu c, final Operand o) {
        return o.kind() == Operand.Kind.GPR ? c.register(o.number(), o.size()) : c.gpr[o.number()] >> 8 & 0xff;
    }

    /** Sets a register operand. */
    static void writeRegister(final Cpu c, final Operand o, final long v) {
        if (o.kind() == Operand.Kind.GPR) {
            c.setRegister(o.number(), o.size(), v);
        } else {
            final int r = o.number();
            c.gpr[r] = c.gpr[r] & ~0xff00L | (v & 0xff) << 8;
        }
    }

    /** Stores the result of a read-modify-write; under LOCK only if memory still holds {@code old}. */
    static boolean update(final Cpu c, final Insn i, final long linear, final int size, final long old, final long v) {
        if (i.lock) {
            return c.cas(linear, size, old, v);
        }
        c.write(linear, size, v);
        return true;
    }

    /** A byte as two hexadecimal digits in upper case, for encodings. */
    static String hex(final int value) {
        return "" + Character.toUpperCase(Character.forDigit(value >> 4 & 15, 16))
            + Character.toUpperCase(Character.forDigit(value & 15, 16));
    }
}
