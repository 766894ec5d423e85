package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * Head of every I/O ring page. F: front-end, B: back-end.
 *
 * <pre>
 *       +-------------------+
 *     0 | reqProd  u32      | [F] requests produced; release store after the request
 *     4 | reqEvent u32      | [B] notify when reqProd passes this
 *     8 | rspProd  u32      | [B] responses produced; release store after the response
 *    12 | rspEvent u32      | [F] notify when rspProd passes this
 *    16 | pvt      4 bytes  | [F] private to one kind of device
 *    64 | ring     ...      | [F][B] entries; requests and responses share the slots
 *       +-------------------+
 * </pre>
 */
public final class RingHeader {
    /** u32: requests produced; release store after the request. */
    public static final int REQ_PROD = 0;
    /** u32: notify when reqProd passes this. */
    public static final int REQ_EVENT = REQ_PROD + SIZE_OF_INT;
    /** u32: responses produced; release store after the response. */
    public static final int RSP_PROD = REQ_EVENT + SIZE_OF_INT;
    /** u32: notify when rspProd passes this. */
    public static final int RSP_EVENT = RSP_PROD + SIZE_OF_INT;
    /** 4 bytes: private to one kind of device. */
    public static final int PVT = RSP_EVENT + SIZE_OF_INT;
    /** ...: entries; requests and responses share the slots. */
    public static final int RING = PVT + 4 + 44;

    private RingHeader() {
    }
}
