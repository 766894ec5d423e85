package io.xenolith.x86.fpu;

/**
 * Sine, cosine, tangent and arc tangent to about 120 bits. Arguments of the circular functions are reduced with the 66-bit value of
 * pi that Intel's manual documents for the x87 unit, so that results agree with silicon far from zero too.
 */
final class Trigonometry {
    /** pi/2 of the unit, in units of 2^-67: hexadecimal C.90FDAA22168C234C without its point. */
    private static final long HALF_PI_HIGH = 0xcL;
    private static final long HALF_PI_LOW = 0x90fd_aa22_168c_234cL;
    /** Below this exponent silicon answers sine and tangent with the argument itself and cosine with one, in every rounding mode. */
    private static final int TINY = -68;
    /** Below this exponent silicon's tangent is a hair below its argument (the true one is above; both round to nearest alike). */
    private static final int SMALL_TANGENT = -33;
    /** Below this exponent the arc tangent is taken to equal the quotient. */
    private static final int SMALL_QUOTIENT = -40;
    /** True pi. */
    private static final long PI_HIGH = 0xc90f_daa2_2168_c234L;
    private static final long PI_LOW = 0xc4c6_628b_80dc_1cd1L;
    private static final int SLICES = 16;
    /** {@code atan(k / 16)}. */
    private static final Wide[] ARCTAN_OF_SLICE = slices();

    private final Wide reduced = new Wide();
    private final Wide square = new Wide();
    private final Wide sine = new Wide();
    private final Wide cosine = new Wide();
    private final Wide slice = new Wide();
    private final Wide scratch = new Wide();
    private int quadrant;

    private static Wide[] slices() {
        Wide[] table = new Wide[SLICES + 1];
        table[0] = new Wide();
        for (int k = 1; k <= SLICES; k++) {
            // atan(k/16) - atan((k-1)/16) = atan(16 / (256 + k(k-1)))
            Wide step = new Wide().setLong(16).divide(new Wide().setLong(256 + k * (k - 1)));
            Wide square = new Wide().set(step).multiply(step);
            table[k] = Series.ARCTAN.evaluate(square, new Wide()).multiply(step).add(table[k - 1]);
        }
        return table;
    }

    /** Reduces {@code x}, finite with exponent below 63, to at most pi/4 and a quadrant; leaves sine and cosine of the rest. */
    private void reduce(Real x) {
        if (x.exponent < -1) {
            quadrant = 0;
            reduced.set(x);
        } else {
            divideByHalfPi(x);
            if (x.negative) {
                reduced.negate();
                quadrant = -quadrant & 3;
            }
        }
        square.set(reduced).multiply(reduced);
        Series.SINE.evaluate(square, sine).multiply(reduced);
        Series.COSINE.evaluate(square, cosine);
    }

    /** Shift and subtract in units of 2^-68, exact: remainder in {@code reduced}, quotient modulo four in {@code quadrant}. */
    private void divideByHalfPi(Real x) {
        long ph = HALF_PI_HIGH << 1 | HALF_PI_LOW >>> 63;
        long pl = HALF_PI_LOW << 1;
        int start = Math.min(x.exponent, 0);
        long rh = start < 0 ? x.significand >>> 60 : x.significand >>> 59;
        long rl = start < 0 ? x.significand << 4 : x.significand << 5;
        int q = 0;
        for (int i = Math.max(x.exponent, 0); ; i--) {
            q <<= 1;
            if (rh > ph || rh == ph && Long.compareUnsigned(rl, pl) >= 0) {
                rh -= ph + (Long.compareUnsigned(rl, pl) < 0 ? 1 : 0);
                rl -= pl;
                q |= 1;
            }
            if (i == 0) {
                break;
            }
            rh = rh << 1 | rl >>> 63;
            rl <<= 1;
        }
        quadrant = q & 3;
        reduced.setBits(rh, rl, 127 - 68);
        long halfHigh = ph >>> 1;
        long halfLow = ph << 63 | pl >>> 1;
        if (rh > halfHigh || rh == halfHigh && Long.compareUnsigned(rl, halfLow) > 0) {
            scratch.setBits(ph, pl, 127 - 68).negate();
            reduced.add(scratch);
            quadrant = quadrant + 1 & 3;
        }
    }

    /** Sine of a finite, non-zero number. */
    void sine(Real x, Real out) {
        if (x.exponent < TINY) {
            plain(x, out);
            return;
        }
        reduce(x);
        Wide w = (quadrant & 1) == 0 ? sine : cosine;
        store(w, quadrant >= 2, out);
    }

    /** Cosine of a finite, non-zero number. */
    void cosine(Real x, Real out) {
        if (x.exponent < TINY) {
            out.setLong(1);
            return;
        }
        reduce(x);
        Wide w = (quadrant & 1) == 0 ? cosine : sine;
        store(w, quadrant == 1 || quadrant == 2, out);
    }

    /** Tangent. */
    void tangent(Real x, Real out) {
        if (x.exponent < TINY) {
            plain(x, out);
            return;
        }
        if (x.exponent < SMALL_TANGENT) {
            hairBelow(x, out);
            return;
        }
        reduce(x);
        if ((quadrant & 1) == 0) {
            store(sine.divide(cosine), false, out);
        } else {
            store(cosine.divide(sine), true, out);
        }
    }

    private static void store(Wide w, boolean negate, Real out) {
        if (negate) {
            w.negate();
        }
        w.store(out, true);
    }

    private static void plain(Real x, Real out) {
        out.set(x);
        out.denormal = false;
    }

    /** {@code x} a hair smaller in magnitude; silicon lets powers of two stand. */
    private static void hairBelow(Real x, Real out) {
        plain(x, out);
        if (x.significand != Long.MIN_VALUE) {
            out.significand = x.significand - 1;
            out.low = -1;
        }
    }

    /** The angle of the point {@code (x, y)}, both finite and not zero. */
    void arcTangent(Real y, Real x, Real out) {
        boolean steep = y.exponent != x.exponent ? y.exponent > x.exponent
            : Long.compareUnsigned(y.significand, x.significand) > 0;
        Real small = steep ? x : y;
        Real large = steep ? y : x;
        reduced.set(small).divide(slice.set(large));
        reduced.negative = false;
        boolean tiny = reduced.exponent < SMALL_QUOTIENT;
        if (!steep && !x.negative && tiny) {
            reduced.negative = y.negative;
            reduced.store(out, !exactQuotient(small, large));
            return;
        }
        arcTangentOfRatio();
        if (steep) {
            addPi(0, !x.negative);
        } else if (x.negative) {
            addPi(1, true);
        }
        reduced.negative = y.negative;
        reduced.store(out, true);
    }

    /** Whether {@code small / large} has at most 64 bits. */
    private boolean exactQuotient(Real small, Real large) {
        if (reduced.low != 0) {
            return false;
        }
        long q = reduced.high >>> Long.numberOfTrailingZeros(reduced.high);
        long d = large.significand >>> Long.numberOfTrailingZeros(large.significand);
        long n = small.significand >>> Long.numberOfTrailingZeros(small.significand);
        return Math.unsignedMultiplyHigh(q, d) == 0 && q * d == n;
    }

    /** {@code reduced = atan(reduced)} for zero to one. */
    private void arcTangentOfRatio() {
        int k = reduced.exponent < -5 ? 0 : (int) ((reduced.high >>> 1) + (1L << 57 - reduced.exponent) >>> 58 - reduced.exponent);
        if (k > 0) {
            slice.setLong(k);
            slice.exponent -= 4;
            scratch.set(slice).multiply(reduced).add(square.setLong(1));
            slice.negate();
            reduced.add(slice).divide(scratch);
        }
        square.set(reduced).multiply(reduced);
        Series.ARCTAN.evaluate(square, scratch);
        reduced.multiply(scratch).add(ARCTAN_OF_SLICE[k]);
    }

    /** {@code reduced = pi * 2^(shift - 1) +- reduced}. */
    private void addPi(int shift, boolean subtract) {
        if (subtract) {
            reduced.negate();
        }
        reduced.add(scratch.setBits(PI_HIGH, PI_LOW, shift));
    }

    /** A multiple of pi/4, for the special cases of the arc tangent. */
    void quarterPis(int quarters, boolean negative, Real out) {
        reduced.setLong(quarters).multiply(scratch.setBits(PI_HIGH, PI_LOW, -1));
        reduced.negative = negative;
        reduced.store(out, true);
    }
}
