package io.xenolith.shm.hv;

/**
 * Who holds a word: a domain, one of its vCPUs, and which life of that domid. A word that says "busy" carries
 * it, so that whoever finds the holder dead can take the word over by compare-and-set.
 *
 * <pre>
 *   63          49 48 47         32 31       16 15        0
 *   +-------------+--+-------------+-----------+-----------+
 *   |      0      | 1| incarnation |   vcpu    |   domid   |      0 as a whole: nobody
 *   +-------------+--+-------------+-----------+-----------+
 * </pre>
 */
public final class Party {
    /** Nobody. */
    public static final long NOBODY = 0;
    private static final long PRESENT = 1L << 48;

    private Party() {
    }

    /** Builds a word that is never 0. */
    public static long of(final int domid, final int vcpu, final int incarnation) {
        return PRESENT | (incarnation & 0xFFFFL) << 32 | (vcpu & 0xFFFFL) << 16 | (domid & 0xFFFFL);
    }

    /** Domid of a word. */
    public static int domid(final long party) {
        return (int) party & 0xFFFF;
    }

    /** vCPU of a word. */
    public static int vcpu(final long party) {
        return (int) party >>> 16;
    }

    /** Incarnation of a word. */
    public static int incarnation(final long party) {
        return (int) (party >>> 32) & 0xFFFF;
    }
}
