package io.xenolith.x86.silicon;

import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.decode.OperandSpec;
import io.xenolith.x86.decode.Row;

/**
 * What is covered separately: a row of the instruction table, in a mode, with an operand size and an addressing form.
 *
 * @param row         row.
 * @param mode        {@link Mode#BITS32} or {@link Mode#BITS64}; 16-bit code segments are a variation of the former.
 * @param operandSize 2, 4 or 8.
 * @param address     addressing form.
 * @param rep         0, F2 or F3.
 */
record Form(Row row, Mode mode, int operandSize, Address address, int rep) {
    /** Forms of ModRM and SIB; the wide ones have 32- or 64-bit address registers, the narrow ones 16-bit. */
    enum Address {
        /** No ModRM byte, or one that is fixed. */ NONE,
        REGISTER, BASE, BASE8, BASE32, SIB, SIB8, SIB32, SIB_NO_BASE, DIRECT, NARROW, NARROW8, NARROW16, NARROW_DIRECT;

        boolean isMemory() {
            return ordinal() >= BASE.ordinal();
        }

        boolean isNarrow() {
            return ordinal() >= NARROW.ordinal();
        }

        boolean hasSib() {
            return this == SIB || this == SIB8 || this == SIB32 || this == SIB_NO_BASE;
        }

        /** Bytes of displacement. */
        int dispBytes() {
            return switch (this) {
                case BASE8, SIB8, NARROW8 -> 1;
                case BASE32, SIB32, SIB_NO_BASE, DIRECT -> 4;
                case NARROW16, NARROW_DIRECT -> 2;
                default -> 0;
            };
        }

        /** Value of the mod field. */
        int mod() {
            return switch (this) {
                case REGISTER -> 3;
                case BASE8, SIB8, NARROW8 -> 1;
                case BASE32, SIB32, NARROW16 -> 2;
                default -> 0;
            };
        }
    }

    boolean is64() {
        return mode == Mode.BITS64;
    }

    /** The operand that the ModRM rm field names, or null. */
    OperandSpec rmOperand() {
        for (final OperandSpec s : row.operands()) {
            if ("EQWMRNU".indexOf(s.letter()) >= 0) {
                return s;
            }
        }
        return null;
    }

    /** Bytes of the memory operand; at least 1. */
    int memoryBytes() {
        final OperandSpec s = rmOperand();
        return s == null ? 1 : Math.max(1, s.sizeFor(operandSize));
    }

    /** Bytes of immediates, relative displacements, far pointers and moffs after the address. */
    int immediateBytes(final OperandSpec s, final int addressSize) {
        return switch (s.letter()) {
            case 'I', 'J' -> s.sizeFor(operandSize);
            case 'A' -> Math.min(operandSize, 4) + 2;
            case 'O' -> addressSize;
            default -> 0;
        };
    }

    @Override
    public String toString() {
        return row + " " + mode + " size=" + operandSize + " " + address + (rep == 0 ? "" : rep == 0xF3 ? " F3" : " F2");
    }
}
