package io.xenolith.dom0.blkback;

import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.Abi;
import io.xenolith.shm.abi.BlkifDiscard;
import io.xenolith.shm.abi.BlkifIndirect;
import io.xenolith.shm.abi.BlkifRequest;
import io.xenolith.shm.abi.BlkifSegment;

/**
 * One request of a block ring, read from a private copy of its descriptor and checked; the ring is never looked at
 * again. The layouts are {@link BlkifRequest}, {@link BlkifDiscard} and {@link BlkifIndirect}, each in the ABI of the ring.
 */
final class BlockRequest {
    static final int READ = BlkifRequest.OP_READ;
    static final int WRITE = BlkifRequest.OP_WRITE;
    static final int BARRIER = BlkifRequest.OP_WRITE_BARRIER;
    static final int FLUSH = BlkifRequest.OP_FLUSH_DISKCACHE;
    static final int DISCARD = BlkifRequest.OP_DISCARD;
    static final int INDIRECT = BlkifRequest.OP_INDIRECT;

    /** Most segments in a descriptor itself. */
    static final int MAX_DIRECT = BlkifRequest.MAX_SEGMENTS;
    /** Most segments through an indirect page, as we advertise. */
    static final int MAX_INDIRECT = 256;

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
        final Abi abi = wide ? Abi.X64 : Abi.X32;
        final BlkifRequest direct = BlkifRequest.of(abi);
        operation = Raw.getUnsignedByte(d + direct.operation);
        segments = Raw.getUnsignedByte(d + direct.nrSegments);
        // Identifier and sector lie at the same place in every kind of request.
        id = Raw.getLong(d + direct.id);
        sector = Raw.getLong(d + direct.sectorNumber);
        sectors = 0;
        indirect = false;
        if (operation == DISCARD) {
            sectors = Raw.getLong(d + BlkifDiscard.of(abi).nrSectors);
            segments = 0;
        } else if (operation == INDIRECT) {
            indirect = true;
            operation = Raw.getUnsignedByte(d + BlkifIndirect.of(abi).indirectOp);
            segments = Raw.getUnsignedShort(d + BlkifIndirect.of(abi).nrSegments);
            indirectGref = Raw.getInt(d + BlkifIndirect.of(abi).indirectGrefs);
        } else {
            readSegments(d + direct.seg, Math.min(segments, MAX_DIRECT));
        }
    }

    /** Reads {@code segments} descriptors from an indirect page. */
    void readIndirect(final long page) {
        readSegments(page, segments);
    }

    private void readSegments(final long at, final int n) {
        sectors = 0;
        for (int i = 0; i < n; i++) {
            final long s = at + (long) i * BlkifSegment.LENGTH;
            gref[i] = Raw.getInt(s + BlkifSegment.GREF);
            first[i] = Raw.getUnsignedByte(s + BlkifSegment.FIRST_SECT);
            last[i] = Raw.getUnsignedByte(s + BlkifSegment.LAST_SECT);
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
