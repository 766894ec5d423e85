package io.xenolith.x86.fpu;

/**
 * A floating-point number with a 128-bit significand, for the transcendental functions: {@code (negative ? -1 : 1) *
 * (high:low / 2^127) * 2^exponent}, bit 63 of {@code high} set; zero has {@code high == 0}. Operations truncate, so that an error of
 * a few units in the 127th place gathers; the 64-bit results are right but for cases nearer to a rounding boundary than that.
 */
final class Wide {
    boolean negative;
    int exponent;
    long high;
    long low;

    boolean isZero() {
        return high == 0;
    }

    Wide set(Wide w) {
        negative = w.negative;
        exponent = w.exponent;
        high = w.high;
        low = w.low;
        return this;
    }

    /** A finite or zero {@link Real}. */
    Wide set(Real r) {
        negative = r.negative;
        exponent = r.exponent;
        high = r.significand;
        low = r.low;
        return this;
    }

    Wide setLong(long value) {
        negative = value < 0;
        high = value < 0 ? -value : value;
        low = 0;
        exponent = 63;
        normalise();
        return this;
    }

    /** From a 128-bit integer in units of {@code 2^(exponent - 127)}. */
    Wide setBits(long newHigh, long newLow, int newExponent) {
        negative = false;
        high = newHigh;
        low = newLow;
        exponent = newExponent;
        normalise();
        return this;
    }

    private void normalise() {
        if (high == 0) {
            high = low;
            low = 0;
            exponent -= 64;
            if (high == 0) {
                return;
            }
        }
        int shift = Long.numberOfLeadingZeros(high);
        if (shift != 0) {
            high = high << shift | low >>> 64 - shift;
            low <<= shift;
            exponent -= shift;
        }
    }

    /** The number as a {@link Real} for rounding; {@code inexact} makes the lowest bit sticky. */
    void store(Real r, boolean inexact) {
        r.denormal = false;
        if (high == 0) {
            r.setZero(negative);
            return;
        }
        r.kind = Real.FINITE;
        r.negative = negative;
        r.exponent = exponent;
        r.significand = high;
        r.low = inexact ? low | 1 : low;
    }

    Wide negate() {
        negative = !negative;
        return this;
    }

    /** {@code this *= w}. */
    Wide multiply(Wide w) {
        if (high == 0 || w.high == 0) {
            high = 0;
            return this;
        }
        long hh = high * w.high;
        long top = Math.unsignedMultiplyHigh(high, w.high);
        long cross1 = Math.unsignedMultiplyHigh(high, w.low);
        long cross2 = Math.unsignedMultiplyHigh(low, w.high);
        long sum = hh + cross1;
        top += Long.compareUnsigned(sum, hh) < 0 ? 1 : 0;
        long sum2 = sum + cross2;
        top += Long.compareUnsigned(sum2, sum) < 0 ? 1 : 0;
        negative ^= w.negative;
        exponent += w.exponent + 1;
        high = top;
        low = sum2;
        normalise();
        return this;
    }

    /** {@code this += w}. */
    Wide add(Wide w) {
        if (w.high == 0) {
            return this;
        }
        if (high == 0) {
            return set(w);
        }
        boolean larger = exponent != w.exponent ? exponent > w.exponent
            : high != w.high ? Long.compareUnsigned(high, w.high) > 0 : Long.compareUnsigned(low, w.low) >= 0;
        if (larger) {
            combine(high, low, exponent, negative, w.high, w.low, w.exponent, w.negative);
        } else {
            combine(w.high, w.low, w.exponent, w.negative, high, low, exponent, negative);
        }
        return this;
    }

    private void combine(long xh, long xl, int xe, boolean xn, long yh, long yl, int ye, boolean yn) {
        int shift = xe - ye;
        long sh = Rounder.highAfter(yh, shift);
        long sl = Rounder.lowAfter(yh, yl, shift);
        negative = xn;
        exponent = xe;
        if (xn == yn) {
            low = xl + sl;
            long carry = Long.compareUnsigned(low, xl) < 0 ? 1 : 0;
            high = xh + sh + carry;
            boolean overflow = carry == 0 ? Long.compareUnsigned(high, xh) < 0 : Long.compareUnsigned(high, xh) <= 0;
            if (overflow) {
                low = low >>> 1 | high << 63;
                high = high >>> 1 | Long.MIN_VALUE;
                exponent++;
            }
        } else {
            long borrow = Long.compareUnsigned(xl, sl) < 0 ? 1 : 0;
            low = xl - sl;
            high = xh - sh - borrow;
            normalise();
        }
    }

    /** {@code this /= w}, one quotient bit a step. */
    Wide divide(Wide w) {
        if (high == 0) {
            return this;
        }
        long restHigh = high;
        long restLow = low;
        long qHigh = 0;
        long qLow = 0;
        boolean carry = false;
        for (int i = 0; i < 128; i++) {
            qHigh = qHigh << 1 | qLow >>> 63;
            qLow <<= 1;
            boolean fits = carry || (restHigh != w.high ? Long.compareUnsigned(restHigh, w.high) > 0
                : Long.compareUnsigned(restLow, w.low) >= 0);
            if (fits) {
                restHigh -= w.high + (Long.compareUnsigned(restLow, w.low) < 0 ? 1 : 0);
                restLow -= w.low;
                qLow |= 1;
            }
            carry = restHigh < 0;
            restHigh = restHigh << 1 | restLow >>> 63;
            restLow <<= 1;
        }
        negative ^= w.negative;
        exponent -= w.exponent;
        high = qHigh;
        low = qLow;
        normalise();
        return this;
    }
}
