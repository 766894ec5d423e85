package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.C0;
import static io.xenolith.x86.fpu.FpuState.C1;
import static io.xenolith.x86.fpu.FpuState.C2;
import static io.xenolith.x86.fpu.FpuState.C3;
import static io.xenolith.x86.fpu.FpuState.DE;
import static io.xenolith.x86.fpu.FpuState.IE;
import static io.xenolith.x86.fpu.FpuState.ZE;

/** FPREM, FPREM1, FSCALE and FXTRACT: instructions that work on exponents. */
public final class X87Scale {
    private final X87Unit unit;
    private final FpuState state;

    /** Instructions of the given unit. */
    public X87Scale(X87Unit unit) {
        this.unit = unit;
        this.state = unit.state;
    }

    /** FPREM ({@code nearest} false: quotient truncated) or FPREM1 (quotient rounded to nearest even). */
    public void remainder(boolean nearest) {
        unit.clearC1();
        if (state.isEmpty(0) || state.isEmpty(1)) {
            state.status &= ~C2;
            unit.underflow(0);
            return;
        }
        Real a = unit.load(unit.a, 0);
        Real b = unit.load(unit.b, 1);
        int flags = unit.nanOrUnsupported();
        if (flags < 0) {
            flags = a.isInfinite() || b.isZero() ? IE : 0;
            unit.result.set(a);
            if (flags != 0) {
                unit.result.setIndefinite();
            }
            flags |= unit.denormalFlag(flags);
        }
        state.status &= ~C2;
        if (!unit.precompute(flags)) {
            return;
        }
        if (unit.result.kind == Real.FINITE && b.kind == Real.FINITE) {
            reduce(a, b, nearest);
            unit.deliver(0, FloatFormat.EXTENDED);
            return;
        }
        if (!unit.result.isNan()) {
            quotient(0);
        }
        keepOrDeliver();
    }

    /** A result that is the operand itself raises no underflow, even if it is denormal; a pseudo-denormal becomes normal. */
    private void keepOrDeliver() {
        if (unit.result.kind != Real.FINITE) {
            unit.deliver(0, FloatFormat.EXTENDED);
        } else if (unit.a.denormal) {
            int p = state.physical(0);
            state.signExponent[p] |= (int) (state.significand[p] >>> 63);
        }
    }

    /** The low three bits of the quotient go to C0, C3, C1; C2 is cleared. */
    private void quotient(long q) {
        int bits = ((q & 4) != 0 ? C0 : 0) | ((q & 2) != 0 ? C3 : 0) | ((q & 1) != 0 ? C1 : 0);
        state.status = state.status & ~(C0 | C1 | C2 | C3) | bits;
    }

    private void reduce(Real a, Real b, boolean nearest) {
        int distance = a.exponent - b.exponent;
        if (distance < 64) {
            complete(a, b, distance, nearest);
        } else {
            partial(a, b, distance);
        }
    }

    /** One step of a long reduction: the exponents come 32 to 63 closer. */
    private void partial(Real a, Real b, int distance) {
        int steps = distance & 31 | 32;
        long rest = modulo(a.significand, b.significand, steps);
        state.status = state.status & ~(C0 | C1 | C3) | C2;
        store(rest, a.exponent - steps, a.negative);
    }

    private long lastQuotient;

    /** {@code (x << steps) mod y} by shift and subtract, {@code x} and {@code y} normalised; quotient left aside. */
    private long modulo(long x, long y, int steps) {
        long rest = x;
        long q = 0;
        boolean carry = false;
        for (int i = 0; ; i++) {
            q <<= 1;
            if (carry || Long.compareUnsigned(rest, y) >= 0) {
                rest -= y;
                q |= 1;
            }
            if (i == steps) {
                break;
            }
            carry = rest < 0;
            rest <<= 1;
        }
        lastQuotient = q;
        return rest;
    }

    private void complete(Real a, Real b, int distance, boolean nearest) {
        boolean negative = a.negative;
        long rest;
        int exponent;
        if (distance < 0) {
            lastQuotient = 0;
            if (!nearest || distance < -1) {
                quotient(0);
                return;
            }
            // |b|/2 <= |a| < |b|: the quotient is zero or one, in units of half an ulp of b.
            rest = a.significand;
            exponent = a.exponent;
            if (Long.compareUnsigned(rest, b.significand) > 0) {
                rest = (b.significand << 1) - rest;
                negative = !negative;
                lastQuotient = 1;
            }
        } else {
            rest = modulo(a.significand, b.significand, distance);
            exponent = b.exponent;
            if (nearest && roundsUp(rest, b.significand)) {
                rest = b.significand - rest;
                negative = !negative;
                lastQuotient++;
            }
        }
        quotient(lastQuotient);
        store(rest, exponent, negative);
    }

    private boolean roundsUp(long rest, long divisor) {
        int compare = Long.compareUnsigned(rest, divisor - rest);
        return compare > 0 || compare == 0 && (lastQuotient & 1) != 0;
    }

    private void store(long rest, int exponent, boolean negative) {
        Real r = unit.result;
        boolean sign = rest == 0 ? unit.a.negative : negative;
        r.finite(rest, exponent);
        r.negative = sign;
        r.low = 0;
    }

    /** FSCALE: ST(0) times two to the integer part of ST(1). */
    public void scale() {
        unit.clearC1();
        if (state.isEmpty(0) || state.isEmpty(1)) {
            unit.underflow(0);
            return;
        }
        Real a = unit.load(unit.a, 0);
        Real b = unit.load(unit.b, 1);
        int flags = unit.nanOrUnsupported();
        if (flags < 0) {
            flags = scaled(a, b);
            flags |= unit.denormalFlag(flags);
        }
        if (!unit.precompute(flags)) {
            return;
        }
        if (b.isZero()) {
            keepOrDeliver();
        } else {
            unit.deliver(0, FloatFormat.EXTENDED);
        }
    }

    private int scaled(Real a, Real b) {
        Real r = unit.result.set(a);
        if (b.isInfinite()) {
            boolean clash = b.negative ? a.isInfinite() : a.isZero();
            if (clash) {
                r.setIndefinite();
                return IE;
            }
            if (b.negative) {
                r.setZero(a.negative);
            } else {
                r.setInfinity(a.negative);
            }
        } else if (a.kind == Real.FINITE && b.kind == Real.FINITE) {
            r.exponent += steps(b);
        }
        return 0;
    }

    /** The integer part of the scale, bounded so that the exponent cannot wrap. */
    private static int steps(Real b) {
        if (b.exponent < 0) {
            return 0;
        }
        int magnitude = b.exponent > 16 ? 1 << 17 : (int) (b.significand >>> 63 - b.exponent);
        return b.negative ? -magnitude : magnitude;
    }

    /** FXTRACT: ST(0) becomes the exponent, and the significand is pushed above it. */
    public void extract() {
        unit.clearC1();
        if (state.isEmpty(0)) {
            pushFault(false);
            return;
        }
        if (!state.isEmpty(7)) {
            pushFault(true);
            return;
        }
        Real a = unit.load(unit.a, 0);
        int flags = unit.nanOrUnsupportedSingle();
        if (flags < 0) {
            unit.result.set(a);
            flags = a.isZero() ? ZE : a.denormal ? DE : 0;
        }
        if (unit.precompute(flags)) {
            split(unit.result);
        }
    }

    private void pushFault(boolean overflow) {
        if (unit.stackFault(overflow)) {
            state.set(0, Real.INDEFINITE, Real.INDEFINITE_SIGN_EXPONENT);
            unit.pushIndefinite();
        }
    }

    private void split(Real r) {
        Real exponent = unit.b;
        switch (r.kind) {
            case Real.ZERO -> exponent.setInfinity(true);
            case Real.INFINITE -> exponent.setInfinity(false);
            case Real.FINITE -> exponent.setLong(r.exponent);
            default -> exponent.set(r);
        }
        if (r.kind == Real.FINITE) {
            r.exponent = 0;
        }
        state.set(0, exponent.significand, X87Unit.signExponent(exponent));
        unit.push(r.significand, X87Unit.signExponent(r));
    }
}
