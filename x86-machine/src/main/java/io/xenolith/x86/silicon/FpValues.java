package io.xenolith.x86.silicon;

import io.xenolith.shm.Raw;

/** Floating-point operands in which everything special is frequent: zeros, denormals, infinities, NaNs of both kinds. */
final class FpValues {
    private static final int[] CONTROLS = {0x37F, 0x27F, 0x07F};

    private FpValues() {
    }

    static int single(final Rng r) {
        final long n = r.next();
        final int sign = (int) (n >>> 63) << 31;
        final int mantissa = mantissa(r, 23);
        return sign | switch ((int) (n >>> 4 & 15)) {
            case 0 -> 0;
            case 1 -> mantissa;
            case 2 -> 0x7F800000;
            case 3 -> 0x7F800000 | mantissa;
            case 4 -> 0x7FC00000 | mantissa;
            case 5 -> 0x7F000000 | mantissa;
            case 6 -> 0x00800000 | mantissa;
            case 7, 8, 9, 10 -> 0x3F800000 + (r.below(80) - 40 << 23) | mantissa;
            case 11 -> Float.floatToRawIntBits(r.below(64));
            default -> (int) n & 0x7FFFFFFF;
        };
    }

    static long doubleBits(final Rng r) {
        final long n = r.next();
        final long sign = n >>> 63 << 63;
        final long mantissa = (long) mantissa(r, 26) << 26 | (r.oneIn(2) ? r.next() & 0x3FFFFFF : 0);
        return sign | switch ((int) (n >>> 4 & 15)) {
            case 0 -> 0;
            case 1 -> mantissa;
            case 2 -> 0x7FF0L << 48;
            case 3 -> 0x7FF0L << 48 | mantissa;
            case 4 -> 0x7FF8L << 48 | mantissa;
            case 5 -> 0x7FE0L << 48 | mantissa;
            case 6 -> 0x0010L << 48 | mantissa;
            case 7, 8, 9 -> 0x3FF0L + (r.below(140) - 70 << 4) << 48 | mantissa;
            case 10 -> Double.doubleToRawLongBits(Float.intBitsToFloat(single(r)));
            case 11 -> Double.doubleToRawLongBits(r.below(1 << 20) - (1 << 19));
            default -> n & Long.MAX_VALUE;
        };
    }

    private static int mantissa(final Rng r, final int bits) {
        final int all = (1 << bits) - 1;
        return switch (r.below(6)) {
            case 0 -> 0;
            case 1 -> all;
            case 2 -> 1;
            case 3 -> 1 << r.below(bits);
            default -> (int) r.next() & all;
        };
    }

    /** Writes ten bytes: also unnormals, pseudo-denormals and pseudo-NaNs. */
    static void extended(final Rng r, final long at) {
        final long n = r.next();
        long significand = r.oneIn(3) ? r.value() : r.next();
        int exponent = 0x3FFF + r.below(140) - 70;
        switch ((int) (n & 31)) {
            case 0 -> {
                significand = 0;
                exponent = 0;
            }
            case 1, 2 -> {
                significand &= Long.MAX_VALUE;
                exponent = 0;
            }
            case 3 -> exponent = 0; // pseudo-denormal when bit 63 is set
            case 4 -> {
                significand = 1L << 63;
                exponent = 0x7FFF;
            }
            case 5, 6 -> {
                significand |= 1L << 63;
                exponent = 0x7FFF;
            }
            case 7 -> exponent = (int) (n >>> 8) & 0x7FFF; // unnormal half of the time
            case 8 -> {
                significand &= Long.MAX_VALUE;
                exponent = 0x7FFF;
            }
            case 9, 10, 11 -> {
                significand |= 1L << 63;
                exponent = (int) (n >>> 8) & 0x7FFF;
            }
            case 12 -> {
                significand |= 1L << 63;
                exponent = 1 + (int) (n >>> 8 & 63);
            }
            case 13 -> {
                significand |= 1L << 63;
                exponent = 0x7FFE - (int) (n >>> 8 & 63);
            }
            case 14, 15 -> {
                final int shift = (int) (n >>> 8 & 63);
                significand = 1L << 63 | significand << shift;
                exponent = 0x3FFF + (int) (n >>> 16 & 63);
            }
            default -> significand |= 1L << 63;
        }
        Raw.putLong(at, significand);
        Raw.putShort(at + 8, (short) (exponent | (int) (n >>> 48) & 0x8000));
    }

    /** Fills the x87 half of an FXSAVE image. */
    static void x87State(final Rng r, final long fx) {
        int control = r.oneIn(3) ? CONTROLS[r.below(3)] : 0x40 | (int) r.next() & 0x1F00 | 0x3F;
        if (r.oneIn(4)) {
            control &= ~0x3F | (int) r.next();
        }
        int status = (int) r.next() & 0x7F7F & ~0x3F;
        if (r.oneIn(2)) {
            status |= (int) r.next() & 0x3F;
        }
        if (!r.oneIn(32)) {
            status &= ~0x3F | control; // nothing pending, as a rule
        }
        if ((status & ~control & 0x3F) != 0) {
            status |= 0x8080;
        }
        Raw.putShort(fx + FxImage.FCW, (short) control);
        Raw.putShort(fx + FxImage.FSW, (short) status);
        Raw.putShort(fx + FxImage.FTW, (short) (r.oneIn(3) ? (int) r.next() & 0xFF : 0xFF));
        for (int i = 0; i < 8; i++) {
            Raw.putLong(fx + FxImage.ST + 16 * i + 8, 0);
            extended(r, fx + FxImage.ST + 16 * i);
        }
    }

    /** Fills the SSE half of an FXSAVE image with lanes of one kind. */
    static void sseState(final Rng r, final long fx) {
        int mxcsr = 0x1F80;
        if (r.oneIn(2)) {
            mxcsr |= (int) r.next() & 0x603F;
        }
        if (r.oneIn(4)) {
            mxcsr ^= (int) r.next() & 0x9FC0;
        }
        Raw.putInt(fx + FxImage.MXCSR, mxcsr);
        for (int i = 0; i < 32; i++) {
            Raw.putLong(fx + FxImage.XMM + 8 * i, lane(r));
        }
    }

    /** Eight bytes: two singles, a double, or an integer pattern. */
    static long lane(final Rng r) {
        return switch (r.below(4)) {
            case 0 -> r.value();
            case 1 -> doubleBits(r);
            case 2 -> (long) single(r) << 32 | single(r) & 0xFFFF_FFFFL;
            default -> r.next();
        };
    }
}
