package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.Operand;

/** Shifts, rotates and double shifts. Where flags are undefined they come out as the plain formula gives them. */
final class Shifts {
    private static final int ROL = 0;
    private static final int ROR = 1;
    private static final int RCL = 2;
    private static final int RCR = 3;
    private static final int SHR = 5;
    private static final int SAR = 7;
    private static final String[] NAMES = {"ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "SAL", "SAR"};

    private Shifts() {
    }

    static void register(final InstructionTable t) {
        for (int op = 0; op < 8; op++) {
            rows(t, op);
        }
        final int undefined = Eflags.AF | Eflags.OF;
        t.add("0F A4 /r ib", "SHLD", "Ev,Gv,Ib", (c, i) -> doubleShift(c, i, true)).undefined(undefined);
        t.add("0F A5 /r", "SHLD", "Ev,Gv,CL", (c, i) -> doubleShift(c, i, true)).undefined(undefined);
        t.add("0F AC /r ib", "SHRD", "Ev,Gv,Ib", (c, i) -> doubleShift(c, i, false)).undefined(undefined);
        t.add("0F AD /r", "SHRD", "Ev,Gv,CL", (c, i) -> doubleShift(c, i, false)).undefined(undefined);
    }

    private static void rows(final InstructionTable t, final int op) {
        final Exec body = (c, i) -> shift(c, i, op);
        // the rotates leave AF alone; OF is defined for a count of 1, CF of shifts for counts below the size
        final int many = op < 4 ? Eflags.OF : Eflags.AF | Eflags.OF | Eflags.CF;
        final int one = op < 4 ? 0 : Eflags.AF;
        final String[][] forms = {
            {"C0 /", " ib", "Eb,Ib"}, {"C1 /", " ib", "Ev,Ib"}, {"D0 /", "", "Eb,1"}, {"D1 /", "", "Ev,1"},
            {"D2 /", "", "Eb,CL"}, {"D3 /", "", "Ev,CL"}};
        for (final String[] form : forms) {
            t.add(form[0] + op + form[1], NAMES[op], form[2], body)
                .undefined(form[2].endsWith("1") ? one : many)
                .hot((i, flat) -> HotShift.shift(i, op));
        }
    }

    private static void shift(final Cpu c, final Insn i, final int op) {
        final Operand d = i.operands[0];
        final int size = d.size();
        final int count = (int) Ops.read(c, i, 1) & (size == 8 ? 63 : 31);
        if (!d.memory()) {
            if (count == 0) {
                // a 32-bit destination loses its upper half all the same
                Ops.writeRegister(c, d, Ops.readRegister(c, d));
                return;
            }
            Ops.writeRegister(c, d, apply(c, op, size, Ops.readRegister(c, d), count));
            return;
        }
        final long linear = i.linear(c, size, true);
        final long a = c.readForWrite(linear, size);
        if (count == 0) {
            c.write(linear, size, a);
            return;
        }
        // the result first, flags only after the store: apply() sets flags, so a store that faults must come before
        c.mmu.checkWrite(linear, size);
        c.write(linear, size, apply(c, op, size, a, count));
    }

    private static long apply(final Cpu c, final int op, final int size, final long a, final int count) {
        return switch (op) {
            case ROL -> rotateLeft(c, size, a, count);
            case ROR -> rotateRight(c, size, a, count);
            case RCL -> rotateCarryLeft(c, size, a, count);
            case RCR -> rotateCarryRight(c, size, a, count);
            case SHR -> shiftRight(c, size, a, count);
            case SAR -> shiftArithmetic(c, size, Ops.signed(a, size), count);
            default -> shiftLeft(c, size, a, count);
        };
    }

    private static boolean bit(final long v, final int n) {
        return n >= 0 && n < 64 && (v >>> n & 1) != 0;
    }

    private static long shiftLeft(final Cpu c, final int size, final long a, final int count) {
        final long r = Ops.signed(a << count, size);
        final boolean carry = bit(a, 8 * size - count);
        c.flagsShift(r, carry, carry != r < 0);
        return r;
    }

    private static long shiftRight(final Cpu c, final int size, final long a, final int count) {
        final long r = a >>> count;
        final boolean carry = bit(a, count - 1);
        c.flagsShift(Ops.signed(r, size), carry, bit(r, 8 * size - 2) != bit(r, 8 * size - 1));
        return r;
    }

    private static long shiftArithmetic(final Cpu c, final int size, final long a, final int count) {
        c.flagsShift(a >> count, (a >> count - 1 & 1) != 0, false);
        return a >> count;
    }

    private static long rotateLeft(final Cpu c, final int size, final long a, final int count) {
        final int bits = 8 * size;
        final int n = count & bits - 1;
        final long r = n == 0 ? a : Ops.unsigned(a << n | a >>> bits - n, size);
        final boolean carry = bit(r, 0);
        c.setCarryAndOverflow(carry, carry != bit(r, bits - 1));
        return r;
    }

    private static long rotateRight(final Cpu c, final int size, final long a, final int count) {
        final int bits = 8 * size;
        final int n = count & bits - 1;
        final long r = n == 0 ? a : Ops.unsigned(a >>> n | a << bits - n, size);
        final boolean carry = bit(r, bits - 1);
        c.setCarryAndOverflow(carry, carry != bit(r, bits - 2));
        return r;
    }

    private static long rotateCarryLeft(final Cpu c, final int size, final long a, final int count) {
        final int bits = 8 * size;
        final int n = count % (bits + 1);
        if (n == 0) {
            c.setCarryAndOverflow(c.cf(), c.cf() != bit(a, bits - 1));
            return a;
        }
        // shifting by 64 is no shift in Java, hence the two steps to the right
        final long out = n > 1 ? a >>> bits - n >>> 1 : 0;
        final long r = Ops.unsigned(a << n | (long) c.carry() << n - 1 | out, size);
        final boolean carry = bit(a, bits - n);
        c.setCarryAndOverflow(carry, carry != bit(r, bits - 1));
        return r;
    }

    private static long rotateCarryRight(final Cpu c, final int size, final long a, final int count) {
        final int bits = 8 * size;
        final int n = count % (bits + 1);
        if (n == 0) {
            c.setCarryAndOverflow(c.cf(), bit(a, bits - 1) != bit(a, bits - 2));
            return a;
        }
        final long in = n > 1 ? a << bits - n << 1 : 0;
        final long kept = n == bits ? 0 : a >>> n;
        final long r = Ops.unsigned(kept | (long) c.carry() << bits - n | in, size);
        final boolean carry = bit(a, n - 1);
        c.setCarryAndOverflow(carry, bit(r, bits - 1) != bit(r, bits - 2));
        return r;
    }

    private static void doubleShift(final Cpu c, final Insn i, final boolean left) {
        final Operand d = i.operands[0];
        final int size = d.size();
        final int count = (int) Ops.read(c, i, 2) & (size == 8 ? 63 : 31);
        final long filler = Ops.read(c, i, 1);
        if (!d.memory()) {
            final long a = Ops.readRegister(c, d);
            Ops.writeRegister(c, d, count == 0 ? a : doubleShift(c, size, a, filler, count, left));
            return;
        }
        final long linear = i.linear(c, size, true);
        final long a = c.readForWrite(linear, size);
        c.write(linear, size, count == 0 ? a : doubleShift(c, size, a, filler, count, left));
    }

    private static long doubleShift(final Cpu c, final int size, final long a, final long filler, final int count,
                                    final boolean left) {
        final int bits = 8 * size;
        final long r;
        final boolean carry;
        if (count > bits) {
            // 16 bits shifted by more: undefined by the manual; silicon takes the destination once more behind the filler
            final int n = count - bits;
            r = left ? filler << n | a >>> bits - n : filler >>> n | a << bits - n;
            carry = left ? bit(filler, bits - n) : bit(filler, n - 1);
        } else {
            r = left
                ? (count == 64 ? 0 : a << count) | (count == bits ? filler : filler >>> bits - count)
                : (count == bits ? 0 : a >>> count) | filler << bits - count;
            carry = left ? bit(a, bits - count) : bit(a, count - 1);
        }
        final long result = Ops.signed(r, size);
        c.flagsShift(result, carry, (result ^ Ops.signed(a, size)) < 0);
        return result;
    }
}
