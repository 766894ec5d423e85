package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * The xenstore page: two byte rings of 1024 bytes. Indices run free, modulo 2^32.
 *
 * <pre>
 *       +----------------------------+
 *     0 | req            1024 bytes  | [F] requests
 *  1024 | rsp            1024 bytes  | [B] replies and watch events
 *  2048 | reqCons        u32         | [B] taken by the server
 *  2052 | reqProd        u32         | [F] put by the guest
 *  2056 | rspCons        u32         | [F] taken by the guest
 *  2060 | rspProd        u32         | [B] put by the server
 *  2064 | serverFeatures u32         | [B] FEATURE_*
 *  2068 | connection     u32         | [F][B] CONNECTED or RECONNECT
 *  2072 | error          u32         | [B] ERROR_*
 *  2076 +----------------------------+
 * </pre>
 */
public final class XenstoreInterface {
    /** Bytes of each ring. */
    public static final int RING_SIZE = 1024;
    /** Bytes of a message's payload. */
    public static final int PAYLOAD_MAX = 4096;
    /** Bytes of an absolute path. */
    public static final int ABS_PATH_MAX = 3072;
    /** Bytes of a relative path. */
    public static final int REL_PATH_MAX = 2048;
    /** The guest may ask for a new connection. */
    public static final int FEATURE_RECONNECTION = 1;
    /** The error word is valid. */
    public static final int FEATURE_ERROR = 2;
    /** Connected. */
    public static final int CONNECTED = 0;
    /** Connection to be made anew. */
    public static final int RECONNECT = 1;
    /** No error. */
    public static final int ERROR_NONE = 0;
    /** Communication trouble. */
    public static final int ERROR_COMM = 1;
    /** Bad ring index. */
    public static final int ERROR_RINGIDX = 2;
    /** Payload too long. */
    public static final int ERROR_PROTO = 3;

    /** 1024 bytes: requests. */
    public static final int REQ = 0;
    /** 1024 bytes: replies and watch events. */
    public static final int RSP = REQ + 1024;
    /** u32: taken by the server. */
    public static final int REQ_CONS = RSP + 1024;
    /** u32: put by the guest. */
    public static final int REQ_PROD = REQ_CONS + SIZE_OF_INT;
    /** u32: taken by the guest. */
    public static final int RSP_CONS = REQ_PROD + SIZE_OF_INT;
    /** u32: put by the server. */
    public static final int RSP_PROD = RSP_CONS + SIZE_OF_INT;
    /** u32: FEATURE_*. */
    public static final int SERVER_FEATURES = RSP_PROD + SIZE_OF_INT;
    /** u32: CONNECTED or RECONNECT. */
    public static final int CONNECTION = SERVER_FEATURES + SIZE_OF_INT;
    /** u32: ERROR_*. */
    public static final int ERROR = CONNECTION + SIZE_OF_INT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = ERROR + SIZE_OF_INT;

    private XenstoreInterface() {
    }
}
