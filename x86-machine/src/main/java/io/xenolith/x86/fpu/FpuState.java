package io.xenolith.x86.fpu;

import java.util.Arrays;

/**
 * Registers of the x87 unit, of MMX (which lie in the x87 registers) and of SSE.
 *
 * <p>x87 registers are held by <em>physical</em> number 0-7; {@code ST(i)} is physical register {@code (top + i) & 7} and {@code MMi}
 * is physical register {@code i}. A register is a 64-bit significand with its explicit integer bit, and a 16-bit sign and exponent.
 * The two-bit tags of the architecture are derived: only "empty or not" is state.
 */
public final class FpuState {
    /** Bit of {@link #status} and, for the first six, of {@link #control} and MXCSR. */
    public static final int IE = 0x01, DE = 0x02, ZE = 0x04, OE = 0x08, UE = 0x10, PE = 0x20;
    /** All six exceptions. */
    public static final int EXCEPTIONS = 0x3f;
    /** Stack fault, error summary, condition codes and busy bit of the status word. */
    public static final int SF = 0x40, ES = 0x80, C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000, BUSY = 0x8000;
    /** Bits of MXCSR: denormals are zeros, flush to zero. */
    public static final int DAZ = 0x40, FTZ = 0x8000;
    /** Bits of MXCSR that software may set. */
    public static final int MXCSR_MASK = 0xffff;
    /** MXCSR after reset and for a new process. */
    public static final int MXCSR_DEFAULT = 0x1f80;
    private static final int STATUS_WITHOUT_TOP = 0xffff & ~0x3800;

    /** Significands by physical register; also MM0-MM7. */
    public final long[] significand = new long[8];
    /** Sign (bit 15) and biased exponent (bits 0-14) by physical register. */
    public final int[] signExponent = new int[8];
    /** XMM registers: register {@code n} is {@code xmm[2n]} (bits 0-63) and {@code xmm[2n+1]} (bits 64-127). */
    public final long[] xmm = new long[32];
    /** Control word. */
    public int control;
    /** Status word with the TOP field zero; see {@link #top}. */
    public int status;
    /** Number of the physical register that is ST(0). */
    public int top;
    /** Bit {@code i} set: physical register {@code i} is not empty. */
    public int used;
    /** Offset of the last non-control x87 instruction. */
    public long lastIp;
    /** Offset of the last memory operand; by the model's feature set only written when an unmasked exception is found. */
    public long lastDp;
    /** Eleven-bit opcode; only written when an unmasked exception is found. */
    public int lastOpcode;
    /** SSE control and status. */
    public int mxcsr;
    /** The x87 operations on these registers. */
    public final X87Unit unit = new X87Unit(this);
    /** The SSE arithmetic under these registers' MXCSR. */
    public final SseUnit sse = new SseUnit(this);

    /** A unit as RESET leaves it. */
    public FpuState() {
        reset();
    }

    /** Power-on reset: registers zero and tagged so, control word 0x40, XMM registers zero. */
    public void reset() {
        Arrays.fill(significand, 0);
        Arrays.fill(signExponent, 0);
        Arrays.fill(xmm, 0);
        init();
        control = 0x40;
        used = 0xff;
        mxcsr = MXCSR_DEFAULT;
    }

    /** FNINIT: default control word, no exceptions, all registers empty; their contents and SSE stay. */
    public void init() {
        control = 0x37f;
        status = 0;
        top = 0;
        used = 0;
        lastIp = 0;
        lastDp = 0;
        lastOpcode = 0;
    }

    /** Physical number of {@code ST(i)}. */
    public int physical(int i) {
        return (top + i) & 7;
    }

    /** Whether {@code ST(i)} is tagged empty. */
    public boolean isEmpty(int i) {
        return (used >>> physical(i) & 1) == 0;
    }

    /** Writes {@code ST(i)} and tags it used. */
    public void set(int i, long newSignificand, int newSignExponent) {
        int p = physical(i);
        significand[p] = newSignificand;
        signExponent[p] = newSignExponent;
        used |= 1 << p;
    }

    /** Tags {@code ST(i)} empty. */
    public void free(int i) {
        used &= ~(1 << physical(i));
    }

    /** Frees ST(0) and increments TOP. */
    public void pop() {
        free(0);
        top = top + 1 & 7;
    }

    /** The 16-bit status word with TOP. */
    public int statusWord() {
        return status | top << 11;
    }

    /** Loads the status word; ES and B follow from the exceptions and their masks. */
    public void setStatusWord(int word) {
        top = word >>> 11 & 7;
        status = word & STATUS_WITHOUT_TOP;
        refreshSummary();
    }

    /** Loads the control word; reserved bits read as silicon keeps them (bit 6 set), ES and B follow. */
    public void setControl(int word) {
        control = word & 0x1f3f | 0x40;
        refreshSummary();
    }

    /** Recomputes ES and B from the exception flags and masks. */
    public void refreshSummary() {
        boolean pending = (status & ~control & EXCEPTIONS) != 0;
        status = pending ? status | ES | BUSY : status & ~(ES | BUSY);
    }

    /** Whether an unmasked x87 exception waits for the next waiting instruction. */
    public boolean pending() {
        return (status & ES) != 0;
    }

    /** The 16-bit tag word as FNSTENV stores it: 0 valid, 1 zero, 2 special, 3 empty. */
    public int tagWord() {
        int word = 0;
        for (int p = 0; p < 8; p++) {
            word |= tag(p) << 2 * p;
        }
        return word;
    }

    private int tag(int p) {
        if ((used >>> p & 1) == 0) {
            return 3;
        }
        int exponent = signExponent[p] & 0x7fff;
        if (exponent == 0 && significand[p] == 0) {
            return 1;
        }
        return exponent != 0 && exponent != 0x7fff && significand[p] < 0 ? 0 : 2;
    }

    /** The eight-bit tags of FXSAVE: bit {@code i} set when physical register {@code i} is not empty. */
    public int abridgedTags() {
        return used;
    }

    /** Loads the eight-bit tags. */
    public void setAbridgedTags(int bits) {
        used = bits & 0xff;
    }

    /** Loads a 16-bit tag word: only "empty" (3) matters. */
    public void setTagWord(int word) {
        int bits = 0;
        for (int p = 0; p < 8; p++) {
            if ((word >>> 2 * p & 3) != 3) {
                bits |= 1 << p;
            }
        }
        used = bits;
    }

    /** Every MMX instruction but EMMS: TOP is zero and all registers are in use. */
    public void enterMmx() {
        top = 0;
        used = 0xff;
    }

    /** Writes an MMX register; the exponent field becomes all ones. */
    public void setMm(int i, long value) {
        significand[i] = value;
        signExponent[i] = 0xffff;
    }
}
