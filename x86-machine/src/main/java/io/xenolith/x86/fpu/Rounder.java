package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.OE;
import static io.xenolith.x86.fpu.FpuState.PE;
import static io.xenolith.x86.fpu.FpuState.UE;

/**
 * Brings a number of unlimited exponent and up to 128 bits of significand into a format, with exact flags. Tininess is found after
 * rounding, as x86 does. The result is left in the fields.
 */
public final class Rounder {
    /** Rounding modes as in the control word and MXCSR. */
    public static final int NEAREST = 0, DOWN = 1, UP = 2, TRUNCATE = 3;
    /** Exponent adjustment of results delivered with an unmasked overflow or underflow. */
    private static final int RESCALE = 24576;

    /** OE, UE and PE raised by the last call. */
    public int flags;
    /** Whether the magnitude was increased (the C1 bit of x87). */
    public boolean roundedUp;
    /** Result: left-aligned significand; top bit clear for a denormal; zero for zero. */
    public long significand;
    /** Result: unbiased exponent; {@code minExponent} for denormals. */
    public int exponent;
    /** Result is an infinity. */
    public boolean infinite;

    private boolean inexact;
    private boolean tiny;

    /**
     * Rounds the finite number {@code r}.
     *
     * @param mode     rounding mode
     * @param unmasked exceptions that are not masked: with OE or UE the exponent is rescaled, as x87 delivers to a register
     */
    public void round(Real r, FloatFormat format, int mode, int unmasked) {
        flags = 0;
        infinite = false;
        roundNormal(r.significand, r.low, r.exponent, format.precision(), mode, r.negative);
        if (exponent < format.minExponent()) {
            tiny(r, format, mode, unmasked);
        } else if (exponent > format.maxExponent()) {
            overflow(r.negative, format, mode, unmasked);
        } else if (inexact) {
            flags = PE;
        }
    }

    /** Tiny results flushed to zero, as SSE's FTZ does when underflow is masked. Call after {@link #round}. */
    public void flushIfTiny() {
        if (tiny) {
            flags = UE | PE;
            significand = 0;
        }
    }

    private void roundNormal(long hi, long lo, int exp, int precision, int mode, boolean negative) {
        tiny = false;
        exponent = exp;
        roundBits(hi, lo, precision, mode, negative);
        if (significand == 0) {
            significand = Long.MIN_VALUE;
            exponent++;
        }
    }

    private void roundBits(long hi, long lo, int precision, int mode, boolean negative) {
        int drop = 64 - precision;
        long unit = drop == 0 ? 1 : 1L << drop;
        long rest = hi & unit - 1;
        significand = hi & -unit;
        inexact = (rest | lo) != 0;
        roundedUp = inexact && (switch (mode) {
            case NEAREST -> aboveHalf(rest, lo, drop, (hi & unit) != 0);
            case DOWN -> negative;
            case UP -> !negative;
            default -> false;
        });
        if (roundedUp) {
            significand += unit;
        }
    }

    private static boolean aboveHalf(long rest, long lo, int drop, boolean odd) {
        if (drop == 0) {
            return lo < 0 && (odd || lo != Long.MIN_VALUE);
        }
        long half = 1L << drop - 1;
        return rest > half || rest == half && (lo != 0 || odd);
    }

    private void tiny(Real r, FloatFormat format, int mode, int unmasked) {
        if ((unmasked & UE) != 0) {
            flags = inexact ? UE | PE : UE;
            exponent += RESCALE;
            if (exponent < format.minExponent()) {
                vanish(format);
            }
            return;
        }
        int shift = format.minExponent() - r.exponent;
        long hi = r.significand;
        long lo = r.low;
        exponent = format.minExponent();
        roundBits(highAfter(hi, shift), lowAfter(hi, lo, shift), format.precision(), mode, r.negative);
        flags = inexact ? UE | PE : 0;
        tiny = true;
    }

    private void overflow(boolean negative, FloatFormat format, int mode, int unmasked) {
        if ((unmasked & OE) != 0) {
            flags = inexact ? OE | PE : OE;
            exponent -= RESCALE;
            if (exponent > format.maxExponent()) {
                overflowTo(true, format);
            }
            return;
        }
        overflowTo(mode == NEAREST || mode == (negative ? DOWN : UP), format);
    }

    private void overflowTo(boolean infinity, FloatFormat format) {
        flags = OE | PE;
        infinite = infinity;
        roundedUp = infinity;
        exponent = format.maxExponent();
        significand = infinity ? Long.MIN_VALUE : -1L << 64 - format.precision();
    }

    /** A result (of FSCALE) that stays too small even rescaled. */
    private void vanish(FloatFormat format) {
        flags = UE | PE;
        roundedUp = false;
        exponent = format.minExponent();
        significand = 0;
    }

    /** Upper half of {@code hi:lo >>> shift}. */
    static long highAfter(long hi, int shift) {
        return shift >= 64 ? 0 : hi >>> shift;
    }

    /** Lower half of {@code hi:lo >>> shift}, with the bits shifted out folded into its lowest bit. */
    static long lowAfter(long hi, long lo, int shift) {
        if (shift == 0) {
            return lo;
        }
        if (shift < 64) {
            return hi << 64 - shift | lo >>> shift | sticky(lo << 64 - shift);
        }
        if (shift == 64) {
            return hi | sticky(lo);
        }
        if (shift < 128) {
            return hi >>> shift - 64 | sticky(hi << 128 - shift | lo);
        }
        return 1;
    }

    private static long sticky(long lost) {
        return lost == 0 ? 0 : 1;
    }

    /** Sign and biased exponent of the result in the 80-bit format. */
    public int signExponent80(boolean negative) {
        int sign = negative ? 0x8000 : 0;
        if (infinite) {
            return sign | 0x7fff;
        }
        return significand >= 0 ? sign : sign | exponent + 16383 & 0x7fff;
    }

    /** The result in the 64-bit format. */
    public long bits64(boolean negative) {
        long sign = negative ? Long.MIN_VALUE : 0;
        if (infinite) {
            return sign | 0x7ff0_0000_0000_0000L;
        }
        long biased = significand >= 0 ? 0 : exponent + 1023;
        return sign | biased << 52 | significand << 1 >>> 12;
    }

    /** The result in the 32-bit format. */
    public int bits32(boolean negative) {
        int sign = negative ? Integer.MIN_VALUE : 0;
        if (infinite) {
            return sign | 0x7f80_0000;
        }
        int biased = significand >= 0 ? 0 : exponent + 127;
        return sign | biased << 23 | (int) (significand << 1 >>> 41);
    }
}
