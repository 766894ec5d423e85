package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * A frame offered for receiving.
 *
 * <pre>
 *       +-------------+
 *     0 | id     u16  | [F] returned in the response
 *     4 | gref   u32  | [F] grant of the frame
 *     8 +-------------+
 * </pre>
 */
public final class NetifRxRequest {
    /** u16: returned in the response. */
    public static final int ID = 0;
    /** u32: grant of the frame. */
    public static final int GREF = ID + SIZE_OF_SHORT + 2;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = GREF + SIZE_OF_INT;

    private NetifRxRequest() {
    }
}
