package io.xenolith.x86.fpu;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.decode.Encoding;
import io.xenolith.x86.decode.OperandSpec;
import io.xenolith.x86.decode.Row;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * One instruction with all the state that x87, MMX and SSE instructions read, drawn from a seed with a taste for boundary values; and
 * the same state after it. {@link #changes} says in one line what the instruction did. Never change what a seed draws: the
 * kept vectors are recorded answers of a processor to these states.
 */
final class FpuCase {
    static final long DATA = 0x1000_0000L;
    static final long CODE = 0x2000_0000L;
    /** Where EBX points. */
    static final long OPERAND = DATA + 256;
    static final int MEMORY = 1024;
    private static final int[] EXPONENTS = {0, 0, 1, 2, 0x3fff, 0x3ffe, 0x4000, 0x3fc0, 0x403d, 0x403e, 0x403f, 0x401e, 0x400e, 0x407e,
        0x407f, 0x3f81, 0x3f80, 0x3f6a, 0x3f69, 0x43fe, 0x43ff, 0x3c01, 0x3c00, 0x3bcd, 0x3bcc, 0x7ffe, 0x7fff, 0x7fff, 0x7ffd};
    private static final long[] SIGNIFICANDS = {0, 1L << 63, -1L, 1L << 63 | 1, 3L << 62, 3L << 62 | 5, 1L << 63 | 1L << 40,
        1L << 63 | 1L << 39, 1L << 63 | 1L << 11, 1L << 63 | 1L << 10, -1L << 11, -1L << 10, -1L << 40, -1L << 39, 1, 2, 1L << 62};
    private static final int[] SINGLES = {0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x3f7fffff, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000,
        0x4f000000, 0x4effffff, 0x4f800000, 0x5f000000, 0x3f000000, 0x3fc00000, 0x40200000, 0x00400000, 0x33800000};
    private static final long[] DOUBLES = {0, 1, 0xfffffffffffffL, 0x10000000000000L, 0x3ff0000000000000L, 0x3fefffffffffffffL,
        0x7fefffffffffffffL, 0x7ff0000000000000L, 0x7ff0000000000001L, 0x7ff8000000000000L, 0x41e0000000000000L, 0x41dfffffffc00000L,
        0x41dfffffffe00000L, 0x43e0000000000000L, 0x3fe0000000000000L, 0x3ff8000000000000L, 0x36a0000000000000L, 0x380fffffffffffffL,
        0x47efffffe0000000L, 0x47effffff0000000L, 0x47f0000000000000L, 0x3690000000000000L};
    private static final int ARITHMETIC_FLAGS = 0x8d5;

    int control;
    int status;
    int tags;
    int mxcsr;
    final long[] significand = new long[8];
    final int[] signExponent = new int[8];
    final long[] xmm = new long[16];
    final int[] gpr = new int[8];
    int flags;
    final byte[] memory = new byte[MEMORY];
    byte[] code = {};
    /** Vector of the exception, or -1. */
    int vector = -1;

    private SplittableRandom random;

    /** The state of a seed, and the row's encoding with operands of it. */
    static FpuCase draw(Row row, long seed) {
        FpuCase c = new FpuCase();
        c.random = new SplittableRandom(seed);
        c.drawState();
        c.drawCode(row);
        return c;
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    private void drawState() {
        control = (oneIn(4) ? random.nextInt(64) : 0x3f) | random.nextInt(4) << 8 | random.nextInt(4) << 10 | 0x40;
        int top = random.nextInt(8);
        status = random.nextInt(0x10000) & 0x4700 | (oneIn(3) ? random.nextInt(64) & control : 0) | top << 11;
        int full = oneIn(4) ? random.nextInt(256) : 0x7f;
        tags = (full << top | full >>> 8 - top) & 0xff;
        mxcsr = (oneIn(4) ? random.nextInt(64) << 7 : 0x1f80) | random.nextInt(64);
        if (oneIn(2)) {
            mxcsr |= random.nextInt(4) << 13 | (oneIn(3) ? FpuState.FTZ : 0) | (oneIn(3) ? FpuState.DAZ : 0);
        }
        for (int i = 0; i < 8; i++) {
            drawExtended(i);
            gpr[i] = random.nextInt();
        }
        Arrays.setAll(xmm, i -> drawVector());
        gpr[Cpu.RSP] = 0;
        gpr[Cpu.RBX] = (int) OPERAND;
        gpr[Cpu.RDI] = (int) OPERAND;
        flags = 2 | random.nextInt(0x1000) & ARITHMETIC_FLAGS;
        for (int i = 0; i < MEMORY; i += 8) {
            putLong(i, drawVector());
        }
        if (oneIn(3)) {
            putLong(256, SIGNIFICANDS[random.nextInt(SIGNIFICANDS.length)]);
            putLong(264, EXPONENTS[random.nextInt(EXPONENTS.length)]);
        }
    }

    private void drawExtended(int i) {
        long sig = SIGNIFICANDS[random.nextInt(SIGNIFICANDS.length)];
        int exponent = EXPONENTS[random.nextInt(EXPONENTS.length)];
        switch (random.nextInt(5)) {
            case 0 -> { }
            case 1 -> exponent = 0x3fff + random.nextInt(140) - 70;
            case 2 -> {
                sig = random.nextLong() >> random.nextInt(64) | 1;
                int zeros = Long.numberOfLeadingZeros(sig);
                sig <<= zeros;
                exponent = 0x3fff + 63 - zeros;
            }
            default -> {
                sig = random.nextLong() | Long.MIN_VALUE;
                exponent = 0x3fff + random.nextInt(40) - 20;
            }
        }
        significand[i] = sig;
        signExponent[i] = exponent | random.nextInt(2) << 15;
    }

    private int drawSingle() {
        int bits = oneIn(2) ? SINGLES[random.nextInt(SINGLES.length)]
            : 127 + random.nextInt(40) - 20 << 23 | random.nextInt(1 << 23) & -1 << random.nextInt(23);
        return bits ^ random.nextInt(2) << 31;
    }

    private long drawDouble() {
        long bits = oneIn(2) ? DOUBLES[random.nextInt(DOUBLES.length)]
            : 1023L + random.nextInt(80) - 40 << 52 | random.nextLong() >>> 12 & -1L << random.nextInt(52);
        return bits ^ random.nextLong(2) << 63;
    }

    private long drawVector() {
        return switch (random.nextInt(4)) {
            case 0 -> drawDouble();
            case 1 -> drawSingle() & 0xffff_ffffL | (long) drawSingle() << 32;
            case 2 -> random.nextLong() & random.nextLong() | 0x7f80_00ff_8000_7fffL & random.nextLong();
            default -> oneIn(2) ? random.nextLong() : random.nextInt(70);
        };
    }

    private void putLong(int at, long v) {
        for (int i = 0; i < 8; i++) {
            memory[at + i] = (byte) (v >>> 8 * i);
        }
    }

    private void drawCode(Row row) {
        byte[] bytes = new byte[16];
        int n = 0;
        Encoding e = row.encoding();
        if (e.prefix() > Encoding.NONE) {
            bytes[n++] = (byte) e.prefix();
        }
        if (e.map() == 1) {
            bytes[n++] = 0x0f;
        }
        bytes[n++] = (byte) e.opcode();
        if (e.modRm()) {
            bytes[n++] = (byte) drawModRm(row, e);
        }
        for (OperandSpec spec : row.operands()) {
            if (spec.letter() == 'I') {
                bytes[n++] = (byte) (oneIn(3) ? random.nextInt(20) : random.nextInt(256));
            }
        }
        code = Arrays.copyOf(bytes, n);
    }

    private int drawModRm(Row row, Encoding e) {
        if (e.fixedModRm() >= 0) {
            return e.fixedModRm() | (e.plusStack() ? random.nextInt(8) : 0);
        }
        int reg = e.digit() >= 0 ? e.digit() : notStackPointer(random.nextInt(8));
        boolean inMemory = row.isMemoryOnly() || !row.isRegisterOnly() && oneIn(2);
        if (inMemory && row.mnemonic().equals("LDMXCSR")) {
            putLong(256, random.nextInt(0x10000));
        }
        return inMemory ? reg << 3 | Cpu.RBX : 0xc0 | reg << 3 | notStackPointer(random.nextInt(8));
    }

    /** ESP holds the harness's stack while a case is recorded. */
    private static int notStackPointer(int register) {
        return register == Cpu.RSP ? Cpu.RBP : register;
    }

    /** Brings the CPU into this state. */
    void load(Cpu c, long dataAddress, long codeAddress) {
        FpuState f = c.fpu;
        f.setControl(control);
        f.setStatusWord(status);
        f.setAbridgedTags(tags);
        f.mxcsr = mxcsr;
        f.lastIp = 0;
        f.lastDp = 0;
        f.lastOpcode = 0;
        for (int i = 0; i < 8; i++) {
            f.significand[f.physical(i)] = significand[i];
            f.signExponent[f.physical(i)] = signExponent[i];
            c.gpr[i] = gpr[i] & 0xffff_ffffL;
        }
        System.arraycopy(xmm, 0, f.xmm, 0, xmm.length);
        c.setEflags(flags);
        Raw.copyIn(memory, 0, dataAddress, MEMORY);
        Raw.copyIn(Arrays.copyOf(code, 16), 0, codeAddress, 16);
        c.ip = CODE;
    }

    /** The CPU's present state. */
    static FpuCase of(Cpu c, long dataAddress) {
        FpuCase after = new FpuCase();
        FpuState f = c.fpu;
        after.control = f.control;
        after.status = f.statusWord();
        after.tags = f.abridgedTags();
        after.mxcsr = f.mxcsr;
        for (int i = 0; i < 8; i++) {
            after.significand[i] = f.significand[f.physical(i)];
            after.signExponent[i] = f.signExponent[f.physical(i)];
            after.gpr[i] = (int) c.gpr[i];
        }
        System.arraycopy(f.xmm, 0, after.xmm, 0, after.xmm.length);
        after.flags = c.eflags();
        Raw.copyOut(dataAddress, after.memory, 0, MEMORY);
        return after;
    }

    /** What became different, ST registers by their new numbers. */
    String changes(FpuCase before) {
        StringBuilder s = new StringBuilder();
        if (vector >= 0) {
            s.append(" fault=").append(vector);
        }
        word(s, "cw", before.control, control);
        word(s, "sw", before.status, status);
        word(s, "tags", before.tags, tags);
        word(s, "mxcsr", before.mxcsr, mxcsr);
        word(s, "flags", before.flags & ARITHMETIC_FLAGS, flags & ARITHMETIC_FLAGS);
        for (int i = 0; i < 8; i++) {
            if (before.significand[i] != significand[i] || before.signExponent[i] != signExponent[i]) {
                s.append(String.format(" st%d=%04x:%016x", i, signExponent[i], significand[i]));
            }
            word(s, "gpr" + i, before.gpr[i], gpr[i]);
        }
        for (int i = 0; i < xmm.length; i++) {
            if (before.xmm[i] != xmm[i]) {
                s.append(String.format(" xmm%d.%d=%016x", i / 2, i % 2, xmm[i]));
            }
        }
        memory(s, before);
        return s.isEmpty() ? "-" : s.substring(1);
    }

    private static void word(StringBuilder s, String name, int before, int after) {
        if (before != after) {
            s.append(' ').append(name).append('=').append(Integer.toHexString(after));
        }
    }

    private void memory(StringBuilder s, FpuCase before) {
        int first = Arrays.mismatch(before.memory, memory);
        if (first < 0) {
            return;
        }
        int last = MEMORY - 1;
        while (before.memory[last] == memory[last]) {
            last--;
        }
        s.append(" m").append(first - 256).append('=').append(HexFormat.of().formatHex(memory, first, last + 1));
    }
}
