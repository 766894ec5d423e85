package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * One entry of a version-1 grant table.
 *
 * <pre>
 *       +-------------+
 *     0 | flags  u16  | [GUEST][F] GTF_*; hypervisor code adds READING and WRITING
 *     2 | domid  u16  | [GUEST] who may use it
 *     4 | frame  u32  | [GUEST] mfn, or pfn to be filled by a transfer
 *     8 +-------------+
 * </pre>
 */
public final class GrantEntryV1 {
    /** Type: access. */
    public static final int GTF_PERMIT_ACCESS = 1;
    /** Type: a frame is to be transferred here. */
    public static final int GTF_ACCEPT_TRANSFER = 2;
    /** Type: passes on another domain's grant (version 2). */
    public static final int GTF_TRANSITIVE = 3;
    /** Mask of the type. */
    public static final int GTF_TYPE_MASK = 3;
    /** Reading only. */
    public static final int GTF_READONLY = 4;
    /** Pinned for reading. */
    public static final int GTF_READING = 8;
    /** Pinned for writing. */
    public static final int GTF_WRITING = 16;
    /** Part of a page (version 2). */
    public static final int GTF_SUB_PAGE = 256;
    /** The transfer will happen. */
    public static final int GTF_TRANSFER_COMMITTED = 4;
    /** The frame has arrived. */
    public static final int GTF_TRANSFER_COMPLETED = 8;
    /** Entries at the front that belong to the builder. */
    public static final int RESERVED_ENTRIES = 8;
    /** Entry of the console ring. */
    public static final int RESERVED_CONSOLE = 0;
    /** Entry of the xenstore ring. */
    public static final int RESERVED_XENSTORE = 1;

    /** u16: GTF_*; hypervisor code adds READING and WRITING. */
    public static final int FLAGS = 0;
    /** u16: who may use it. */
    public static final int DOMID = FLAGS + SIZE_OF_SHORT;
    /** u32: mfn, or pfn to be filled by a transfer. */
    public static final int FRAME = DOMID + SIZE_OF_SHORT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = FRAME + SIZE_OF_INT;

    private GrantEntryV1() {
    }
}
