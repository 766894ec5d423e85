package io.xenolith.x86.mmu;

/**
 * The data breakpoints of the debug registers, as the memory unit sees them: by page, to keep such pages off the fast
 * path, and by byte. Debug registers with I/O or execution conditions are not its business.
 */
final class Watchpoints {
    private static final int WRITES = 1;
    private static final int READS_AND_WRITES = 3;

    private final long[] start = new long[4];
    private final long[] end = new long[4];
    private final int[] kind = new int[4];
    private int armed;

    /**
     * Takes over what DR0-3 and DR7 say.
     *
     * @return whether anything was or is armed, so that translations must be made anew
     */
    boolean arm(final long[] dr) {
        final int before = armed;
        armed = 0;
        for (int n = 0; n < 4; n++) {
            kind[n] = (int) (dr[7] >>> 16 + 4 * n) & 3;
            final boolean enabled = (dr[7] >>> 2 * n & 3) != 0;
            if (enabled && (kind[n] == WRITES || kind[n] == READS_AND_WRITES)) {
                final int length = length((int) (dr[7] >>> 18 + 4 * n) & 3);
                start[n] = dr[n] & -length;
                end[n] = start[n] + length;
                armed |= 1 << n;
            }
        }
        return before != 0 || armed != 0;
    }

    private static int length(final int field) {
        return field == 2 ? 8 : field + 1;
    }

    /** Whether a breakpoint lies on the page of this address. A breakpoint never straddles: it is aligned. */
    boolean onPage(final long linear) {
        if (armed == 0) {
            return false;
        }
        for (int n = 0; n < 4; n++) {
            if ((armed & 1 << n) != 0 && (start[n] & Tlb.PAGE) == (linear & Tlb.PAGE)) {
                return true;
            }
        }
        return false;
    }

    /** The breakpoints that an access touches, as bits 0-3 of DR6. */
    int hits(final long linear, final int size, final boolean write) {
        int hits = 0;
        if (armed == 0) {
            return 0;
        }
        for (int n = 0; n < 4; n++) {
            final boolean touched = linear < end[n] && start[n] < linear + size;
            if ((armed & 1 << n) != 0 && touched && (write || kind[n] == READS_AND_WRITES)) {
                hits |= 1 << n;
            }
        }
        return hits;
    }
}
