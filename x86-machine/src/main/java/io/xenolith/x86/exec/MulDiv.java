package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;
import java.math.BigInteger;

/** Multiplication and division. */
final class MulDiv {
    private static final int MUL_UNDEFINED = Eflags.SF | Eflags.ZF | Eflags.AF | Eflags.PF;
    private static final BigInteger TWO_64 = BigInteger.ONE.shiftLeft(64);

    private MulDiv() {
    }

    static void register(final InstructionTable t) {
        t.add("F6 /4", "MUL", "Eb", MulDiv::mul).undefined(MUL_UNDEFINED);
        t.add("F7 /4", "MUL", "Ev", MulDiv::mul).undefined(MUL_UNDEFINED);
        t.add("F6 /5", "IMUL", "Eb", MulDiv::imul).undefined(MUL_UNDEFINED);
        t.add("F7 /5", "IMUL", "Ev", MulDiv::imul).undefined(MUL_UNDEFINED);
        t.add("0F AF /r", "IMUL", "Gv,Ev", (c, i) -> imulTruncated(c, i, 0, 1)).undefined(MUL_UNDEFINED);
        t.add("69 /r iz", "IMUL", "Gv,Ev,Iz", (c, i) -> imulTruncated(c, i, 1, 2)).undefined(MUL_UNDEFINED);
        t.add("6B /r ib", "IMUL", "Gv,Ev,Ib", (c, i) -> imulTruncated(c, i, 1, 2)).undefined(MUL_UNDEFINED);
        t.add("F6 /6", "DIV", "Eb", MulDiv::div).undefined(Eflags.ARITHMETIC);
        t.add("F7 /6", "DIV", "Ev", MulDiv::div).undefined(Eflags.ARITHMETIC);
        t.add("F6 /7", "IDIV", "Eb", MulDiv::idiv).undefined(Eflags.ARITHMETIC);
        t.add("F7 /7", "IDIV", "Ev", MulDiv::idiv).undefined(Eflags.ARITHMETIC);
    }

    private static void mul(final Cpu c, final Insn i) {
        final int size = i.operands[0].size();
        final long a = c.register(Cpu.RAX, size);
        final long b = Ops.read(c, i, 0);
        final long high;
        if (size == 8) {
            high = Math.unsignedMultiplyHigh(a, b);
        } else {
            high = a * b >>> 8 * size;
        }
        product(c, size, a * b, high);
        c.flagsShift(Ops.signed(a * b, size), high != 0, high != 0);
    }

    private static void imul(final Cpu c, final Insn i) {
        final int size = i.operands[0].size();
        final long a = Ops.signed(c.gpr[Cpu.RAX], size);
        final long b = Ops.readSigned(c, i, 0, size);
        final long high = size == 8 ? Math.multiplyHigh(a, b) : a * b >> 8 * size;
        final long low = Ops.signed(a * b, size);
        product(c, size, low, high);
        final boolean wide = high != low >> 63;
        c.flagsShift(low, wide, wide);
    }

    /** Stores a double-width product in AX, or in (E/R)DX:(E/R)AX. */
    private static void product(final Cpu c, final int size, final long low, final long high) {
        if (size == 1) {
            c.setRegister(Cpu.RAX, 2, low & 0xff | high << 8);
        } else {
            c.setRegister(Cpu.RAX, size, low);
            c.setRegister(Cpu.RDX, size, high);
        }
    }

    private static void imulTruncated(final Cpu c, final Insn i, final int left, final int right) {
        final int size = i.operands[0].size();
        final long a = Ops.readSigned(c, i, left, size);
        final long b = Ops.readSigned(c, i, right, size);
        final long r = Ops.signed(a * b, size);
        final boolean wide = size == 8 ? Math.multiplyHigh(a, b) != r >> 63 : r != a * b;
        Ops.write(c, i, 0, r);
        c.flagsShift(r, wide, wide);
    }

    private static void div(final Cpu c, final Insn i) {
        final int size = i.operands[0].size();
        final long divisor = Ops.read(c, i, 0);
        if (divisor == 0) {
            throw c.raise(CpuFault.DE);
        }
        if (size == 8) {
            div64(c, divisor);
            return;
        }
        final long dividend = dividend(c, size);
        final long quotient = Long.divideUnsigned(dividend, divisor);
        if (quotient >>> 8 * size != 0) {
            throw c.raise(CpuFault.DE);
        }
        quotient(c, size, quotient, Long.remainderUnsigned(dividend, divisor));
    }

    private static void idiv(final Cpu c, final Insn i) {
        final int size = i.operands[0].size();
        final long divisor = Ops.readSigned(c, i, 0, size);
        if (divisor == 0) {
            throw c.raise(CpuFault.DE);
        }
        if (size == 8) {
            idiv64(c, divisor);
            return;
        }
        final long dividend = size == 1 ? Ops.signed(c.gpr[Cpu.RAX], 2) : Ops.signed(dividend(c, size), 2 * size);
        // the one quotient that overflows 64 bits
        if (dividend == Long.MIN_VALUE && divisor == -1) {
            throw c.raise(CpuFault.DE);
        }
        final long quotient = dividend / divisor;
        if (Ops.signed(quotient, size) != quotient) {
            throw c.raise(CpuFault.DE);
        }
        quotient(c, size, quotient, dividend % divisor);
    }

    /** AX, DX:AX or EDX:EAX, zero-extended. */
    private static long dividend(final Cpu c, final int size) {
        return size == 1
            ? c.register(Cpu.RAX, 2)
            : c.register(Cpu.RDX, size) << 8 * size | c.register(Cpu.RAX, size);
    }

    private static void quotient(final Cpu c, final int size, final long quotient, final long remainder) {
        if (size == 1) {
            c.setRegister(Cpu.RAX, 2, quotient & 0xff | (remainder & 0xff) << 8);
        } else {
            c.setRegister(Cpu.RAX, size, quotient);
            c.setRegister(Cpu.RDX, size, remainder);
        }
    }

    private static void div64(final Cpu c, final long divisor) {
        final long high = c.gpr[Cpu.RDX];
        final long low = c.gpr[Cpu.RAX];
        if (Long.compareUnsigned(high, divisor) >= 0) {
            throw c.raise(CpuFault.DE);
        }
        if (high == 0) {
            quotient(c, 8, Long.divideUnsigned(low, divisor), Long.remainderUnsigned(low, divisor));
            return;
        }
        final BigInteger[] qr = unsigned(high).shiftLeft(64).or(unsigned(low)).divideAndRemainder(unsigned(divisor));
        quotient(c, 8, qr[0].longValue(), qr[1].longValue());
    }

    private static void idiv64(final Cpu c, final long divisor) {
        final BigInteger dividend = BigInteger.valueOf(c.gpr[Cpu.RDX]).shiftLeft(64).or(unsigned(c.gpr[Cpu.RAX]));
        final BigInteger[] qr = dividend.divideAndRemainder(BigInteger.valueOf(divisor));
        if (qr[0].bitLength() > 63) {
            throw c.raise(CpuFault.DE);
        }
        quotient(c, 8, qr[0].longValue(), qr[1].longValue());
    }

    private static BigInteger unsigned(final long v) {
        final BigInteger b = BigInteger.valueOf(v);
        return v < 0 ? b.add(TWO_64) : b;
    }
}
