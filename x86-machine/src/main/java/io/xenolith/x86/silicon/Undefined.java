package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.gpr;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.decode.OperandSpec;

/** What the manual leaves undefined after an instruction, where it depends on the operands. */
final class Undefined {
    private static final int CF = 1;
    private static final int AF = 0x10;
    private static final int OF = 0x800;
    private static final int ARITHMETIC = 0x8D5;
    /** Biased exponent of 1.0. */
    private static final int ONE = 0x3FFF;

    private Undefined() {
    }

    /** Flags not to be compared. */
    static int flags(final Case c, final long before) {
        return c.undefinedBefore | switch (c.form.row().mnemonic()) {
            case "SHL", "SAL", "SHR", "SAR" -> shift(c, before);
            case "ROL", "ROR", "RCL", "RCR" -> count(c, before) <= 1 ? 0 : OF;
            case "SHLD", "SHRD" -> doubleShift(c, before);
            default -> c.form.row().undefinedFlags();
        };
    }

    private static int shift(final Case c, final long before) {
        final int count = count(c, before);
        if (count == 0) {
            return 0;
        }
        final boolean arithmetic = "SAR".equals(c.form.row().mnemonic());
        return AF | (count > 1 ? OF : 0) | (!arithmetic && count >= 8 * c.form.memoryBytes() ? CF : 0);
    }

    private static int doubleShift(final Case c, final long before) {
        final int count = count(c, before);
        return count == 0 ? 0 : count > 8 * c.form.operandSize() ? ARITHMETIC : AF | (count > 1 ? OF : 0);
    }

    /** Whether the result itself is undefined. */
    static boolean result(final Case c, final long before) {
        final String name = c.form.row().mnemonic();
        return ("SHLD".equals(name) || "SHRD".equals(name)) && count(c, before) > 8 * c.form.operandSize();
    }

    /**
     * Whether an x87 function was given an operand for which the manual gives no result: F2XM1 outside -1 to 1,
     * FYL2XP1 outside -(1-sqrt(2)/2) to sqrt(2)-1.
     */
    static boolean x87Result(final Case c, final long before) {
        final String name = c.form.row().mnemonic();
        if (!"F2XM1".equals(name) && !"FYL2XP1".equals(name)) {
            return false;
        }
        final int exponent = Raw.getUnsignedShort(before + CaseLayout.FX + FxImage.ST + 8) & 0x7FFF;
        return exponent >= ("F2XM1".equals(name) ? ONE : ONE - 2);
    }

    /** Whether only the page of CR2 is compared: which of its bytes a masked store touches first is not said. */
    static boolean faultByte(final Case c) {
        return c.form.isMaskedStore();
    }

    /** The shift count after masking. */
    private static int count(final Case c, final long before) {
        final OperandSpec last = c.form.row().operands().get(c.form.row().operands().size() - 1);
        final int raw = last.letter() == 'I' ? c.immediate
            : "CL".equals(last.text()) ? Raw.getUnsignedByte(before + gpr(Cpu.RCX)) : 1;
        return raw & (c.form.operandSize() == 8 && c.form.memoryBytes() == 8 ? 63 : 31);
    }
}
