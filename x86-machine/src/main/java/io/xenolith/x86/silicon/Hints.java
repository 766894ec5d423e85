package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.CODE_OFFSET;
import static io.xenolith.x86.silicon.CaseLayout.CODE_SLOT_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.MEMORY;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.decode.OperandSpec;
import io.xenolith.x86.silicon.Form.Address;

/** What particular instructions need beyond random operands: stacks, counts, branch targets, selectors, addresses. */
final class Hints {
    /** Bytes around the code that branches avoid: the instruction and the way out behind it. */
    private static final int KEEP_CLEAR = 48;
    private static final int[] SELECTORS = {
        0, 1, 2, 3, Segments.USER_DS, Segments.USER_DS & ~3, Segments.USER_DS & ~1, Segments.USER_CS32,
        Segments.USER_CS64, 0x08, 0x10, 0x18, 0x1B, 0x83, 0x100, 0xFFFF, 0x107, 0xFF};

    private Hints() {
    }

    /** Bytes that the ModRM memory operand spans. */
    static int memoryBytes(final Form form) {
        return switch (form.row().mnemonic()) {
            case "FXSAVE", "FXRSTOR", "FXSAVE64", "FXRSTOR64" -> 512;
            case "FNSAVE", "FSAVE", "FRSTOR" -> form.operandSize() == 2 ? 94 : 108;
            case "FNSTENV", "FSTENV", "FLDENV" -> form.operandSize() == 2 ? 14 : 28;
            default -> form.memoryBytes();
        };
    }

    /** Before the memory operand's address is chosen. */
    static void before(final CaseGenerator g) {
        final Form form = g.c.form;
        for (final OperandSpec s : form.row().operands()) {
            implicitOperand(g, s);
        }
        switch (form.row().mnemonic()) {
            case "PUSH", "POP", "PUSHF", "POPF", "CALL", "RET", "PUSHA", "POPA", "ENTER" -> stack(g);
            case "LEAVE" -> pointer(g, Cpu.RBP, Cpu.SS, 8);
            case "XLAT" -> {
                pointer(g, Cpu.RBX, Cpu.DS, 1);
                overrideImplicit(g);
            }
            case "MASKMOVQ", "MASKMOVDQU" -> {
                pointer(g, Cpu.RDI, Cpu.DS, 16);
                overrideImplicit(g);
            }
            case "DIV", "IDIV" -> dividend(g);
            case "BT", "BTS", "BTR", "BTC" -> bitOffset(g);
            case "INT" -> vector(g);
            default -> {
            }
        }
        if ("ENTER".equals(form.row().mnemonic())) {
            pointer(g, Cpu.RBP, Cpu.SS, 8);
            g.gpr[Cpu.RBP] += 128;
        }
        counts(g);
    }

    private static void implicitOperand(final CaseGenerator g, final OperandSpec s) {
        switch (s.letter()) {
            case 'X' -> {
                overrideImplicit(g);
                pointer(g, Cpu.RSI, g.operandSegment, s.sizeFor(g.c.form.operandSize()));
            }
            case 'Y' -> pointer(g, Cpu.RDI, Cpu.ES, s.sizeFor(g.c.form.operandSize()));
            case 'O' -> {
                overrideImplicit(g);
                final int size = s.sizeFor(g.c.form.operandSize());
                g.target = g.offsetOf(g.pick(size), g.operandSegment, size);
            }
            default -> {
            }
        }
    }

    /** Sometimes an override prefix for an instruction without ModRM operand. */
    private static void overrideImplicit(final CaseGenerator g) {
        if (g.random.oneIn(8)) {
            g.operandSegment = g.c.form.is64() ? Cpu.FS + g.random.below(2) : g.anySegment();
        }
    }

    private static void pointer(final CaseGenerator g, final int register, final int s, final int size) {
        final long offset = g.offsetOf(g.pick(size), s, size);
        g.gpr[register] = g.addressSize == 4 && g.c.form.is64() ? offset & 0xFFFF_FFFFL | g.random.next() << 32 : offset;
        g.reserved |= 1 << register;
    }

    /** A stack pointer with room on both sides as a rule, at an edge otherwise. */
    private static void stack(final CaseGenerator g) {
        final int size = g.random.oneIn(6) ? 8 : 64;
        final long linear = g.pick(size) + (size == 64 ? 32 : 0);
        g.gpr[Cpu.RSP] = g.offsetOf(g.random.oneIn(2) ? linear & -8 : linear, Cpu.SS, 8);
        g.reserved |= 1 << Cpu.RSP;
        if ("RET".equals(g.c.form.row().mnemonic()) && (g.c.narrowCode || !g.random.oneIn(4))) {
            poke(g, g.gpr[Cpu.RSP] + linearBase(g, Cpu.SS), codeTarget(g), g.c.form.operandSize());
        }
    }

    private static long linearBase(final CaseGenerator g, final int s) {
        return g.c.form.is64() ? 0 : Segments.base(g.segment[s]);
    }

    private static void dividend(final CaseGenerator g) {
        if (g.random.oneIn(4)) {
            return;
        }
        final int size = g.c.form.memoryBytes();
        final long high = "IDIV".equals(g.c.form.row().mnemonic()) && g.random.oneIn(2) ? -1 : g.random.below(3);
        if (size == 1) {
            g.gpr[Cpu.RAX] = g.gpr[Cpu.RAX] & ~0xFF00L | (high & 0xFF) << 8;
        } else {
            g.gpr[Cpu.RDX] = high;
        }
        g.reserved |= 1 << Cpu.RDX;
    }

    private static void bitOffset(final CaseGenerator g) {
        if (g.c.form.address().isMemory() && g.c.form.row().encoding().digit() < 0 && !g.random.oneIn(16)) {
            g.gpr[g.c.reg] = g.random.below(1024) - 512;
            g.reserved |= 1 << g.c.reg;
        }
    }

    /** Not the system call, not the debug trap that the handler could not tell from INT1. */
    private static void vector(final CaseGenerator g) {
        final int v = g.c.immediate & 0xFF;
        if (v == 0x80 || v == 1) {
            g.c.immediate = 3 + g.random.below(2);
        }
    }

    private static void counts(final CaseGenerator g) {
        switch (g.c.form.count()) {
            case REPEATS -> repeatCount(g);
            case LOOPS -> {
                if (g.random.oneIn(2)) {
                    g.gpr[Cpu.RCX] = g.random.below(3);
                }
            }
            case ENTERS -> g.c.immediate = g.random.oneIn(4) ? g.c.immediate : g.random.below(200);
            case NONE -> {
            }
        }
    }

    /** Small: a few iterations show what there is to see, and a fault in the middle comes from the address. */
    private static void repeatCount(final CaseGenerator g) {
        long count = g.random.oneIn(4) ? g.random.below(40) : g.random.below(6);
        if (g.addressSize == 2) {
            count |= g.random.next() << 16;
        } else if (g.addressSize == 4) {
            count |= g.random.next() << 32;
        }
        g.gpr[Cpu.RCX] = count;
        g.reserved |= 1 << Cpu.RCX;
    }

    /** After the address is chosen: contents of the operand. */
    static void after(final CaseGenerator g) {
        final Form form = g.c.form;
        switch (form.row().mnemonic()) {
            case "JMP", "CALL" -> {
                // in a 16-bit segment a random target may be the code of another case
                if (form.rmOperand() != null && (g.c.narrowCode || !g.random.oneIn(4))) {
                    operand(g, codeTarget(g), form.operandSize());
                }
            }
            case "CMPXCHG" -> equalAccumulator(g);
            case "LAR", "LSL", "VERR", "VERW", "ARPL" -> operand(g, selector(g), 2);
            case "LDS", "LES", "LFS", "LGS", "LSS" -> poke(g, g.target + form.operandSize(), selector(g), 2);
            case "FXRSTOR", "FXRSTOR64" -> fxImage(g);
            case "LDMXCSR" -> {
                if (!g.random.oneIn(8)) {
                    poke(g, g.target, g.random.next() & 0xFFBF, 4);
                }
            }
            default -> segmentOperand(g);
        }
        if (form.address().isMemory() && usesFloatingPoint(form)) {
            floatingOperand(g);
        }
    }

    private static void segmentOperand(final CaseGenerator g) {
        final Form form = g.c.form;
        if (form.row().operands().isEmpty()) {
            return;
        }
        final OperandSpec first = form.row().operands().get(0);
        if (first.letter() == 'S') {
            operand(g, selector(g), 2);
        } else if ("POP".equals(form.row().mnemonic()) && first.fixed() != null) {
            poke(g, g.gpr[Cpu.RSP] + linearBase(g, Cpu.SS), selector(g), 2);
        }
    }

    private static boolean usesFloatingPoint(final Form form) {
        return switch (form.row().feature()) {
            case X87, SSE, SSE2 -> form.row().operands().stream().noneMatch(s -> s.letter() == 'G');
            default -> false;
        };
    }

    private static void floatingOperand(final CaseGenerator g) {
        if (g.random.oneIn(4) || "LDMXCSR".equals(g.c.form.row().mnemonic())) {
            return;
        }
        final Form form = g.c.form;
        final int size = form.memoryBytes();
        if (size == 10) {
            final long at = spotHost(g, g.target, 10);
            if (at != 0) {
                FpValues.extended(g.random, at);
            }
        } else if (size == 4) {
            poke(g, g.target, FpValues.single(g.random), 4);
        } else if (size >= 8) {
            for (int i = 0; i < size; i += 8) {
                poke(g, g.target + i, FpValues.lane(g.random), 8);
            }
        }
    }

    private static void fxImage(final CaseGenerator g) {
        final long at = spotHost(g, g.target, 512);
        if (at != 0) {
            FpValues.x87State(g.random, at);
            FpValues.sseState(g.random, at);
            if (g.random.oneIn(16)) {
                Raw.putInt(at + FxImage.MXCSR, (int) g.random.next());
            }
        }
    }

    private static void equalAccumulator(final CaseGenerator g) {
        if (g.c.form.address() == Address.REGISTER && g.random.oneIn(2)) {
            g.gpr[g.c.rm] = g.gpr[Cpu.RAX];
        } else if (g.random.oneIn(2)) {
            poke(g, g.target, g.gpr[Cpu.RAX], Math.min(8, g.c.form.memoryBytes()));
        }
    }

    /** Sets the ModRM operand, in a register or in memory. */
    private static void operand(final CaseGenerator g, final long value, final int size) {
        if (g.c.form.address() == Address.REGISTER) {
            g.gpr[g.c.rm] = size >= 8 ? value : g.random.next() << 8 * size | value & (1L << 8 * size) - 1;
        } else {
            poke(g, g.target, value, size);
        }
    }

    private static int selector(final CaseGenerator g) {
        final int s = g.random.oneIn(2) ? SELECTORS[g.random.below(SELECTORS.length)]
            : Segments.selector(g.random.below(Segments.entries() + 2));
        return g.random.oneIn(6) ? s ^ g.random.below(4) : s;
    }

    /** Writes to the "before" picture of memory if the address lies in a spot. */
    private static void poke(final CaseGenerator g, final long linear, final long value, final int size) {
        final long at = spotHost(g, linear, size);
        if (at == 0) {
            return;
        }
        for (int i = 0; i < size; i++) {
            Raw.putBytePlain(at + i, (byte) (value >>> 8 * i));
        }
    }

    private static long spotHost(final CaseGenerator g, final long linear, final int size) {
        int offset = MEMORY;
        for (int i = 0; i < Windows.SPOT.length; i++) {
            if (linear >= Windows.SPOT[i] && linear <= Windows.SPOT[i] + Windows.SPOT_BYTES[i] - size) {
                return g.before + offset + (linear - Windows.SPOT[i]);
            }
            offset += Windows.SPOT_BYTES[i];
        }
        return 0;
    }

    // ---- branches ----

    /** An absolute target: in the case's own code slot, where everything else traps; sometimes far away. */
    private static long codeTarget(final CaseGenerator g) {
        if (g.random.oneIn(8) && !g.c.narrowCode) {
            return g.c.form.is64() ? (long) g.random.below(0x10000) << 31 : 0x5000_0000L + g.random.below(1 << 24);
        }
        final long linear = g.linearStart() + slotDisplacement(g, CODE_SLOT_BYTES);
        return g.c.narrowCode ? linear & 0xFFFF : linear;
    }

    /** Distance from the instruction's start to a place in its slot that is not itself. */
    private static int slotDisplacement(final CaseGenerator g, final int reach) {
        for (;;) {
            final int at = g.random.below(CODE_SLOT_BYTES - 1) - CODE_OFFSET;
            if ((at < -16 || at >= KEEP_CLEAR) && Math.abs(at) < reach) {
                return at;
            }
        }
    }

    /** A relative displacement of 1, 2 or 4 bytes. */
    static long branch(final CaseGenerator g, final int bytes) {
        if (g.random.oneIn(6)) {
            return 0;
        }
        if (bytes > 2 && g.random.oneIn(8)) {
            return 0x1000_0000L + g.random.below(1 << 20);
        }
        return slotDisplacement(g, bytes == 1 ? 110 : CODE_SLOT_BYTES);
    }
}
