package io.xenolith.x86.decode;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand.Kind;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One operand as a row describes it, in the notation of the opcode map appendix of the Intel manual: an addressing
 * letter and a size letter ({@code Ev}, {@code Gb}, {@code Wsd}), or a fixed register or constant ({@code AL}, {@code eAX},
 * {@code rAX}, {@code 1}, {@code STi}, {@code DS}).
 */
public final class OperandSpec {
    /** Addressing letters that need a ModRM byte. */
    private static final String MODRM_LETTERS = "CDEGMNPQRSUVW";
    private static final Map<String, Integer> SIZES = Map.ofEntries(
        Map.entry("b", 1), Map.entry("w", 2), Map.entry("d", 4), Map.entry("q", 8), Map.entry("dq", 16),
        Map.entry("x", 16), Map.entry("o", 16), Map.entry("ps", 16), Map.entry("pd", 16), Map.entry("ss", 4),
        Map.entry("sd", 8), Map.entry("t", 10), Map.entry("", 0), Map.entry("si", 4), Map.entry("pi", 8));
    private static final String[] SEGMENTS = {"ES", "CS", "SS", "DS", "FS", "GS"};
    private static final String[] BYTE_REGISTERS = {"AL", "CL", "DL", "BL", "AH", "CH", "DH", "BH"};
    private static final String[] WORD_REGISTERS = {"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI"};
    private static final Map<String, OperandSpec> PARSED = new ConcurrentHashMap<>();
    private static final Operand[][] GPR = registers(Kind.GPR, 18, 1, 2, 4, 8);
    private static final Operand[][] GPR_HIGH = registers(Kind.GPR_HIGH, 4, 1);
    private static final Operand[][] XMM = registers(Kind.XMM, 16, 4, 8, 16);
    private static final Operand[][] MMX = registers(Kind.MMX, 8, 4, 8);

    private final String text;
    private final char letter;
    private final String size;
    private final Operand fixed;

    private OperandSpec(final String text, final char letter, final String size, final Operand fixed) {
        this.text = text;
        this.letter = letter;
        this.size = size;
        this.fixed = fixed;
    }

    /**
     * Parses one operand.
     *
     * @throws IllegalArgumentException when the notation is unknown
     */
    static OperandSpec parse(final String text) {
        return PARSED.computeIfAbsent(text, OperandSpec::parseNew);
    }

    private static OperandSpec parseNew(final String text) {
        final OperandSpec named = parseNamed(text);
        if (named != null) {
            return named;
        }
        final char letter = text.charAt(0);
        final String size = text.substring(1);
        if ("ACDEFGIJMNOPQRSUVWXYZ".indexOf(letter) < 0 || !SIZES.containsKey(size) && !"vzypsa".contains(size)) {
            throw new IllegalArgumentException("operand notation: " + text);
        }
        return new OperandSpec(text, letter, size, null);
    }

    private static OperandSpec parseNamed(final String text) {
        for (int i = 0; i < 6; i++) {
            if (SEGMENTS[i].equals(text)) {
                return fixed(text, new Operand(Kind.SEGMENT, i, 2));
            }
        }
        for (int i = 0; i < 8; i++) {
            if (BYTE_REGISTERS[i].equals(text)) {
                return fixed(text, i < 4 ? new Operand(Kind.GPR, i, 1) : new Operand(Kind.GPR_HIGH, i - 4, 1));
            }
            if (WORD_REGISTERS[i].equals(text)) {
                return fixed(text, new Operand(Kind.GPR, i, 2));
            }
            // eAX: 16 or 32 bits, rAX: 16, 32 or 64, by operand size
            if (text.length() == 3 && text.endsWith(WORD_REGISTERS[i])) {
                return new OperandSpec(text, text.charAt(0), "" + i, null);
            }
        }
        if ("STi".equals(text) || "ST".equals(text)) {
            return "STi".equals(text) ? new OperandSpec(text, 's', "", null) : fixed(text, new Operand(Kind.ST, 0, 10));
        }
        if (text.length() == 1 && Character.isDigit(text.charAt(0))) {
            return fixed(text, new Operand(Kind.CONSTANT, Integer.parseInt(text), 0));
        }
        return null;
    }

    private static OperandSpec fixed(final String text, final Operand operand) {
        return new OperandSpec(text, '=', "", operand);
    }

    private static Operand[][] registers(final Kind kind, final int count, final int... sizes) {
        final Operand[][] all = new Operand[17][];
        for (final int size : sizes) {
            all[size] = new Operand[count];
            for (int i = 0; i < count; i++) {
                all[size][i] = new Operand(kind, i, size);
            }
        }
        return all;
    }

    /** The notation. */
    public String text() {
        return text;
    }

    /** Addressing letter; {@code =} for fixed registers and constants, {@code e} or {@code r} for sized ones, {@code s} for STi. */
    public char letter() {
        return letter;
    }

    /** Size letters. */
    public String size() {
        return size;
    }

    /** The register or constant, when it is fixed; else null. */
    public Operand fixed() {
        return fixed;
    }

    boolean needsModRm() {
        return MODRM_LETTERS.indexOf(letter) >= 0;
    }

    /** True when only a memory form of ModRM is valid. */
    public boolean memoryOnly() {
        return letter == 'M';
    }

    /** True when only a register form of ModRM is valid. */
    public boolean registerOnly() {
        return letter == 'N' || letter == 'U';
    }

    /** True when the ModRM rm field names this operand and it can be memory. */
    public boolean registerOrMemory() {
        return letter == 'E' || letter == 'Q' || letter == 'W';
    }

    /** Immediate-like operands take bytes after the address: how many for an operand size. */
    int immediateBytes(final int operandSize, final int addressSize) {
        switch (letter) {
            case 'I':
            case 'J':
                return sizeFor(operandSize);
            case 'A':
                return Math.min(operandSize, 4) + 2;
            case 'O':
                return addressSize;
            default:
                return 0;
        }
    }

    /** Bytes of the operand for an operand size of 2, 4 or 8; far pointers and descriptors by their memory image. */
    public int sizeFor(final int operandSize) {
        if (fixed != null) {
            return fixed.size();
        }
        if (letter == 'e') {
            return Math.min(operandSize, 4);
        }
        if (letter == 'r') {
            return operandSize;
        }
        switch (size) {
            case "v":
                return operandSize;
            case "z":
                return Math.min(operandSize, 4);
            case "y":
                return Math.max(operandSize, 4);
            case "p":
                return operandSize + 2;
            case "a":
                return 2 * operandSize;
            case "s":
                return 6;
            default:
                return SIZES.get(size);
        }
    }

    /** The operand of a decoded instruction. */
    Operand resolve(final Insn i) {
        if (fixed != null) {
            return fixed;
        }
        final int bytes = letter == 's' ? 10 : sizeFor(i.operandSize);
        switch (letter) {
            case 'E':
                return i.isMemory() ? new Operand(Kind.MEMORY, 0, bytes) : general(i, i.rm, bytes);
            case 'G':
                return general(i, i.reg, bytes);
            case 'R':
                return general(i, i.rm, bytes);
            case 'Z':
                return general(i, i.opcodeReg, bytes);
            case 'e':
            case 'r':
                return GPR[bytes][Integer.parseInt(size)];
            case 'M':
                return new Operand(Kind.MEMORY, 0, bytes);
            case 'O':
                return new Operand(Kind.MOFFS, 0, bytes);
            case 'X':
                return new Operand(Kind.STRING_SOURCE, Cpu.RSI, bytes);
            case 'Y':
                return new Operand(Kind.STRING_DESTINATION, Cpu.RDI, bytes);
            case 'A':
                return new Operand(Kind.FAR, 0, bytes);
            case 'J':
                return new Operand(Kind.REL, 0, bytes);
            case 'S':
                return new Operand(Kind.SEGMENT, i.reg & 7, 2);
            case 'C':
                return new Operand(Kind.CONTROL, i.reg, bytes);
            case 'D':
                return new Operand(Kind.DEBUG, i.reg, bytes);
            case 'F':
                return new Operand(Kind.FLAGS, 0, i.operandSize);
            case 's':
                return new Operand(Kind.ST, i.rm & 7, 10);
            default:
                return resolveVector(i, bytes);
        }
    }

    private Operand resolveVector(final Insn i, final int bytes) {
        switch (letter) {
            case 'P':
                return MMX[vectorSize(bytes, 8)][i.reg & 7];
            case 'N':
                return MMX[vectorSize(bytes, 8)][i.rm & 7];
            case 'Q':
                return i.isMemory() ? new Operand(Kind.MEMORY, 0, bytes) : MMX[vectorSize(bytes, 8)][i.rm & 7];
            case 'V':
                return XMM[vectorSize(bytes, 16)][i.reg];
            case 'U':
                return XMM[vectorSize(bytes, 16)][i.rm];
            case 'W':
                return i.isMemory() ? new Operand(Kind.MEMORY, 0, bytes) : XMM[vectorSize(bytes, 16)][i.rm];
            default:
                throw new IllegalStateException(text);
        }
    }

    private static int vectorSize(final int bytes, final int whole) {
        return bytes == 4 || bytes == 8 ? bytes : whole;
    }

    private static Operand general(final Insn i, final int number, final int bytes) {
        if (bytes == 1 && i.rex == 0 && number >= 4 && number < 8) {
            return GPR_HIGH[1][number - 4];
        }
        return bytes == 0 ? GPR[i.operandSize][number] : GPR[bytes][number];
    }

    @Override
    public String toString() {
        return text;
    }
}
