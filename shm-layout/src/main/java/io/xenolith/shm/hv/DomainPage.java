package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * Parts of a domain that only a few need: three pages, backed when the domain's slot is taken.
 *
 * <pre>
 *     0 +------------------------------------+
 *       | crash reason      int [R0]         | 0 none; CRASH_*
 *     4 | crash vcpu        int [R0]         |
 *     8 | crash text length int [R0]         | written last
 *    12 | (unused)                           |
 *    16 | crash text        4080 bytes [R0]  |
 *  4096 +------------------------------------+
 *       | magazine count    int [R0][HV]     | free frames in hand; entries below are valid
 *  4100 | magazine          1023 x int       | mfns, taken from the end
 *  8192 +------------------------------------+
 *       | fifo array mfns   128 x int [HV]   |
 *  8704 | e820 entries      int [DOM0]       |
 *  8708 | (unused)                           |
 *  8712 | e820              32 x 24 bytes [DOM0] | {long address, long size, int type, int 0}
 *  9480 | iobitmap address  long [R0]        | guest virtual, 0 none
 *  9488 | iobitmap ports    int [R0]         |
 *  9492 | (unused)                           |
 * 12288 +------------------------------------+
 * </pre>
 */
public final class DomainPage {
    /** int. */
    public static final int CRASH_REASON = 0;
    /** int. */
    public static final int CRASH_VCPU = CRASH_REASON + SIZE_OF_INT;
    /** int: bytes. */
    public static final int CRASH_LENGTH = CRASH_VCPU + SIZE_OF_INT;
    /** Text. */
    public static final int CRASH_TEXT = 16;
    /** Room for the text. */
    public static final int CRASH_TEXT_LENGTH = 4080;

    /** int. */
    public static final int MAGAZINE_COUNT = CRASH_TEXT + CRASH_TEXT_LENGTH;
    /** {@link #MAGAZINE_SIZE} ints. */
    public static final int MAGAZINE = MAGAZINE_COUNT + SIZE_OF_INT;
    /** Frames a magazine holds at most. */
    public static final int MAGAZINE_SIZE = 1023;

    /** 128 ints. */
    public static final int FIFO_ARRAY = MAGAZINE + MAGAZINE_SIZE * SIZE_OF_INT;
    /** Event-array pages at most. */
    public static final int FIFO_ARRAY_SIZE = 128;
    /** int. */
    public static final int E820_COUNT = FIFO_ARRAY + FIFO_ARRAY_SIZE * SIZE_OF_INT;
    /** {@link #E820_SIZE} entries of 24 bytes: long address, long size, int type, int 0. */
    public static final int E820 = E820_COUNT + 2 * SIZE_OF_INT;
    /** Entries at most. */
    public static final int E820_SIZE = 32;
    /** long: guest virtual address. */
    public static final int IOBITMAP = E820 + E820_SIZE * 24;
    /** int. */
    public static final int IOBITMAP_PORTS = IOBITMAP + 2 * SIZE_OF_INT;
    /** Bytes of the three pages. */
    public static final int LENGTH = 3 * 4096;

    private DomainPage() {
    }
}
