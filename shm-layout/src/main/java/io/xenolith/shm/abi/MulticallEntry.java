package io.xenolith.shm.abi;

/**
 * One call of a multicall batch.
 *
 * <pre>
 *    32    64
 *             +------------------+
 *     0     0 | op     word      | [GUEST] hypercall number
 *     4     8 | result word      | [HV] what it returned
 *     8    16 | args   word x 6  | [GUEST] arguments
 *    32    64 +------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class MulticallEntry {
    /** For 32-bit guests. */
    public static final MulticallEntry X32 = new MulticallEntry(Abi.X32);
    /** For 64-bit guests. */
    public static final MulticallEntry X64 = new MulticallEntry(Abi.X64);

    /** word: hypercall number. */
    public final int op;
    /** word: what it returned. */
    public final int result;
    /** word x 6: arguments. */
    public final int args;
    /** Bytes of the structure, padding included. */
    public final int length;

    private MulticallEntry(final Abi abi) {
        final Struct s = new Struct(abi);
        op = s.word();
        result = s.word();
        args = s.words(6);
        length = s.length();
    }

    /** The layout in an ABI. */
    public static MulticallEntry of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static MulticallEntry of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
