package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * A grant in use: the one word that <i>is</i> the foreign reference, beside the frame it fixes.
 *
 * <pre>
 *    0        8        16
 *    +--------+--------+
 *    | pins   | frame  |
 *    +--------+--------+
 *     [F] CAS  [F]
 *
 *  pins   bits  0-15 domid of the holder        0 as a whole: not in use
 *              16-31 incarnation of the holder (never 0)
 *              32-47 read pins
 *              48-63 write pins
 *  frame  mfn that the pins fix, valid while pins is not 0; bit 63: sub-page or transitive (version 2)
 * </pre>
 */
public final class ActiveGrant {
    /** long. */
    public static final int PINS = 0;
    /** long. */
    public static final int FRAME = PINS + SIZE_OF_LONG;
    /** Bytes of an entry. */
    public static final int LENGTH = FRAME + SIZE_OF_LONG;

    /** Grant references of a domain at most: 64 frames of 512 version-1 entries. */
    public static final int MAX_GRANTS = DomainRecord.MAX_GRANT_FRAMES * 512;
    /** One read pin. */
    public static final long ONE_READ = 1L << 32;
    /** One write pin. */
    public static final long ONE_WRITE = 1L << 48;
    /** Most pins of a kind. */
    public static final int MAX_PINS = 0xFFFF;

    private ActiveGrant() {
    }

    /** Builds a pins word. */
    public static long pins(final int domid, final int incarnation, final int reads, final int writes) {
        return (domid & 0xFFFFL) | (incarnation & 0xFFFFL) << 16 | (reads & 0xFFFFL) << 32
                | (writes & 0xFFFFL) << 48;
    }

    /** Holder of a pins word. */
    public static int domid(final long pins) {
        return (int) pins & 0xFFFF;
    }

    /** Incarnation of the holder. */
    public static int incarnation(final long pins) {
        return (int) pins >>> 16;
    }

    /** Read pins. */
    public static int reads(final long pins) {
        return (int) (pins >>> 32) & 0xFFFF;
    }

    /** Write pins. */
    public static int writes(final long pins) {
        return (int) (pins >>> 48);
    }
}
