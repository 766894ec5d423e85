package io.xenolith.x86.decode;

/**
 * An encoding, parsed from the notation of the Intel manual: {@code 0F 58 /r}, {@code 66 0F 58 /r}, {@code NP 0F FC /r},
 * {@code D8 /0}, {@code D8 C0+i}, {@code 40+r}, {@code 0F BA /4 ib}, {@code REX.W 0F C7 /1}, {@code 0F 01 F9}. Immediates
 * may be written for the reader; the operands decide.
 */
public final class Encoding {
    /** Opcode maps: one byte, 0F, 0F 38, 0F 3A. */
    public static final int MAPS = 4;
    /** Any prefix, or none. */
    public static final int ANY = 0;
    /** Only without 66, F2 and F3. */
    public static final int NONE = 1;

    private int map;
    private int opcode;
    private int prefix = ANY;
    private boolean rexW;
    private boolean plusRegister;
    private boolean modRm;
    private int digit = -1;
    private int fixedModRm = -1;
    private boolean plusStack;
    private final String text;

    private Encoding(final String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException when the notation is unknown */
    static Encoding parse(final String text) {
        final Encoding e = new Encoding(text);
        boolean opcodeSeen = false;
        for (final String part : text.trim().split(" ")) {
            opcodeSeen = e.part(part, opcodeSeen);
        }
        if (!opcodeSeen) {
            throw new IllegalArgumentException("encoding without opcode: " + text);
        }
        return e;
    }

    private boolean part(final String part, final boolean opcodeSeen) {
        if (part.startsWith("/")) {
            modRm = true;
            digit = "/r".equals(part) ? -1 : Integer.parseInt(part.substring(1));
            return opcodeSeen;
        }
        if ("REX.W".equals(part) || "REX.W+".equals(part)) {
            rexW = true;
            return opcodeSeen;
        }
        if ("NP".equals(part)) {
            prefix = NONE;
            return opcodeSeen;
        }
        if (part.isEmpty() || part.charAt(0) >= 'a') {
            // ib, iz, cb: for the reader; the hexadecimal digits of opcodes are in upper case
            return opcodeSeen;
        }
        return bytePart(part, opcodeSeen);
    }

    private boolean bytePart(final String part, final boolean opcodeSeen) {
        final int plus = part.indexOf('+');
        final int value = Integer.parseInt(plus < 0 ? part : part.substring(0, plus), 16);
        final String suffix = plus < 0 ? "" : part.substring(plus + 1);
        if (opcodeSeen) {
            modRm = true;
            fixedModRm = value;
            plusStack = "i".equals(suffix);
            return true;
        }
        if (map == 0 && (value == 0x66 || value == 0xf2 || value == 0xf3) && text.contains("0F")) {
            prefix = value;
            return false;
        }
        if (map == 0 && value == 0x0f) {
            map = 1;
            return false;
        }
        if (map == 1 && (value == 0x38 || value == 0x3a)) {
            map = value == 0x38 ? 2 : 3;
            return false;
        }
        opcode = value;
        plusRegister = !suffix.isEmpty();
        return true;
    }

    public int map() {
        return map;
    }

    public int opcode() {
        return opcode;
    }

    /** Mandatory prefix 0x66, 0xf2 or 0xf3, {@link #NONE} or {@link #ANY}. */
    public int prefix() {
        return prefix;
    }

    public boolean rexW() {
        return rexW;
    }

    /** True when the opcode's low three bits name a register. */
    public boolean plusRegister() {
        return plusRegister;
    }

    public boolean modRm() {
        return modRm;
    }

    void requireModRm() {
        modRm = true;
    }

    /** The reg field that selects the row, or -1. */
    public int digit() {
        return digit;
    }

    /** The whole ModRM byte that selects the row, or -1. */
    public int fixedModRm() {
        return fixedModRm;
    }

    /** True when {@link #fixedModRm}'s low three bits name an x87 register. */
    public boolean plusStack() {
        return plusStack;
    }

    /**
     * How well an instruction matches.
     *
     * @param modRmByte   ModRM byte, or -1 when no row of the opcode has one
     * @param rep         last of F2 and F3 prefixes, or 0
     * @param operand16   66 prefix seen
     * @param w           REX.W
     * @return -1 when it does not, else the larger the more specific
     */
    int match(final int modRmByte, final int rep, final boolean operand16, final boolean w) {
        int score = 0;
        if (prefix == NONE) {
            if (rep != 0 || operand16) {
                return -1;
            }
            score += 16;
        } else if (prefix == 0x66) {
            if (!operand16 || rep != 0) {
                return -1;
            }
            score += 16;
        } else if (prefix != ANY) {
            if (rep != prefix) {
                return -1;
            }
            score += 16;
        }
        if (rexW) {
            if (!w) {
                return -1;
            }
            score += 8;
        }
        return modRm ? matchModRm(modRmByte, score) : score;
    }

    private int matchModRm(final int modRmByte, final int score) {
        if (fixedModRm >= 0) {
            return (plusStack ? modRmByte & ~7 : modRmByte) == fixedModRm ? score + 4 : -1;
        }
        if (digit >= 0) {
            return (modRmByte >> 3 & 7) == digit ? score + 2 : -1;
        }
        return score;
    }

    @Override
    public String toString() {
        return text;
    }
}
