package io.xenolith.x86.decode;

/**
 * An operand of a decoded instruction.
 *
 * @param kind   where it is
 * @param number register number, or the constant
 * @param size   bytes; 0 when it has none of its own
 */
public record Operand(Kind kind, int number, int size) {
    /** Where an operand is. */
    public enum Kind {
        /** General register, low bytes. */
        GPR,
        /** AH, CH, DH, BH: number is that of the whole register. */
        GPR_HIGH,
        /** Memory: the instruction's base, index, scale, displacement and segment. */
        MEMORY,
        /** Memory at the moffs displacement. */
        MOFFS,
        /** First immediate. */
        IMM,
        /** Second immediate. */
        IMM2,
        /** The constant {@code number}. */
        CONSTANT,
        /** Branch displacement in the first immediate. */
        REL,
        /** Far pointer in the two immediates. */
        FAR,
        SEGMENT,
        CONTROL,
        DEBUG,
        MMX,
        XMM,
        /** x87 stack register. */
        ST,
        /** DS:rSI or override. */
        STRING_SOURCE,
        /** ES:rDI. */
        STRING_DESTINATION,
        /** The flags register. */
        FLAGS
    }

    /** True when it is read or written through the memory operand's address. */
    public boolean memory() {
        return kind == Kind.MEMORY || kind == Kind.MOFFS;
    }
}
