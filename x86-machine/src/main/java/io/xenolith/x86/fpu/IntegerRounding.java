package io.xenolith.x86.fpu;

/** Rounds a finite number to an integer magnitude of up to 64 bits. */
public final class IntegerRounding {
    /** The rounded magnitude, unsigned; meaningless when {@link #tooLarge}. */
    public long magnitude;
    public boolean inexact;
    public boolean roundedUp;
    /** The magnitude is 2^64 or more. */
    public boolean tooLarge;

    /** Rounds {@code r}, finite, into {@code out}. */
    public static void round(Real r, int mode, IntegerRounding out) {
        out.inexact = false;
        out.roundedUp = false;
        out.tooLarge = r.exponent > 63;
        if (out.tooLarge) {
            return;
        }
        int shift = 63 - r.exponent;
        long integer = Rounder.highAfter(r.significand, shift);
        long fraction = Rounder.lowAfter(r.significand, r.low, shift);
        out.inexact = fraction != 0;
        out.roundedUp = out.inexact && up(integer, fraction, mode, r.negative);
        out.magnitude = out.roundedUp ? integer + 1 : integer;
        out.tooLarge = out.roundedUp && out.magnitude == 0;
    }

    private static boolean up(long integer, long fraction, int mode, boolean negative) {
        return switch (mode) {
            case Rounder.NEAREST -> fraction < 0 && (fraction != Long.MIN_VALUE || (integer & 1) != 0);
            case Rounder.DOWN -> negative;
            case Rounder.UP -> !negative;
            default -> false;
        };
    }

    /**
     * Whether the result does not fit a signed integer of {@code bits} bits.
     *
     * @param negative sign of the number
     */
    public boolean overflows(int bits, boolean negative) {
        long limit = 1L << bits - 1;
        return tooLarge || Long.compareUnsigned(magnitude, negative ? limit : limit - 1) > 0;
    }
}
