package io.xenolith.x86.fpu;

/**
 * A floating-point datum of any format, taken apart. A finite number is
 * {@code (negative ? -1 : 1) * (significand + low / 2^64) / 2^63 * 2^exponent} with bit 63 of {@code significand} set; {@code low} is
 * only used in results on their way to {@link Rounder}, where its lowest bit may be sticky. A NaN keeps its payload left-aligned in
 * {@code significand} as the 80-bit format does. Mutable, so that the instruction bodies need not allocate.
 */
public final class Real {
    public static final int ZERO = 0, FINITE = 1, INFINITE = 2, QNAN = 3, SNAN = 4, UNSUPPORTED = 5;
    /** Significand of the default ("real indefinite") NaN. */
    public static final long INDEFINITE = 0xc000_0000_0000_0000L;
    /** Sign and exponent of the default NaN in the 80-bit format. */
    public static final int INDEFINITE_SIGN_EXPONENT = 0xffff;
    private static final long INTEGER_BIT = Long.MIN_VALUE;
    private static final long QUIET_BIT = 0x4000_0000_0000_0000L;

    /** One of the six constants above. */
    public int kind;
    public boolean negative;
    /** Unbiased. */
    public int exponent;
    public long significand;
    public long low;
    /** Whether the encoding was a denormal (or pseudo-denormal). */
    public boolean denormal;

    /** Takes an 80-bit number apart. */
    public Real set80(long sig, int signExponent) {
        negative = (signExponent & 0x8000) != 0;
        significand = sig;
        low = 0;
        denormal = false;
        int biased = signExponent & 0x7fff;
        if (biased == 0) {
            denormal = sig != 0;
            finite(sig, -16382);
        } else if (sig >= 0) {
            kind = UNSUPPORTED;
        } else if (biased == 0x7fff) {
            kind = sig == INTEGER_BIT ? INFINITE : (sig & QUIET_BIT) != 0 ? QNAN : SNAN;
        } else {
            kind = FINITE;
            exponent = biased - 16383;
        }
        return this;
    }

    /** Takes a 64-bit number apart. */
    public Real set64(long bits) {
        return setBinary(bits < 0, (int) (bits >>> 52) & 0x7ff, bits << 11 & Long.MAX_VALUE, 0x7ff);
    }

    /** Takes a 32-bit number apart. */
    public Real set32(int bits) {
        return setBinary(bits < 0, bits >>> 23 & 0xff, (long) bits << 40 & Long.MAX_VALUE, 0xff);
    }

    private Real setBinary(boolean sign, int biased, long fraction, int special) {
        negative = sign;
        low = 0;
        denormal = false;
        int bias = special >>> 1;
        if (biased == 0) {
            denormal = fraction != 0;
            finite(fraction, 1 - bias);
        } else if (biased == special) {
            significand = fraction | INTEGER_BIT;
            kind = fraction == 0 ? INFINITE : (fraction & QUIET_BIT) != 0 ? QNAN : SNAN;
        } else {
            kind = FINITE;
            exponent = biased - bias;
            significand = fraction | INTEGER_BIT;
        }
        return this;
    }

    /** A signed integer; always exact. */
    public Real setLong(long value) {
        negative = value < 0;
        low = 0;
        denormal = false;
        finite(value < 0 ? -value : value, 63);
        return this;
    }

    /** Copies another number. */
    public Real set(Real r) {
        kind = r.kind;
        negative = r.negative;
        exponent = r.exponent;
        significand = r.significand;
        low = r.low;
        denormal = r.denormal;
        return this;
    }

    /** A zero. */
    public Real setZero(boolean sign) {
        kind = ZERO;
        negative = sign;
        significand = 0;
        low = 0;
        denormal = false;
        return this;
    }

    /** An infinity. */
    public Real setInfinity(boolean sign) {
        kind = INFINITE;
        negative = sign;
        significand = INTEGER_BIT;
        low = 0;
        denormal = false;
        return this;
    }

    /** The default NaN. */
    public Real setIndefinite() {
        kind = QNAN;
        negative = true;
        significand = INDEFINITE;
        low = 0;
        denormal = false;
        return this;
    }

    /** A finite number from an unnormalised 64-bit significand, or zero. */
    public void finite(long sig, int exp) {
        if (sig == 0) {
            kind = ZERO;
            significand = 0;
            return;
        }
        int shift = Long.numberOfLeadingZeros(sig);
        kind = FINITE;
        significand = sig << shift;
        exponent = exp - shift;
    }

    /** Turns a signalling NaN into the quiet one of the same payload. */
    public void quieten() {
        significand |= QUIET_BIT;
        kind = QNAN;
    }

    public boolean isNan() {
        return kind == QNAN || kind == SNAN;
    }

    public boolean isZero() {
        return kind == ZERO;
    }

    public boolean isInfinite() {
        return kind == INFINITE;
    }

    /** The 64-bit encoding of a NaN, an infinity or a zero. */
    public long special64() {
        long sign = negative ? Long.MIN_VALUE : 0;
        return kind == ZERO ? sign : sign | 0x7ff0_0000_0000_0000L | significand << 1 >>> 12;
    }

    /** The 32-bit encoding of a NaN, an infinity or a zero. */
    public int special32() {
        int sign = negative ? Integer.MIN_VALUE : 0;
        return kind == ZERO ? sign : sign | 0x7f80_0000 | (int) (significand << 1 >>> 41);
    }
}
