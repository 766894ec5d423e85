package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * A grant that a guest mapped into its own address space: what a grant handle stands for.
 *
 * <pre>
 *    0        8    12   16
 *    +--------+----+----+
 *    | holder |gref|flag|      all [R0]
 *    +--------+----+----+
 *  holder  {@link Party} word of the granter, 0 when the handle is free
 *  flags   GNTMAP_* of the mapping
 * </pre>
 */
public final class MaptrackEntry {
    /** long. */
    public static final int GRANTER = 0;
    /** int. */
    public static final int GREF = GRANTER + SIZE_OF_LONG;
    /** int. */
    public static final int FLAGS = GREF + SIZE_OF_INT;
    /** Bytes of an entry. */
    public static final int LENGTH = FLAGS + SIZE_OF_INT;
    /** Handles of a domain at most. */
    public static final int MAX_HANDLES = 8192;

    private MaptrackEntry() {
    }
}
