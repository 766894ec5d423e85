package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.IE;
import static io.xenolith.x86.fpu.FpuState.ZE;

/**
 * The basic operations on {@link Real} numbers that are not NaN or unsupported. Each leaves the exact result, or the result with a
 * sticky lowest bit, in {@code out} and returns the exceptions that come before rounding (IE, ZE); with IE the result is the default
 * NaN. {@code out} may be one of the operands.
 */
public final class Arithmetic {
    private Arithmetic() {
    }

    /** {@code a + b}; an exact zero sum is negative only when rounding down. */
    public static int add(Real a, Real b, Real out, int mode) {
        return addSigned(a, b, b.negative, out, mode);
    }

    /** {@code a - b}. */
    public static int subtract(Real a, Real b, Real out, int mode) {
        return addSigned(a, b, !b.negative, out, mode);
    }

    private static int addSigned(Real a, Real b, boolean bNegative, Real out, int mode) {
        if (a.isInfinite() || b.isInfinite()) {
            if (a.isInfinite() && b.isInfinite() && a.negative != bNegative) {
                out.setIndefinite();
                return IE;
            }
            out.setInfinity(a.isInfinite() ? a.negative : bNegative);
            return 0;
        }
        if (a.isZero() && b.isZero()) {
            out.setZero(a.negative == bNegative ? a.negative : mode == Rounder.DOWN);
        } else if (a.isZero()) {
            out.set(b).negative = bNegative;
        } else if (b.isZero()) {
            out.set(a);
        } else {
            addFinite(a, b, bNegative, out, mode);
        }
        return 0;
    }

    private static void addFinite(Real a, Real b, boolean bNegative, Real out, int mode) {
        boolean aLarger = a.exponent != b.exponent ? a.exponent > b.exponent
            : Long.compareUnsigned(a.significand, b.significand) >= 0;
        Real x = aLarger ? a : b;
        Real y = aLarger ? b : a;
        boolean sign = aLarger ? a.negative : bNegative;
        boolean same = a.negative == bNegative;
        int shift = x.exponent - y.exponent;
        int exponent = x.exponent;
        long yHigh = Rounder.highAfter(y.significand, shift);
        long yLow = Rounder.lowAfter(y.significand, 0, shift);
        if (same) {
            sum(x.significand, yHigh, yLow, exponent, out);
        } else if (shift == 0 && x.significand == y.significand) {
            out.setZero(mode == Rounder.DOWN);
            return;
        } else {
            long borrow = yLow != 0 ? 1 : 0;
            normalise(x.significand - yHigh - borrow, -yLow, exponent, out);
        }
        out.kind = Real.FINITE;
        out.negative = sign;
        out.denormal = false;
    }

    private static void sum(long x, long yHigh, long yLow, int exponent, Real out) {
        long high = x + yHigh;
        if (Long.compareUnsigned(high, x) < 0) {
            out.significand = high >>> 1 | Long.MIN_VALUE;
            out.low = high << 63 | yLow >>> 1 | yLow & 1;
            out.exponent = exponent + 1;
        } else {
            out.significand = high;
            out.low = yLow;
            out.exponent = exponent;
        }
    }

    private static void normalise(long high, long low, int exponent, Real out) {
        int shift = high != 0 ? Long.numberOfLeadingZeros(high) : 64 + Long.numberOfLeadingZeros(low);
        out.exponent = exponent - shift;
        if (shift == 0) {
            out.significand = high;
            out.low = low;
        } else if (shift < 64) {
            out.significand = high << shift | low >>> 64 - shift;
            out.low = low << shift;
        } else {
            out.significand = low << shift - 64;
            out.low = 0;
        }
    }

    /** {@code a * b}. */
    public static int multiply(Real a, Real b, Real out) {
        boolean sign = a.negative != b.negative;
        if (a.isInfinite() || b.isInfinite()) {
            if (a.isZero() || b.isZero()) {
                out.setIndefinite();
                return IE;
            }
            out.setInfinity(sign);
        } else if (a.isZero() || b.isZero()) {
            out.setZero(sign);
        } else {
            long high = Math.unsignedMultiplyHigh(a.significand, b.significand);
            long low = a.significand * b.significand;
            normalise(high, low, a.exponent + b.exponent + 1, out);
            finish(out, sign);
        }
        return 0;
    }

    /** {@code a / b}. */
    public static int divide(Real a, Real b, Real out) {
        boolean sign = a.negative != b.negative;
        if (a.isInfinite() && b.isInfinite() || a.isZero() && b.isZero()) {
            out.setIndefinite();
            return IE;
        }
        if (a.isInfinite()) {
            out.setInfinity(sign);
        } else if (b.isZero()) {
            out.setInfinity(sign);
            return ZE;
        } else if (a.isZero() || b.isInfinite()) {
            out.setZero(sign);
        } else {
            divideFinite(a, b, out);
            finish(out, sign);
        }
        return 0;
    }

    private static void divideFinite(Real a, Real b, Real out) {
        long divisor = b.significand;
        long high = a.significand;
        long low = 0;
        int exponent = a.exponent - b.exponent;
        if (Long.compareUnsigned(high, divisor) >= 0) {
            low = high << 63;
            high >>>= 1;
        } else {
            exponent--;
        }
        long quotient = divide128(high, low, divisor);
        long remainder = low - quotient * divisor;
        out.significand = quotient;
        out.exponent = exponent;
        out.low = remainderBits(remainder, divisor);
    }

    /** Round and sticky bits that stand for {@code remainder / divisor} below the quotient. */
    private static long remainderBits(long remainder, long divisor) {
        if (remainder == 0) {
            return 0;
        }
        long rest = divisor - remainder;
        int compare = Long.compareUnsigned(remainder, rest);
        return compare > 0 ? 0xc000_0000_0000_0000L : compare == 0 ? Long.MIN_VALUE : 1;
    }

    private static void finish(Real out, boolean sign) {
        out.kind = Real.FINITE;
        out.negative = sign;
        out.denormal = false;
    }

    /** {@code high:low / divisor} for {@code high < divisor} (unsigned) and bit 63 of the divisor set: two 32-bit digits. */
    static long divide128(long high, long low, long divisor) {
        long upper = divisor >>> 32;
        long lower = divisor & 0xffff_ffffL;
        long q1 = digit(high, low >>> 32, upper, lower);
        long rest = (high << 32 | low >>> 32) - q1 * divisor;
        long q0 = digit(rest, low & 0xffff_ffffL, upper, lower);
        return q1 << 32 | q0;
    }

    private static long digit(long high, long next, long upper, long lower) {
        long q = Long.divideUnsigned(high, upper);
        long rest = high - q * upper;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * lower, rest << 32 | next) > 0) {
            q--;
            rest += upper;
            if (rest >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    /** Square root. */
    public static int squareRoot(Real a, Real out) {
        if (a.isZero()) {
            out.setZero(a.negative);
            return 0;
        }
        if (a.negative) {
            out.setIndefinite();
            return IE;
        }
        if (a.isInfinite()) {
            out.setInfinity(false);
            return 0;
        }
        boolean odd = (a.exponent & 1) != 0;
        rootBits(odd ? a.significand : a.significand >>> 1, odd ? 0 : a.significand << 63, out);
        out.exponent = a.exponent >> 1;
        finish(out, false);
        return 0;
    }

    /** The 64-bit root of {@code high:low}, one bit a step: {@code rest} is what is left of the radicand, below {@code 2 root + 1}. */
    private static void rootBits(long high, long low, Real out) {
        long root = 0;
        long restHigh = 0;
        long restLow = 0;
        for (int i = 0; i < 64; i++) {
            restHigh = restHigh << 2 | restLow >>> 62;
            restLow = restLow << 2 | high >>> 62;
            high = high << 2 | low >>> 62;
            low <<= 2;
            long trialHigh = root >>> 62;
            long trialLow = root << 2 | 1;
            boolean fits = restHigh != trialHigh ? Long.compareUnsigned(restHigh, trialHigh) > 0
                : Long.compareUnsigned(restLow, trialLow) >= 0;
            root <<= 1;
            if (fits) {
                root |= 1;
                restHigh -= trialHigh + (Long.compareUnsigned(restLow, trialLow) < 0 ? 1 : 0);
                restLow -= trialLow;
            }
        }
        out.significand = root;
        // The rest is at most 2 root: above half exactly when it exceeds the root.
        boolean exact = (restHigh | restLow) == 0;
        boolean aboveHalf = restHigh != 0 || Long.compareUnsigned(restLow, root) > 0;
        out.low = exact ? 0 : aboveHalf ? 0xc000_0000_0000_0000L : 1;
    }

    /** Orders two numbers, NaN excluded: negative, zero or positive; zeros are equal. */
    public static int compare(Real a, Real b) {
        if (a.isZero() && b.isZero()) {
            return 0;
        }
        if (a.isZero()) {
            return b.negative ? 1 : -1;
        }
        if (b.isZero() || a.negative != b.negative) {
            return a.negative ? -1 : 1;
        }
        int magnitude = compareMagnitude(a, b);
        return a.negative ? -magnitude : magnitude;
    }

    private static int compareMagnitude(Real a, Real b) {
        if (a.isInfinite() || b.isInfinite()) {
            return Boolean.compare(a.isInfinite(), b.isInfinite());
        }
        return a.exponent != b.exponent ? Integer.compare(a.exponent, b.exponent) : Long.compareUnsigned(a.significand, b.significand);
    }
}
