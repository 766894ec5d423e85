package io.xenolith.dom0.xenstore;

/** Message types and sizes of the wire protocol ({@code xen/io/xs_wire.h}). */
public final class XsType {
    /** Command of the server's administrator; dom0 only. */
    public static final int CONTROL = 0;
    /** Names of a node's children. */
    public static final int DIRECTORY = 1;
    /** A node's value. */
    public static final int READ = 2;
    /** A node's permissions. */
    public static final int GET_PERMS = 3;
    /** Registers a watch. */
    public static final int WATCH = 4;
    /** Removes a watch. */
    public static final int UNWATCH = 5;
    /** Opens a transaction. */
    public static final int TRANSACTION_START = 6;
    /** Ends a transaction, committing or not. */
    public static final int TRANSACTION_END = 7;
    /** A new domain; dom0 only. */
    public static final int INTRODUCE = 8;
    /** A domain is gone; dom0 only. */
    public static final int RELEASE = 9;
    /** Home path of a domain. */
    public static final int GET_DOMAIN_PATH = 10;
    /** Sets a value, creating the node and its parents. */
    public static final int WRITE = 11;
    /** Creates a node without value. */
    public static final int MKDIR = 12;
    /** Removes a node and all below. */
    public static final int RM = 13;
    /** Sets a node's permissions. */
    public static final int SET_PERMS = 14;
    /** Server to client: a watch fired. */
    public static final int WATCH_EVENT = 15;
    /** Server to client: refused. */
    public static final int ERROR = 16;
    /** Is a domain known to the store? */
    public static final int IS_DOMAIN_INTRODUCED = 17;
    /** A domain resumed; dom0 only. */
    public static final int RESUME = 18;
    /** One domain acts for another; dom0 only. */
    public static final int SET_TARGET = 19;
    /** Drops the sender's watches and transactions. */
    public static final int RESET_WATCHES = 21;
    /** Part of a long list of children. */
    public static final int DIRECTORY_PART = 22;

    /** Bytes of a message header: type, request id, transaction id, length, u32 each. */
    public static final int HEADER_BYTES = 16;
    /** Most bytes after the header. */
    public static final int MAX_PAYLOAD = 4096;
    /** Longest absolute path. */
    public static final int MAX_PATH = 3072;
    /** Longest relative path. */
    public static final int MAX_RELATIVE_PATH = 2048;

    private XsType() {
    }
}
