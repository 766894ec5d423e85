package io.xenolith.shm.abi;

/**
 * A block request with its segments in place.
 *
 * <pre>
 *    32    64
 *             +---------------------------------+
 *     0     0 | operation    u8                 | [F] OP_*
 *     1     1 | nrSegments   u8                 | [F] segments in use
 *     2     2 | handle       u16                | [F] virtual device
 *     4     8 | id           u64                | [F] returned in the response
 *    12    16 | sectorNumber u64                | [F] first 512-byte sector on the device
 *    20    24 | seg          BlkifSegment x 11  | [F] BlkifSegment
 *   108   112 +---------------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class BlkifRequest {
    /** Read. */
    public static final int OP_READ = 0;
    /** Write. */
    public static final int OP_WRITE = 1;
    /** Write after everything before it and before everything after it. */
    public static final int OP_WRITE_BARRIER = 2;
    /** Flush. */
    public static final int OP_FLUSH_DISKCACHE = 3;
    /** Never valid. */
    public static final int OP_RESERVED_1 = 4;
    /** Discard. */
    public static final int OP_DISCARD = 5;
    /** Segments lie in granted pages. */
    public static final int OP_INDIRECT = 6;
    /** Segments of one request. */
    public static final int MAX_SEGMENTS = 11;
    /** Pages of indirect segments. */
    public static final int MAX_INDIRECT_PAGES = 8;

    /** For 32-bit guests. */
    public static final BlkifRequest X32 = new BlkifRequest(Abi.X32);
    /** For 64-bit guests. */
    public static final BlkifRequest X64 = new BlkifRequest(Abi.X64);

    /** u8: OP_*. */
    public final int operation;
    /** u8: segments in use. */
    public final int nrSegments;
    /** u16: virtual device. */
    public final int handle;
    /** u64: returned in the response. */
    public final int id;
    /** u64: first 512-byte sector on the device. */
    public final int sectorNumber;
    /** BlkifSegment x 11: BlkifSegment. */
    public final int seg;
    /** Bytes of the structure, padding included. */
    public final int length;

    private BlkifRequest(final Abi abi) {
        final Struct s = new Struct(abi);
        operation = s.u8();
        nrSegments = s.u8();
        handle = s.u16();
        id = s.u64();
        sectorNumber = s.u64();
        seg = s.array(11, BlkifSegment.LENGTH, 4);
        length = s.length();
    }

    /** The layout in an ABI. */
    public static BlkifRequest of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static BlkifRequest of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
