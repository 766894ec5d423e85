package io.xenolith.shm.abi;

/**
 * A discard request.
 *
 * <pre>
 *    32    64
 *             +-------------------+
 *     0     0 | operation    u8   | [F] OP_DISCARD
 *     1     1 | flag         u8   | [F] SECURE or 0
 *     2     2 | handle       u16  | [F] virtual device
 *     4     8 | id           u64  | [F] returned in the response
 *    12    16 | sectorNumber u64  | [F] first sector
 *    20    24 | nrSectors    u64  | [F] how many
 *    28    32 +-------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class BlkifDiscard {
    /** The data must be unreadable afterwards. */
    public static final int SECURE = 1;

    /** For 32-bit guests. */
    public static final BlkifDiscard X32 = new BlkifDiscard(Abi.X32);
    /** For 64-bit guests. */
    public static final BlkifDiscard X64 = new BlkifDiscard(Abi.X64);

    /** u8: OP_DISCARD. */
    public final int operation;
    /** u8: SECURE or 0. */
    public final int flag;
    /** u16: virtual device. */
    public final int handle;
    /** u64: returned in the response. */
    public final int id;
    /** u64: first sector. */
    public final int sectorNumber;
    /** u64: how many. */
    public final int nrSectors;
    /** Bytes of the structure, padding included. */
    public final int length;

    private BlkifDiscard(final Abi abi) {
        final Struct s = new Struct(abi);
        operation = s.u8();
        flag = s.u8();
        handle = s.u16();
        id = s.u64();
        sectorNumber = s.u64();
        nrSectors = s.u64();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static BlkifDiscard of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static BlkifDiscard of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
