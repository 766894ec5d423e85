package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * One piece of a block request: sectors within one granted frame.
 *
 * <pre>
 *       +----------------+
 *     0 | gref      u32  | [F] grant of the frame
 *     4 | firstSect u8   | [F] first 512-byte sector in it
 *     5 | lastSect  u8   | [F] last one
 *     8 +----------------+
 * </pre>
 */
public final class BlkifSegment {
    /** u32: grant of the frame. */
    public static final int GREF = 0;
    /** u8: first 512-byte sector in it. */
    public static final int FIRST_SECT = GREF + SIZE_OF_INT;
    /** u8: last one. */
    public static final int LAST_SECT = FIRST_SECT + SIZE_OF_BYTE;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = LAST_SECT + SIZE_OF_BYTE + 2;

    private BlkifSegment() {
    }
}
