package io.xenolith.dom0.blkback;

import io.xenolith.shm.Raw;

/**
 * One request of a block ring, read from a private copy of its descriptor and checked; the ring is never looked at
 * again. Layouts of both ABIs ({@code xen/io/blkif.h}):
 *
 * <pre>
 *                      32-bit  64-bit                     discard            indirect
 *   operation u8          0       0                          0                 0
 *   nr_segments u8        1       1                       flag             operation meant, u8
 *   handle u16            2       2                          2             nr_segments
 *   id u64                4       8                          =                 =
 *   sector u64           12      16                          =                 =
 *   segment[11] of 8     20      24     nr_sectors u64      20/24    handle u16 20/24, grefs[8] 24/28
 *   bytes               108     112
 * </pre>
 */
final class BlockRequest {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int BARRIER = 2;
    static final int FLUSH = 3;
    static final int DISCARD = 5;
    static final int INDIRECT = 6;

    /** Most segments in a descriptor itself. */
    static final int MAX_DIRECT = 11;
    /** Most segments through an indirect page, as we advertise. */
    static final int MAX_INDIRECT = 256;

    private static final int SEGMENT_BYTES = 8;
    private static final int PAGE = 4096;

    /** Reply: done. */
    static final int OKAY = 0;
    /** Reply: not done. */
    static final int ERROR = -1;
    /** Reply: cannot be done here. */
    static final int UNSUPPORTED = -2;

    int operation;
    int segments;
    long id;
    long sector;
    long sectors;
    boolean indirect;
    int indirectGref;
    final int[] gref = new int[MAX_INDIRECT];
    final int[] first = new int[MAX_INDIRECT];
    final int[] last = new int[MAX_INDIRECT];

    /** Reads the copy at {@code d}; {@code wide} for the 64-bit ABI. Indirect segments stay to be read. */
    void read(final long d, final boolean wide) {
        final int shift = wide ? 4 : 0;
        operation = Raw.getByte(d) & 0xff;
        segments = Raw.getByte(d + 1) & 0xff;
        id = Raw.getLong(d + 4 + shift);
        sector = Raw.getLong(d + 12 + shift);
        sectors = 0;
        indirect = false;
        if (operation == DISCARD) {
            sectors = Raw.getLong(d + 20 + shift);
            segments = 0;
        } else if (operation == INDIRECT) {
            indirect = true;
            operation = segments;
            segments = Raw.getShort(d + 2) & 0xffff;
            indirectGref = Raw.getInt(d + 24 + shift);
        } else {
            readSegments(d + 20 + shift, Math.min(segments, MAX_DIRECT));
        }
    }

    /** Reads {@code segments} descriptors from an indirect page. */
    void readIndirect(final long page) {
        readSegments(page, segments);
    }

    private void readSegments(final long at, final int n) {
        sectors = 0;
        for (int i = 0; i < n; i++) {
            final long s = at + (long) i * SEGMENT_BYTES;
            gref[i] = Raw.getInt(s);
            first[i] = Raw.getByte(s + 4) & 0xff;
            last[i] = Raw.getByte(s + 5) & 0xff;
            sectors += last[i] - first[i] + 1;
        }
    }

    /** Number of segments is possible; before an indirect page is read. */
    boolean hasPossibleSegments() {
        if (indirect) {
            return (operation == READ || operation == WRITE) && segments >= 1 && segments <= MAX_INDIRECT;
        }
        return switch (operation) {
            case READ, WRITE -> segments >= 1 && segments <= MAX_DIRECT;
            case BARRIER, FLUSH -> segments <= MAX_DIRECT;
            default -> true;
        };
    }

    /** Every segment lies within its page, and all of it within {@code capacity} sectors. */
    boolean isInBounds(final long capacity) {
        for (int i = 0; i < segments; i++) {
            if (first[i] > last[i] || last[i] >= PAGE / BlockFile.SECTOR) {
                return false;
            }
        }
        return sector >= 0 && sectors >= 0 && sectors <= capacity && sector <= capacity - sectors;
    }

    boolean isData() {
        return operation == READ || operation == WRITE || operation == BARRIER;
    }

    boolean isWrite() {
        return operation == WRITE || operation == BARRIER;
    }

    /** Byte offset of a segment in its page. */
    static int offset(final int first) {
        return first * BlockFile.SECTOR;
    }

    /** Bytes of segment {@code i}. */
    int length(final int i) {
        return (last[i] - first[i] + 1) * BlockFile.SECTOR;
    }
}
