package io.xenolith.shm.abi;

/**
 * One entry of the trap table a guest registers; the list ends with address 0.
 *
 * <pre>
 *    32    64
 *             +---------------+
 *     0     0 | vector  u8    | [GUEST] exception or interrupt vector
 *     1     1 | flags   u8    | [GUEST] bits 0-1: least privileged ring that may raise it by software; FLAG_MASK_EVENTS
 *     2     2 | cs      u16   | [GUEST] code selector of the handler
 *     4     8 | address word  | [GUEST] its offset
 *     8    16 +---------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class TrapInfo {
    /** For 32-bit guests. */
    public static final TrapInfo X32 = new TrapInfo(Abi.X32);
    /** For 64-bit guests. */
    public static final TrapInfo X64 = new TrapInfo(Abi.X64);

    /** u8: exception or interrupt vector. */
    public final int vector;
    /** u8: bits 0-1: least privileged ring that may raise it by software; FLAG_MASK_EVENTS. */
    public final int flags;
    /** u16: code selector of the handler. */
    public final int cs;
    /** word: its offset. */
    public final int address;
    /** Bytes of the structure, padding included. */
    public final int length;

    private TrapInfo(final Abi abi) {
        final Struct s = new Struct(abi);
        vector = s.u8();
        flags = s.u8();
        cs = s.u16();
        address = s.word();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static TrapInfo of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static TrapInfo of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
