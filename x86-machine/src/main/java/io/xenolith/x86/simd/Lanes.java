package io.xenolith.x86.simd;

/** Packed-integer arithmetic on the eight bytes, four words or two doublewords of a long. */
final class Lanes {
    private static final long HIGH_BYTES = 0x8080_8080_8080_8080L;
    private static final long HIGH_WORDS = 0x8000_8000_8000_8000L;
    private static final long LOW32 = 0xffff_ffffL;

    private Lanes() {
    }

    /** An operation on one element, operands as the instruction reads them (signed or not). */
    @FunctionalInterface
    interface Element {
        int apply(int a, int b);
    }

    static long bytes(long a, long b, Element op) {
        long r = 0;
        for (int s = 0; s < 64; s += 8) {
            r |= (op.apply((byte) (a >>> s), (byte) (b >>> s)) & 0xffL) << s;
        }
        return r;
    }

    static long unsignedBytes(long a, long b, Element op) {
        long r = 0;
        for (int s = 0; s < 64; s += 8) {
            r |= (op.apply((int) (a >>> s) & 0xff, (int) (b >>> s) & 0xff) & 0xffL) << s;
        }
        return r;
    }

    static long words(long a, long b, Element op) {
        long r = 0;
        for (int s = 0; s < 64; s += 16) {
            r |= (op.apply((short) (a >>> s), (short) (b >>> s)) & 0xffffL) << s;
        }
        return r;
    }

    static long unsignedWords(long a, long b, Element op) {
        long r = 0;
        for (int s = 0; s < 64; s += 16) {
            r |= (op.apply((int) (a >>> s) & 0xffff, (int) (b >>> s) & 0xffff) & 0xffffL) << s;
        }
        return r;
    }

    static long doubles(long a, long b, Element op) {
        return op.apply((int) a, (int) b) & LOW32 | (long) op.apply((int) (a >>> 32), (int) (b >>> 32)) << 32;
    }

    static long addBytes(long a, long b) {
        return (a & ~HIGH_BYTES) + (b & ~HIGH_BYTES) ^ (a ^ b) & HIGH_BYTES;
    }

    static long addWords(long a, long b) {
        return (a & ~HIGH_WORDS) + (b & ~HIGH_WORDS) ^ (a ^ b) & HIGH_WORDS;
    }

    static long addDoubles(long a, long b) {
        return a + b & LOW32 | (a >>> 32) + (b >>> 32) << 32;
    }

    static long subBytes(long a, long b) {
        return (a | HIGH_BYTES) - (b & ~HIGH_BYTES) ^ (a ^ ~b) & HIGH_BYTES;
    }

    static long subWords(long a, long b) {
        return (a | HIGH_WORDS) - (b & ~HIGH_WORDS) ^ (a ^ ~b) & HIGH_WORDS;
    }

    static long subDoubles(long a, long b) {
        return a - b & LOW32 | (a >>> 32) - (b >>> 32) << 32;
    }

    static int saturateByte(int v) {
        return Math.clamp(v, Byte.MIN_VALUE, Byte.MAX_VALUE);
    }

    static int saturateWord(int v) {
        return Math.clamp(v, Short.MIN_VALUE, Short.MAX_VALUE);
    }

    static int saturateUnsignedByte(int v) {
        return Math.clamp(v, 0, 0xff);
    }

    static int saturateUnsignedWord(int v) {
        return Math.clamp(v, 0, 0xffff);
    }

    /** Products of neighbouring words, added in pairs. */
    static long multiplyAdd(long a, long b) {
        return pairSum(a, b, 0) & LOW32 | (long) pairSum(a, b, 32) << 32;
    }

    private static int pairSum(long a, long b, int s) {
        return (short) (a >>> s) * (short) (b >>> s) + (short) (a >>> s + 16) * (short) (b >>> s + 16);
    }

    /** Sum of the absolute differences of eight bytes. */
    static long sumOfDifferences(long a, long b) {
        int sum = 0;
        for (int s = 0; s < 64; s += 8) {
            sum += Math.abs(((int) (a >>> s) & 0xff) - ((int) (b >>> s) & 0xff));
        }
        return sum;
    }

    static long multiplyUnsignedDoubles(long a, long b) {
        return (a & LOW32) * (b & LOW32);
    }

    /** Bit {@code i} of the answer is the sign of byte {@code i}. */
    static int signMask(long a) {
        return (int) ((a & HIGH_BYTES) * 0x0002_0408_1020_4081L >>> 56);
    }

    // ---- packing: the four or two elements of one long become half a long ----

    static long packWordsSigned(long a) {
        return packWords(a, true);
    }

    static long packWordsUnsigned(long a) {
        return packWords(a, false);
    }

    private static long packWords(long a, boolean signed) {
        long r = 0;
        for (int n = 0; n < 4; n++) {
            int v = (short) (a >>> 16 * n);
            r |= ((signed ? saturateByte(v) : saturateUnsignedByte(v)) & 0xffL) << 8 * n;
        }
        return r;
    }

    static long packDoubles(long a) {
        return saturateWord((int) a) & 0xffffL | (saturateWord((int) (a >>> 32)) & 0xffffL) << 16;
    }

    // ---- interleaving of the low halves of two longs ----

    static long interleaveBytes(long a, long b) {
        return spreadBytes(a) | spreadBytes(b) << 8;
    }

    private static long spreadBytes(long a) {
        long x = a & LOW32;
        x = (x | x << 16) & 0x0000_ffff_0000_ffffL;
        return (x | x << 8) & 0x00ff_00ff_00ff_00ffL;
    }

    static long interleaveWords(long a, long b) {
        return spreadWords(a) | spreadWords(b) << 16;
    }

    private static long spreadWords(long a) {
        long x = a & LOW32;
        return (x | x << 16) & 0x0000_ffff_0000_ffffL;
    }

    static long interleaveDoubles(long a, long b) {
        return a & LOW32 | b << 32;
    }

    // ---- shifts by a count that may be too large ----

    static long shiftRightWords(long a, long count) {
        return count < 0 || count > 15 ? 0 : a >>> count & (0xffffL >>> count) * 0x0001_0001_0001_0001L;
    }

    static long shiftRightDoubles(long a, long count) {
        return count < 0 || count > 31 ? 0 : a >>> count & (LOW32 >>> count) * 0x1_0000_0001L;
    }

    static long shiftRightQuad(long a, long count) {
        return count < 0 || count > 63 ? 0 : a >>> count;
    }

    static long shiftLeftWords(long a, long count) {
        return count < 0 || count > 15 ? 0 : a << count & (0xffffL << count & 0xffff) * 0x0001_0001_0001_0001L;
    }

    static long shiftLeftDoubles(long a, long count) {
        return count < 0 || count > 31 ? 0 : a << count & (LOW32 << count & LOW32) * 0x1_0000_0001L;
    }

    static long shiftLeftQuad(long a, long count) {
        return count < 0 || count > 63 ? 0 : a << count;
    }

    static long shiftArithmeticWords(long a, long count) {
        int n = count < 0 || count > 15 ? 15 : (int) count;
        return words(a, 0, (x, y) -> x >> n);
    }

    static long shiftArithmeticDoubles(long a, long count) {
        int n = count < 0 || count > 31 ? 31 : (int) count;
        return (int) a >> n & LOW32 | (long) ((int) (a >>> 32) >> n) << 32;
    }

    /** Chooses four words by two-bit selectors. */
    static long shuffleWords(long a, int order) {
        long r = 0;
        for (int n = 0; n < 4; n++) {
            r |= (a >>> 16 * (order >>> 2 * n & 3) & 0xffff) << 16 * n;
        }
        return r;
    }
}
