package io.xenolith.x86.fpu;

/**
 * What rounding needs to know of a binary format.
 *
 * @param precision   bits of significand, the leading one included
 * @param minExponent exponent of the smallest normal number
 * @param maxExponent exponent of the largest finite number
 */
public record FloatFormat(int precision, int minExponent, int maxExponent) {
    /** 32-bit binary. */
    public static final FloatFormat SINGLE = new FloatFormat(24, -126, 127);
    /** 64-bit binary. */
    public static final FloatFormat DOUBLE = new FloatFormat(53, -1022, 1023);
    /** 80-bit extended at full precision. */
    public static final FloatFormat EXTENDED = new FloatFormat(64, -16382, 16383);
    private static final FloatFormat EXTENDED_53 = new FloatFormat(53, -16382, 16383);
    private static final FloatFormat EXTENDED_24 = new FloatFormat(24, -16382, 16383);

    /** The extended format under the precision-control field of the x87 control word (the reserved code 1 rounds to 64 bits). */
    public static FloatFormat extended(int control) {
        return switch (control >>> 8 & 3) {
            case 0 -> EXTENDED_24;
            case 2 -> EXTENDED_53;
            default -> EXTENDED;
        };
    }
}
