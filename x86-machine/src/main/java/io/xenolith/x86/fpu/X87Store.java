package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.C1;
import static io.xenolith.x86.fpu.FpuState.IE;
import static io.xenolith.x86.fpu.FpuState.OE;
import static io.xenolith.x86.fpu.FpuState.PE;
import static io.xenolith.x86.fpu.FpuState.SF;
import static io.xenolith.x86.fpu.FpuState.UE;

/**
 * Stores of ST(0) to memory. A store has two halves, because the write between them may fault and must then have changed nothing:
 * {@code prepareX()} finds the value and says whether it is to be written; {@link #commit} raises the exceptions and pops.
 */
public final class X87Store {
    private static final long BCD_LIMIT = 1_000_000_000_000_000_000L;
    private static final long BCD_INDEFINITE = 0xc000_0000_0000_0000L;

    private final X87Unit unit;
    private final FpuState state;
    private final Rounder rounder;
    private final IntegerRounding rounded;

    /** Value to write: the lower 64 bits. */
    public long bits;
    /** Value to write: bits 64-79 of the 80-bit forms. */
    public int bitsHigh;

    private int flags;
    private boolean roundedUp;
    private boolean write;

    /** Stores of the given unit. */
    public X87Store(X87Unit unit) {
        this.unit = unit;
        this.state = unit.state;
        this.rounder = unit.rounder;
        this.rounded = unit.rounded;
    }

    /** FST m32. */
    public boolean prepare32() {
        if (!prepareReal(FloatFormat.SINGLE)) {
            bits = unit.a.special32();
            return write;
        }
        bits = rounder.bits32(unit.a.negative);
        return write;
    }

    /** FST m64. */
    public boolean prepare64() {
        if (!prepareReal(FloatFormat.DOUBLE)) {
            bits = unit.a.special64();
            return write;
        }
        bits = rounder.bits64(unit.a.negative);
        return write;
    }

    /** FSTP m80. */
    public boolean prepare80() {
        begin();
        if (state.isEmpty(0)) {
            invalid(SF);
            bits = Real.INDEFINITE;
            bitsHigh = Real.INDEFINITE_SIGN_EXPONENT;
            return write;
        }
        int p = state.physical(0);
        bits = state.significand[p];
        bitsHigh = state.signExponent[p];
        return write;
    }

    private void begin() {
        flags = 0;
        roundedUp = false;
        write = true;
    }

    private void invalid(int more) {
        flags = IE | more;
        write = (state.control & IE) != 0;
    }

    /** Leaves a rounded number in the rounder (true) or a special one in {@code unit.a} (false). */
    private boolean prepareReal(FloatFormat format) {
        begin();
        Real a = unit.a;
        if (state.isEmpty(0)) {
            invalid(SF);
            a.setIndefinite();
            return false;
        }
        unit.load(a, 0);
        if (a.kind == Real.UNSUPPORTED) {
            invalid(0);
            a.setIndefinite();
        } else if (a.kind == Real.SNAN) {
            invalid(0);
            a.quieten();
        } else if (a.kind == Real.FINITE) {
            return roundTo(format);
        }
        return false;
    }

    private boolean roundTo(FloatFormat format) {
        int unmasked = ~state.control & (OE | UE);
        rounder.round(unit.a, format, unit.mode(), unmasked);
        flags = rounder.flags;
        roundedUp = rounder.roundedUp;
        if ((flags & unmasked) != 0) {
            flags &= ~PE;
            roundedUp = false;
            write = false;
        }
        return true;
    }

    /** FIST of 16, 32 or 64 bits. */
    public boolean prepareInteger(int width, int mode) {
        begin();
        long indefinite = 1L << width - 1;
        if (state.isEmpty(0)) {
            invalid(SF);
            bits = indefinite;
            return write;
        }
        Real a = unit.load(unit.a, 0);
        if (!integral(a, mode) || rounded.overflows(width, a.negative)) {
            invalid(0);
            bits = indefinite;
        } else {
            bits = a.negative ? -rounded.magnitude : rounded.magnitude;
            inexact();
        }
        return write;
    }

    /** FIST under the control word's rounding mode. */
    public boolean prepareInteger(int width) {
        return prepareInteger(width, unit.mode());
    }

    private boolean integral(Real a, int mode) {
        if (a.kind == Real.ZERO) {
            rounded.magnitude = 0;
            rounded.tooLarge = false;
            rounded.inexact = false;
            rounded.roundedUp = false;
            return true;
        }
        if (a.kind != Real.FINITE) {
            return false;
        }
        IntegerRounding.round(a, mode, rounded);
        return true;
    }

    private void inexact() {
        flags = rounded.inexact ? PE : 0;
        roundedUp = rounded.roundedUp;
    }

    /** FBSTP: 18 packed decimal digits and a sign. */
    public boolean prepareBcd() {
        begin();
        if (state.isEmpty(0)) {
            invalid(SF);
            bcdIndefinite();
            return write;
        }
        Real a = unit.load(unit.a, 0);
        if (!integral(a, unit.mode()) || rounded.tooLarge || Long.compareUnsigned(rounded.magnitude, BCD_LIMIT) >= 0) {
            invalid(0);
            bcdIndefinite();
        } else {
            packBcd(rounded.magnitude, a.negative);
            inexact();
        }
        return write;
    }

    private void bcdIndefinite() {
        bits = BCD_INDEFINITE;
        bitsHigh = 0xffff;
    }

    private void packBcd(long magnitude, boolean negative) {
        long digits = 0;
        long rest = magnitude;
        for (int i = 0; i < 16; i++) {
            digits |= rest % 10 << 4 * i;
            rest /= 10;
        }
        bits = digits;
        bitsHigh = (int) (rest % 10 | rest / 10 << 4) | (negative ? 0x8000 : 0);
    }

    /** The integer value of packed decimal digits; digits above nine count as they stand. */
    public static long unpackBcd(long low, int high) {
        long value = (high >>> 4 & 0xf) * 10L + (high & 0xf);
        for (int i = 15; i >= 0; i--) {
            value = value * 10 + (low >>> 4 * i & 0xf);
        }
        return value;
    }

    /** Raises what the store found; pops if asked and if the store took place. */
    public void commit(boolean pop) {
        state.status &= ~C1;
        unit.postcompute(flags, roundedUp);
        if (write && pop) {
            state.pop();
        }
    }
}
