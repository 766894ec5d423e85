package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * Head of a xenstore message.
 *
 * <pre>
 *       +-------------+
 *     0 | type   u32  | [F][B] kind of message
 *     4 | reqId  u32  | [F] returned in the reply
 *     8 | txId   u32  | [F] transaction, 0 for none
 *    12 | len    u32  | [F][B] bytes of payload
 *    16 +-------------+
 * </pre>
 */
public final class XsMessage {
    /** Server control. */
    public static final int CONTROL = 0;
    /** List a node's children. */
    public static final int DIRECTORY = 1;
    /** Read a node. */
    public static final int READ = 2;
    /** Read permissions. */
    public static final int GET_PERMS = 3;
    /** Set a watch. */
    public static final int WATCH = 4;
    /** Remove a watch. */
    public static final int UNWATCH = 5;
    /** Begin a transaction. */
    public static final int TRANSACTION_START = 6;
    /** End it. */
    public static final int TRANSACTION_END = 7;
    /** Connect a domain. */
    public static final int INTRODUCE = 8;
    /** Disconnect a domain. */
    public static final int RELEASE = 9;
    /** Path of a domain's subtree. */
    public static final int GET_DOMAIN_PATH = 10;
    /** Write a node. */
    public static final int WRITE = 11;
    /** Make an empty node. */
    public static final int MKDIR = 12;
    /** Remove a subtree. */
    public static final int RM = 13;
    /** Set permissions. */
    public static final int SET_PERMS = 14;
    /** A watch fired. */
    public static final int WATCH_EVENT = 15;
    /** The request failed; the payload is the error's name. */
    public static final int ERROR = 16;
    /** Is a domain connected. */
    public static final int IS_DOMAIN_INTRODUCED = 17;
    /** Resume a domain. */
    public static final int RESUME = 18;
    /** Act on behalf of another domain. */
    public static final int SET_TARGET = 19;
    /** Remove watches and transactions. */
    public static final int RESET_WATCHES = 21;
    /** List children piece by piece. */
    public static final int DIRECTORY_PART = 22;

    /** u32: kind of message. */
    public static final int TYPE = 0;
    /** u32: returned in the reply. */
    public static final int REQ_ID = TYPE + SIZE_OF_INT;
    /** u32: transaction, 0 for none. */
    public static final int TX_ID = REQ_ID + SIZE_OF_INT;
    /** u32: bytes of payload. */
    public static final int LEN = TX_ID + SIZE_OF_INT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = LEN + SIZE_OF_INT;

    private XsMessage() {
    }
}
