package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * A packet, or a part of one, that the guest sends.
 *
 * <pre>
 *       +-------------+
 *     0 | gref   u32  | [F] grant of the frame
 *     4 | offset u16  | [F] first byte in it
 *     6 | flags  u16  | [F] FLAG_*
 *     8 | id     u16  | [F] returned in the response
 *    10 | size   u16  | [F] bytes; in the first slot of a packet those of the whole
 *    12 +-------------+
 * </pre>
 */
public final class NetifTxRequest {
    /** Checksum to be filled in. */
    public static final int FLAG_CSUM_BLANK = 1;
    /** Checksum known good. */
    public static final int FLAG_DATA_VALIDATED = 2;
    /** The packet goes on in the next slot. */
    public static final int FLAG_MORE_DATA = 4;
    /** An extra-info slot follows. */
    public static final int FLAG_EXTRA_INFO = 8;

    /** u32: grant of the frame. */
    public static final int GREF = 0;
    /** u16: first byte in it. */
    public static final int OFFSET = GREF + SIZE_OF_INT;
    /** u16: FLAG_*. */
    public static final int FLAGS = OFFSET + SIZE_OF_SHORT;
    /** u16: returned in the response. */
    public static final int ID = FLAGS + SIZE_OF_SHORT;
    /** u16: bytes; in the first slot of a packet those of the whole. */
    public static final int SIZE = ID + SIZE_OF_SHORT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = SIZE + SIZE_OF_SHORT;

    private NetifTxRequest() {
    }
}
