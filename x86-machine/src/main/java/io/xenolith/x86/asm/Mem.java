package io.xenolith.x86.asm;

/**
 * A memory operand: {@code seg:[base + index * scale + disp + label]} with an optional size.
 *
 * <p>In 64-bit mode an operand with neither base nor index is encoded relative to the instruction pointer when it
 * names a label, and absolutely otherwise. Immutable; the size and segment setters return a changed copy.
 *
 * @param base    base register, or null.
 * @param index   index register, or null.
 * @param scale   1, 2, 4 or 8.
 * @param disp    displacement.
 * @param label   label whose address is added, or null.
 * @param segment segment override, or null.
 * @param size    operand size in bytes; 0 takes it from the other operand.
 */
public record Mem(Reg base, Reg index, int scale, long disp, Label label, Reg segment, int size) implements RegMem {
    /**
     * {@code [base]}.
     *
     * @param base base register.
     * @return the operand.
     */
    public static Mem mem(final Reg base) {
        return mem(base, 0);
    }

    /**
     * {@code [base + disp]}.
     *
     * @param base base register.
     * @param disp displacement.
     * @return the operand.
     */
    public static Mem mem(final Reg base, final long disp) {
        return new Mem(base, null, 1, disp, null, null, 0);
    }

    /**
     * {@code [base + index * scale + disp]}.
     *
     * @param base  base register, or null.
     * @param index index register.
     * @param scale 1, 2, 4 or 8.
     * @param disp  displacement.
     * @return the operand.
     */
    public static Mem mem(final Reg base, final Reg index, final int scale, final long disp) {
        return new Mem(base, index, scale, disp, null, null, 0);
    }

    /**
     * {@code [address]}.
     *
     * @param address absolute offset in the segment.
     * @return the operand.
     */
    public static Mem abs(final long address) {
        return new Mem(null, null, 1, address, null, null, 0);
    }

    /**
     * {@code [label]}.
     *
     * @param label label whose address is meant.
     * @return the operand.
     */
    public static Mem at(final Label label) {
        return at(label, 0);
    }

    /**
     * {@code [label + disp]}.
     *
     * @param label label whose address is meant.
     * @param disp  displacement from it.
     * @return the operand.
     */
    public static Mem at(final Label label, final long disp) {
        return new Mem(null, null, 1, disp, label, null, 0);
    }

    /**
     * {@code [label + index * scale]}; not in 64-bit mode, where a label fits only beside the instruction pointer.
     *
     * @param label label whose address is meant.
     * @param index index register.
     * @param scale 1, 2, 4 or 8.
     * @return the operand.
     */
    public static Mem at(final Label label, final Reg index, final int scale) {
        return new Mem(null, index, scale, 0, label, null, 0);
    }

    /**
     * The same operand with a segment override.
     *
     * @param override segment register.
     * @return the changed copy.
     */
    public Mem seg(final Reg override) {
        return new Mem(base, index, scale, disp, label, override, size);
    }

    /**
     * The same operand with an explicit size.
     *
     * @param bytes operand size in bytes.
     * @return the changed copy.
     */
    public Mem sized(final int bytes) {
        return new Mem(base, index, scale, disp, label, segment, bytes);
    }

    /**
     * The same operand, one byte wide.
     *
     * @return the changed copy.
     */
    public Mem byte_() {
        return sized(1);
    }

    /**
     * The same operand, two bytes wide.
     *
     * @return the changed copy.
     */
    public Mem word() {
        return sized(2);
    }

    /**
     * The same operand, four bytes wide.
     *
     * @return the changed copy.
     */
    public Mem dword() {
        return sized(4);
    }

    /**
     * The same operand, eight bytes wide.
     *
     * @return the changed copy.
     */
    public Mem qword() {
        return sized(8);
    }

    /** Size of the address registers in bytes; 0 when there are none. */
    int addressSize() {
        return base != null ? base.size() : index != null ? index.size() : 0;
    }
}
