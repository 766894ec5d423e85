package io.xenolith.x86.silicon;

import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.decode.OperandSpec;
import io.xenolith.x86.decode.Row;

/**
 * What is covered separately: a row of the instruction table, in a mode, with an operand size and an addressing form.
 * Facts about the row that every case asks for are worked out once.
 */
final class Form {
    /** What the row loops on or counts with. */
    enum Count { NONE, REPEATS, LOOPS, ENTERS }

    private final Row row;
    private final Mode mode;
    private final int operandSize;
    private final Address address;
    private final int rep;
    private final OperandSpec rmOperand;
    private final int memoryBytes;
    private final Count count;
    private final boolean floatingState;
    private final boolean division;
    private final boolean conditionalJump;
    private final boolean maskedStore;

    /**
     * A form.
     *
     * @param row         row.
     * @param mode        {@link Mode#BITS32} or {@link Mode#BITS64}; 16-bit code segments are a variation of the former.
     * @param operandSize 2, 4 or 8.
     * @param address     addressing form.
     * @param rep         0, F2 or F3.
     */
    Form(final Row row, final Mode mode, final int operandSize, final Address address, final int rep) {
        this.row = row;
        this.mode = mode;
        this.operandSize = operandSize;
        this.address = address;
        this.rep = rep;
        this.rmOperand = findRmOperand(row);
        this.memoryBytes = rmOperand == null ? 1 : Math.max(1, rmOperand.sizeFor(operandSize));
        this.count = countOf(row);
        this.floatingState = switch (row.feature()) {
            case X87, MMX, FXSR, SSE, SSE2 -> true;
            default -> false;
        };
        this.conditionalJump = row.mnemonic().startsWith("J") && !row.mnemonic().startsWith("JMP") && count == Count.NONE;
        this.division = row.mnemonic().endsWith("DIV");
        this.maskedStore = row.mnemonic().startsWith("MASKMOV");
    }

    private static OperandSpec findRmOperand(final Row row) {
        for (final OperandSpec s : row.operands()) {
            if ("EQWMRNU".indexOf(s.letter()) >= 0) {
                return s;
            }
        }
        return null;
    }

    private static Count countOf(final Row row) {
        final String name = row.mnemonic();
        if (row.repeats()) {
            return Count.REPEATS;
        }
        if (name.startsWith("LOOP") || name.startsWith("J") && name.endsWith("CXZ")) {
            return Count.LOOPS;
        }
        return "ENTER".equals(name) ? Count.ENTERS : Count.NONE;
    }

    Row row() {
        return row;
    }

    Mode mode() {
        return mode;
    }

    int operandSize() {
        return operandSize;
    }

    Address address() {
        return address;
    }

    /** F2, F3 or 0: a mandatory prefix or a repeat prefix. */
    int rep() {
        return rep;
    }

    Count count() {
        return count;
    }

    /** Whether x87, MMX or SSE state matters. */
    boolean hasFloatingState() {
        return floatingState;
    }

    boolean isConditionalJump() {
        return conditionalJump;
    }

    boolean isDivision() {
        return division;
    }

    boolean isMaskedStore() {
        return maskedStore;
    }

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
        return rmOperand;
    }

    /** Bytes of the memory operand; at least 1. */
    int memoryBytes() {
        return memoryBytes;
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
