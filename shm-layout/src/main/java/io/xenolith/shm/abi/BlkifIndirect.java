package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * A block request whose segments lie in granted pages.
 *
 * <pre>
 *    32    64
 *             +------------------------+
 *     0     0 | operation     u8       | [F] OP_INDIRECT
 *     1     1 | indirectOp    u8       | [F] OP_READ or OP_WRITE
 *     2     2 | nrSegments    u16      | [F] segments in use
 *     4     8 | id            u64      | [F] returned in the response
 *    12    16 | sectorNumber  u64      | [F] first sector
 *    20    24 | handle        u16      | [F] virtual device
 *    24    28 | indirectGrefs u32 x 8  | [F] grants of the pages with BlkifSegments
 *    56     - | pad           u64      | fills the 32-bit form up to 64 bytes
 *    64    64 +------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class BlkifIndirect {
    /** For 32-bit guests. */
    public static final BlkifIndirect X32 = new BlkifIndirect(Abi.X32);
    /** For 64-bit guests. */
    public static final BlkifIndirect X64 = new BlkifIndirect(Abi.X64);

    /** u8: OP_INDIRECT. */
    public final int operation;
    /** u8: OP_READ or OP_WRITE. */
    public final int indirectOp;
    /** u16: segments in use. */
    public final int nrSegments;
    /** u64: returned in the response. */
    public final int id;
    /** u64: first sector. */
    public final int sectorNumber;
    /** u16: virtual device. */
    public final int handle;
    /** u32 x 8: grants of the pages with BlkifSegments. */
    public final int indirectGrefs;
    /** u64: fills the 32-bit form up to 64 bytes; 32-bit guests only, else -1. */
    public final int pad;
    /** Bytes of the structure, padding included. */
    public final int length;

    private BlkifIndirect(final Abi abi) {
        final Struct s = new Struct(abi);
        operation = s.u8();
        indirectOp = s.u8();
        nrSegments = s.u16();
        id = s.u64();
        sectorNumber = s.u64();
        handle = s.u16();
        indirectGrefs = s.array(8, SIZE_OF_INT, SIZE_OF_INT);
        pad = abi.is64() ? Struct.ABSENT : s.u64();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static BlkifIndirect of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static BlkifIndirect of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
