package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * A packet, or a part of one, received.
 *
 * <pre>
 *       +-------------+
 *     0 | id     u16  | [B] of the request
 *     2 | offset u16  | [B] first byte in the frame
 *     4 | flags  u16  | [B] FLAG_*
 *     6 | status s16  | [B] bytes, or negative
 *     8 +-------------+
 * </pre>
 */
public final class NetifRxResponse {
    /** Checksum known good. */
    public static final int FLAG_DATA_VALIDATED = 1;
    /** Checksum not filled in. */
    public static final int FLAG_CSUM_BLANK = 2;
    /** The packet goes on in the next slot. */
    public static final int FLAG_MORE_DATA = 4;
    /** An extra-info slot follows. */
    public static final int FLAG_EXTRA_INFO = 8;

    /** u16: of the request. */
    public static final int ID = 0;
    /** u16: first byte in the frame. */
    public static final int OFFSET = ID + SIZE_OF_SHORT;
    /** u16: FLAG_*. */
    public static final int FLAGS = OFFSET + SIZE_OF_SHORT;
    /** s16: bytes, or negative. */
    public static final int STATUS = FLAGS + SIZE_OF_SHORT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = STATUS + SIZE_OF_SHORT;

    private NetifRxResponse() {
    }
}
