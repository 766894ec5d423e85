package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * Answer to a sent packet.
 *
 * <pre>
 *       +-------------+
 *     0 | id     u16  | [B] of the request
 *     2 | status s16  | [B] 0, or negative
 *     4 +-------------+
 * </pre>
 */
public final class NetifTxResponse {
    /** u16: of the request. */
    public static final int ID = 0;
    /** s16: 0, or negative. */
    public static final int STATUS = ID + SIZE_OF_SHORT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = STATUS + SIZE_OF_SHORT;

    private NetifTxResponse() {
    }
}
