package io.xenolith.x86.silicon;

/**
 * Random numbers for one case: SplitMix64, seeded from the run's seed and the case's number, so that any case can be
 * made again alone. Values are biased towards boundaries, where instructions differ.
 */
final class Rng {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final long[] BOUNDARIES = {
        0, 1, 2, -1, -2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000L,
        0xFFFF_FFFFL, 0x1_0000_0000L, Long.MAX_VALUE, Long.MIN_VALUE, 0x5555_5555_5555_5555L, 0xAAAA_AAAA_AAAA_AAAAL};

    private long state;

    void seed(final long seed, final long caseNumber) {
        state = mix(seed) ^ mix(caseNumber * GAMMA + 1);
    }

    private static long mix(final long z) {
        final long a = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        final long b = (a ^ a >>> 27) * 0x94D049BB133111EBL;
        return b ^ b >>> 31;
    }

    long next() {
        state += GAMMA;
        return mix(state);
    }

    /** Uniform in 0 to n-1; n is small, so that the bias does not matter. */
    int below(final int n) {
        return (int) ((next() >>> 33) * n >>> 31);
    }

    /** True once in n. */
    boolean oneIn(final int n) {
        return below(n) == 0;
    }

    /** A 64-bit value, often near a boundary of some operand size. */
    long value() {
        final long r = next();
        return switch ((int) (r >>> 61)) {
            case 0 -> BOUNDARIES[below(BOUNDARIES.length)];
            case 1 -> BOUNDARIES[below(BOUNDARIES.length)] + below(5) - 2;
            case 2 -> (r & 63) - 32;
            case 3 -> 1L << (r & 63);
            default -> next();
        };
    }
}
