package io.xenolith.shm.abi;

/**
 * A block response.
 *
 * <pre>
 *    32    64
 *             +----------------+
 *     0     0 | id        u64  | [B] of the request
 *     8     8 | operation u8   | [B] of the request
 *    10    10 | status    s16  | [B] OKAY, ERROR or NOT_SUPPORTED
 *    12    16 +----------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class BlkifResponse {
    /** Done. */
    public static final int OKAY = 0;
    /** Failed. */
    public static final int ERROR = -1;
    /** This back-end cannot. */
    public static final int NOT_SUPPORTED = -2;

    /** For 32-bit guests. */
    public static final BlkifResponse X32 = new BlkifResponse(Abi.X32);
    /** For 64-bit guests. */
    public static final BlkifResponse X64 = new BlkifResponse(Abi.X64);

    /** u64: of the request. */
    public final int id;
    /** u8: of the request. */
    public final int operation;
    /** s16: OKAY, ERROR or NOT_SUPPORTED. */
    public final int status;
    /** Bytes of the structure, padding included. */
    public final int length;

    private BlkifResponse(final Abi abi) {
        final Struct s = new Struct(abi);
        id = s.u64();
        operation = s.u8();
        status = s.u16();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static BlkifResponse of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static BlkifResponse of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
