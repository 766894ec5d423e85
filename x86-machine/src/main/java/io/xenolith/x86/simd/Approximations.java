package io.xenolith.x86.simd;

/**
 * The 12-bit approximations of RCPPS and RSQRTPS. Every Intel processor answers the same: the exact function of the middle of the
 * interval that the leading significand bits select (11 bits for the reciprocal, 10 and the exponent's parity for the root), rounded
 * to nearest with 12 bits after the leading one. Found by measuring all intervals on silicon. Denormals count as zero.
 */
final class Approximations {
    private static final int INFINITY = 0x7f80_0000;
    private static final int INDEFINITE = 0xffc0_0000;
    private static final int QUIET = 0x0040_0000;
    private static final int MAGNITUDE = 0x7fff_ffff;
    private static final short[] RECIPROCAL = new short[2048];
    private static final short[] ROOT = new short[2048];

    static {
        for (int k = 0; k < 2048; k++) {
            int middle = 4096 + 2 * k + 1;
            RECIPROCAL[k] = (short) ((2 * 8192 * 4096 + middle) / (2 * middle) - 4096);
            boolean halved = k >= 1024;
            double x = (1 + (2 * (k & 1023) + 1) / 2048.0) / (halved ? 2 : 1);
            ROOT[k] = (short) ((int) Math.floor((halved ? 4096 : 8192) / Math.sqrt(x) + 0.5) - 4096);
        }
    }

    private Approximations() {
    }

    /** RCPSS of raw bits. */
    static int reciprocal(int x) {
        int sign = x & Integer.MIN_VALUE;
        int magnitude = x & MAGNITUDE;
        if (magnitude > INFINITY) {
            return x | QUIET;
        }
        int exponent = magnitude >>> 23;
        if (exponent == 0) {
            return sign | INFINITY;
        }
        int inverse = 253 - exponent;
        if (inverse <= 0) {
            return sign;
        }
        return sign | inverse << 23 | RECIPROCAL[magnitude >>> 12 & 2047] << 11;
    }

    /** RSQRTSS of raw bits. */
    static int reciprocalRoot(int x) {
        int sign = x & Integer.MIN_VALUE;
        int magnitude = x & MAGNITUDE;
        if (magnitude > INFINITY) {
            return x | QUIET;
        }
        int exponent = magnitude >>> 23;
        if (exponent == 0) {
            return sign | INFINITY;
        }
        if (sign != 0) {
            return INDEFINITE;
        }
        if (magnitude == INFINITY) {
            return 0;
        }
        // An odd unbiased exponent is one of a number in [1/2, 1) times an even power of two.
        boolean halved = (exponent & 1) == 0;
        int even = halved ? exponent + 1 - 127 : exponent - 127;
        int result = (halved ? 127 : 126) - even / 2;
        return result << 23 | ROOT[magnitude >>> 13 & 1023 | (halved ? 1024 : 0)] << 11;
    }
}
