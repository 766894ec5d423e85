package io.xenolith.x86.silicon;

/**
 * The memory that cases may touch: eight pages at fixed addresses with fixed rights, and in them the <em>spots</em>
 * that are filled before and compared after each case; the rest of the writable pages is zeroed before each. They lie where something can go wrong: before and after page
 * boundaries of each kind.
 *
 * <pre>
 * page   0      1          2          3      4           5          6           7
 *        none | write    | write    | none | read only | write    | read only | none
 *              [s0  s1  s2|s2     s3]       constant    s4       s5| constant
 * </pre>
 */
final class Windows {
    static final long BASE = 0x2000_0000L;
    static final int PAGES = 8;
    static final int PAGE = 4096;

    /** Rights of each page. */
    enum Rights { NONE, READ, WRITE }

    private static final Rights[] RIGHTS = {
        Rights.NONE, Rights.WRITE, Rights.WRITE, Rights.NONE, Rights.READ, Rights.WRITE, Rights.READ, Rights.NONE};

    /** Address and length of every spot; lengths are multiples of 64. */
    static final long[] SPOT = {
        BASE + 0x1000, BASE + 0x1800, BASE + 0x1FC0, BASE + 0x2FC0, BASE + 0x5000, BASE + 0x5FC0};
    static final int[] SPOT_BYTES = {64, 576, 128, 64, 64, 64};
    /** Length of all spots together. */
    static final int SPOTS_BYTES = 960;

    /** The large spot, for instructions that need much room. */
    static final int LARGE = 1;

    private Windows() {
    }

    static Rights rights(final int page) {
        return RIGHTS[page];
    }

    /** What the read-only pages hold at an offset from {@link #BASE}: the same in child and model. */
    static byte constant(final long offset) {
        return (byte) (offset * 0x9E3779B97F4A7C15L >>> 56);
    }
}
