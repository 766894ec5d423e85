package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_LONG;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * One entry of a version-2 grant table. READING and WRITING live in a status array beside it: two bytes per
 * entry.
 *
 * <pre>
 *       +-----------------+
 *     0 | flags      u16  | [GUEST] GTF_*
 *     2 | domid      u16  | [GUEST] who may use it
 *     4 | pageOff    u16  | [GUEST] sub-page: first byte
 *     6 | subLength  u16  | [GUEST] sub-page: bytes
 *     8 | frame      u64  | [GUEST] mfn
 *     4 | transDomid u16  | [GUEST] transitive: owner of the grant passed on
 *     8 | transGref  u32  | [GUEST] transitive: its reference
 *    16 +-----------------+
 * </pre>
 */
public final class GrantEntryV2 {
    /** u16: GTF_*. */
    public static final int FLAGS = 0;
    /** u16: who may use it. */
    public static final int DOMID = FLAGS + SIZE_OF_SHORT;
    /** u16: sub-page: first byte. */
    public static final int PAGE_OFF = DOMID + SIZE_OF_SHORT;
    /** u16: sub-page: bytes. */
    public static final int SUB_LENGTH = PAGE_OFF + SIZE_OF_SHORT;
    /** u64: mfn. */
    public static final int FRAME = SUB_LENGTH + SIZE_OF_SHORT;
    /** u16: transitive: owner of the grant passed on. */
    public static final int TRANS_DOMID = PAGE_OFF;
    /** u32: transitive: its reference. */
    public static final int TRANS_GREF = FRAME;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = FRAME + SIZE_OF_LONG;

    private GrantEntryV2() {
    }
}
