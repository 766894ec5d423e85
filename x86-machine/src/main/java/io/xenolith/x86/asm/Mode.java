package io.xenolith.x86.asm;

/** Default operand and address size of the code being assembled: the D and L bits of its code segment. */
public enum Mode {
    /** Real mode, or a code segment with D = 0. */
    BITS16(2),
    /** A code segment with D = 1. */
    BITS32(4),
    /** A code segment with L = 1: default operand size 4, address size 8. */
    BITS64(8);

    /** Size of an address, of a near pointer and of a stack slot in bytes. */
    public final int addressBytes;

    Mode(final int addressBytes) {
        this.addressBytes = addressBytes;
    }
}
