package io.xenolith.x86;

/** Bits of a code mode: all that decoding, specialising and block chaining depend on besides the bytes. */
public final class CodeMode {
    /** Default operand and address size is 32 bits (CS.D). */
    public static final int CODE32 = 1;
    /** 64-bit mode (CS.L with EFER.LMA). */
    public static final int CODE64 = 2;
    /** Offsets in DS, ES and SS are linear addresses, readable and writable, and the stack pointer is not 16-bit. */
    public static final int FLAT = 4;
    /** CPL is 3. */
    public static final int USER = 8;
    /** One instruction to a block. */
    public static final int STEP = 16;
    /** Unaligned data accesses fault. */
    public static final int ALIGNMENT = 32;
    /** Number of mode bits. */
    public static final int BITS = 6;

    private CodeMode() {
    }
}
