package io.xenolith.x86.simd;

import static io.xenolith.x86.simd.SimdAccess.mmSource;
import static io.xenolith.x86.simd.SimdAccess.mmSource32;
import static io.xenolith.x86.simd.SimdAccess.mmx;
import static io.xenolith.x86.simd.SimdAccess.source;
import static io.xenolith.x86.simd.SimdAccess.sse;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.fpu.SseUnit;

/** Packed-integer arithmetic, in its MMX form on one long and its SSE2 form on two. */
final class PackedIntegerRows {
    private final InstructionTable table;

    PackedIntegerRows(InstructionTable table) {
        this.table = table;
    }

    /** An operation that treats the halves of an XMM register alike. */
    @FunctionalInterface
    interface Half {
        long apply(long a, long b);
    }

    /** Packs the elements of one long into half a long. */
    @FunctionalInterface
    interface Narrowing {
        long apply(long a);
    }

    void register() {
        wrapping();
        saturating();
        comparing();
        multiplying();
        logic();
        sseAdditions();
        packing();
        unpacking();
        shifts();
    }

    private void both(String opcode, String name, Feature mmxFeature, Half op) {
        table.add("NP 0F " + opcode + " /r", name, "Pq,Qq", (c, i) -> mmxBinary(c, i, op)).feature(mmxFeature);
        table.add("66 0F " + opcode + " /r", name, "Vo,Wo", (c, i) -> sseBinary(c, i, op)).feature(Feature.SSE2);
    }

    private void both(String opcode, String name, Half op) {
        both(opcode, name, Feature.MMX, op);
    }

    private static void mmxBinary(Cpu c, Insn i, Half op) {
        mmx(c);
        long b = mmSource(c, i);
        int d = i.reg & 7;
        c.fpu.setMm(d, op.apply(c.fpu.significand[d], b));
    }

    private static void sseBinary(Cpu c, Insn i, Half op) {
        sse(c);
        SseUnit u = source(c, i);
        long[] xmm = c.fpu.xmm;
        int d = 2 * i.reg;
        xmm[d] = op.apply(xmm[d], u.sourceLow);
        xmm[d + 1] = op.apply(xmm[d + 1], u.sourceHigh);
    }

    private void wrapping() {
        both("FC", "PADDB", Lanes::addBytes);
        both("FD", "PADDW", Lanes::addWords);
        both("FE", "PADDD", Lanes::addDoubles);
        both("D4", "PADDQ", Feature.SSE2, Long::sum);
        both("F8", "PSUBB", Lanes::subBytes);
        both("F9", "PSUBW", Lanes::subWords);
        both("FA", "PSUBD", Lanes::subDoubles);
        both("FB", "PSUBQ", Feature.SSE2, (a, b) -> a - b);
    }

    private void saturating() {
        both("EC", "PADDSB", (a, b) -> Lanes.bytes(a, b, (x, y) -> Lanes.saturateByte(x + y)));
        both("ED", "PADDSW", (a, b) -> Lanes.words(a, b, (x, y) -> Lanes.saturateWord(x + y)));
        both("DC", "PADDUSB", (a, b) -> Lanes.unsignedBytes(a, b, (x, y) -> Lanes.saturateUnsignedByte(x + y)));
        both("DD", "PADDUSW", (a, b) -> Lanes.unsignedWords(a, b, (x, y) -> Lanes.saturateUnsignedWord(x + y)));
        both("E8", "PSUBSB", (a, b) -> Lanes.bytes(a, b, (x, y) -> Lanes.saturateByte(x - y)));
        both("E9", "PSUBSW", (a, b) -> Lanes.words(a, b, (x, y) -> Lanes.saturateWord(x - y)));
        both("D8", "PSUBUSB", (a, b) -> Lanes.unsignedBytes(a, b, (x, y) -> Lanes.saturateUnsignedByte(x - y)));
        both("D9", "PSUBUSW", (a, b) -> Lanes.unsignedWords(a, b, (x, y) -> Lanes.saturateUnsignedWord(x - y)));
    }

    private void comparing() {
        both("64", "PCMPGTB", (a, b) -> Lanes.bytes(a, b, (x, y) -> x > y ? -1 : 0));
        both("65", "PCMPGTW", (a, b) -> Lanes.words(a, b, (x, y) -> x > y ? -1 : 0));
        both("66", "PCMPGTD", (a, b) -> Lanes.doubles(a, b, (x, y) -> x > y ? -1 : 0));
        both("74", "PCMPEQB", (a, b) -> Lanes.bytes(a, b, (x, y) -> x == y ? -1 : 0));
        both("75", "PCMPEQW", (a, b) -> Lanes.words(a, b, (x, y) -> x == y ? -1 : 0));
        both("76", "PCMPEQD", (a, b) -> Lanes.doubles(a, b, (x, y) -> x == y ? -1 : 0));
    }

    private void multiplying() {
        both("D5", "PMULLW", (a, b) -> Lanes.words(a, b, (x, y) -> x * y));
        both("E5", "PMULHW", (a, b) -> Lanes.words(a, b, (x, y) -> x * y >> 16));
        both("E4", "PMULHUW", Feature.SSE, (a, b) -> Lanes.unsignedWords(a, b, (x, y) -> x * y >>> 16));
        both("F5", "PMADDWD", Lanes::multiplyAdd);
        both("F4", "PMULUDQ", Feature.SSE2, Lanes::multiplyUnsignedDoubles);
    }

    private void logic() {
        both("DB", "PAND", (a, b) -> a & b);
        both("DF", "PANDN", (a, b) -> ~a & b);
        both("EB", "POR", (a, b) -> a | b);
        both("EF", "PXOR", (a, b) -> a ^ b);
    }

    private void sseAdditions() {
        both("DA", "PMINUB", Feature.SSE, (a, b) -> Lanes.unsignedBytes(a, b, Math::min));
        both("DE", "PMAXUB", Feature.SSE, (a, b) -> Lanes.unsignedBytes(a, b, Math::max));
        both("EA", "PMINSW", Feature.SSE, (a, b) -> Lanes.words(a, b, Math::min));
        both("EE", "PMAXSW", Feature.SSE, (a, b) -> Lanes.words(a, b, Math::max));
        both("E0", "PAVGB", Feature.SSE, (a, b) -> Lanes.unsignedBytes(a, b, (x, y) -> x + y + 1 >> 1));
        both("E3", "PAVGW", Feature.SSE, (a, b) -> Lanes.unsignedWords(a, b, (x, y) -> x + y + 1 >> 1));
        both("F6", "PSADBW", Feature.SSE, Lanes::sumOfDifferences);
    }

    private void packing() {
        packing("63", "PACKSSWB", Lanes::packWordsSigned);
        packing("67", "PACKUSWB", Lanes::packWordsUnsigned);
        packing("6B", "PACKSSDW", Lanes::packDoubles);
    }

    private void packing(String opcode, String name, Narrowing op) {
        table.add("NP 0F " + opcode + " /r", name, "Pq,Qq",
            (c, i) -> mmxBinary(c, i, (a, b) -> op.apply(a) | op.apply(b) << 32)).feature(Feature.MMX);
        table.add("66 0F " + opcode + " /r", name, "Vo,Wo", (c, i) -> ssePack(c, i, op)).feature(Feature.SSE2);
    }

    private static void ssePack(Cpu c, Insn i, Narrowing op) {
        sse(c);
        SseUnit u = source(c, i);
        long[] xmm = c.fpu.xmm;
        int d = 2 * i.reg;
        long low = op.apply(xmm[d]) | op.apply(xmm[d + 1]) << 32;
        xmm[d + 1] = op.apply(u.sourceLow) | op.apply(u.sourceHigh) << 32;
        xmm[d] = low;
    }

    private void unpacking() {
        unpacking("60", "68", "BW", Lanes::interleaveBytes);
        unpacking("61", "69", "WD", Lanes::interleaveWords);
        unpacking("62", "6A", "DQ", Lanes::interleaveDoubles);
        table.add("66 0F 6C /r", "PUNPCKLQDQ", "Vo,Wo", (c, i) -> {
            sse(c);
            SseUnit u = source(c, i);
            c.fpu.xmm[2 * i.reg + 1] = u.sourceLow;
        }).feature(Feature.SSE2);
        table.add("66 0F 6D /r", "PUNPCKHQDQ", "Vo,Wo", (c, i) -> {
            sse(c);
            SseUnit u = source(c, i);
            SimdAccess.set(c, i.reg, c.fpu.xmm[2 * i.reg + 1], u.sourceHigh);
        }).feature(Feature.SSE2);
    }

    private void unpacking(String low, String high, String suffix, Half op) {
        table.add("NP 0F " + low + " /r", "PUNPCKL" + suffix, "Pq,Qd", (c, i) -> mmxUnpackLow(c, i, op)).feature(Feature.MMX);
        table.add("NP 0F " + high + " /r", "PUNPCKH" + suffix, "Pq,Qq",
            (c, i) -> mmxBinary(c, i, (a, b) -> op.apply(a >>> 32, b >>> 32))).feature(Feature.MMX);
        table.add("66 0F " + low + " /r", "PUNPCKL" + suffix, "Vo,Wo", (c, i) -> sseUnpack(c, i, op, 0)).feature(Feature.SSE2);
        table.add("66 0F " + high + " /r", "PUNPCKH" + suffix, "Vo,Wo", (c, i) -> sseUnpack(c, i, op, 1)).feature(Feature.SSE2);
    }

    private static void mmxUnpackLow(Cpu c, Insn i, Half op) {
        mmx(c);
        long b = mmSource32(c, i);
        int d = i.reg & 7;
        c.fpu.setMm(d, op.apply(c.fpu.significand[d], b));
    }

    private static void sseUnpack(Cpu c, Insn i, Half op, int half) {
        sse(c);
        SseUnit u = source(c, i);
        long a = c.fpu.xmm[2 * i.reg + half];
        long b = half == 0 ? u.sourceLow : u.sourceHigh;
        SimdAccess.set(c, i.reg, op.apply(a, b), op.apply(a >>> 32, b >>> 32));
    }

    private void shifts() {
        shift("D1", "71 /2", "PSRLW", Lanes::shiftRightWords);
        shift("D2", "72 /2", "PSRLD", Lanes::shiftRightDoubles);
        shift("D3", "73 /2", "PSRLQ", Lanes::shiftRightQuad);
        shift("E1", "71 /4", "PSRAW", Lanes::shiftArithmeticWords);
        shift("E2", "72 /4", "PSRAD", Lanes::shiftArithmeticDoubles);
        shift("F1", "71 /6", "PSLLW", Lanes::shiftLeftWords);
        shift("F2", "72 /6", "PSLLD", Lanes::shiftLeftDoubles);
        shift("F3", "73 /6", "PSLLQ", Lanes::shiftLeftQuad);
        table.add("66 0F 73 /3 ib", "PSRLDQ", "Uo,Ib", (c, i) -> shiftBytes(c, i, true)).feature(Feature.SSE2);
        table.add("66 0F 73 /7 ib", "PSLLDQ", "Uo,Ib", (c, i) -> shiftBytes(c, i, false)).feature(Feature.SSE2);
    }

    private void shift(String byRegister, String byImmediate, String name, Half op) {
        table.add("NP 0F " + byRegister + " /r", name, "Pq,Qq", (c, i) -> mmxBinary(c, i, op)).feature(Feature.MMX);
        table.add("66 0F " + byRegister + " /r", name, "Vo,Wo", (c, i) -> sseShift(c, i, op)).feature(Feature.SSE2);
        table.add("NP 0F " + byImmediate + " ib", name, "Nq,Ib", (c, i) -> {
            mmx(c);
            c.fpu.enterMmx();
            int d = i.rm & 7;
            c.fpu.setMm(d, op.apply(c.fpu.significand[d], i.imm & 0xff));
        }).feature(Feature.MMX);
        table.add("66 0F " + byImmediate + " ib", name, "Uo,Ib", (c, i) -> {
            sse(c);
            long[] xmm = c.fpu.xmm;
            long n = i.imm & 0xff;
            SimdAccess.set(c, i.rm, op.apply(xmm[2 * i.rm], n), op.apply(xmm[2 * i.rm + 1], n));
        }).feature(Feature.SSE2);
    }

    /** The count is the low half of the source for both halves of the destination. */
    private static void sseShift(Cpu c, Insn i, Half op) {
        sse(c);
        long count = source(c, i).sourceLow;
        long[] xmm = c.fpu.xmm;
        SimdAccess.set(c, i.reg, op.apply(xmm[2 * i.reg], count), op.apply(xmm[2 * i.reg + 1], count));
    }

    private static void shiftBytes(Cpu c, Insn i, boolean right) {
        sse(c);
        int n = (int) i.imm & 0xff;
        long[] xmm = c.fpu.xmm;
        long low = xmm[2 * i.rm];
        long high = xmm[2 * i.rm + 1];
        if (n > 15) {
            SimdAccess.set(c, i.rm, 0, 0);
        } else if (right) {
            SimdAccess.set(c, i.rm, funnelRight(low, high, 8 * n), n < 8 ? high >>> 8 * n : 0);
        } else {
            SimdAccess.set(c, i.rm, n < 8 ? low << 8 * n : 0, funnelLeft(low, high, 8 * n));
        }
    }

    private static long funnelRight(long low, long high, int bits) {
        return bits == 0 ? low : bits < 64 ? low >>> bits | high << 64 - bits : high >>> bits - 64;
    }

    private static long funnelLeft(long low, long high, int bits) {
        return bits == 0 ? high : bits < 64 ? high << bits | low >>> 64 - bits : low << bits - 64;
    }
}
