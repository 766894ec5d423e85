package io.xenolith.x86.simd;

import static io.xenolith.x86.simd.SimdAccess.aligned;
import static io.xenolith.x86.simd.SimdAccess.mmSource;
import static io.xenolith.x86.simd.SimdAccess.mmx;
import static io.xenolith.x86.simd.SimdAccess.source;
import static io.xenolith.x86.simd.SimdAccess.source64;
import static io.xenolith.x86.simd.SimdAccess.sse;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.fpu.SseUnit;

/** Moves between registers and memory, insertions, extractions and shuffles. */
final class SimdMoveRows {
    private final InstructionTable table;

    SimdMoveRows(InstructionTable table) {
        this.table = table;
    }

    private void sseRow(String encoding, String name, String operands, Exec body) {
        gated(encoding, name, operands, Feature.SSE, body);
    }

    private void sse2Row(String encoding, String name, String operands, Exec body) {
        gated(encoding, name, operands, Feature.SSE2, body);
    }

    private void gated(String encoding, String name, String operands, Feature feature, Exec body) {
        table.add(encoding, name, operands, (c, i) -> {
            sse(c);
            body.exec(c, i);
        }).feature(feature);
    }

    private void mmxRow(String encoding, String name, String operands, Feature feature, Exec body) {
        table.add(encoding, name, operands, (c, i) -> {
            mmx(c);
            body.exec(c, i);
        }).feature(feature);
    }

    void register() {
        mmxMoves();
        generalMoves();
        wholeMoves();
        halfMoves();
        scalarMoves();
        betweenFiles();
        wordAccess();
        masks();
        shuffles();
        unpacks();
        nonTemporal();
    }

    private void mmxMoves() {
        mmxRow("NP 0F 6F /r", "MOVQ", "Pq,Qq", Feature.MMX, (c, i) -> c.fpu.setMm(i.reg & 7, mmSource(c, i)));
        mmxRow("NP 0F 7F /r", "MOVQ", "Qq,Pq", Feature.MMX, SimdMoveRows::storeMm);
        table.add("NP 0F 77", "EMMS", "", (c, i) -> {
            mmx(c);
            c.fpu.top = 0;
            c.fpu.used = 0;
        }).feature(Feature.MMX);
    }

    /** As on silicon, TOP is reset even when the store then faults, the tags only afterwards. */
    private static void storeMm(Cpu c, Insn i) {
        long v = c.fpu.significand[i.reg & 7];
        c.fpu.top = 0;
        if (i.isMemory()) {
            c.write64(i.linear(c, 8, true), v);
        } else {
            c.fpu.setMm(i.rm & 7, v);
        }
        c.fpu.enterMmx();
    }

    /** MOVD and, with REX.W, MOVQ between general registers or memory and the vector files. */
    private void generalMoves() {
        mmxRow("NP 0F 6E /r", "MOVD", "Pq,Ed", Feature.MMX, (c, i) -> loadMm(c, i, 4));
        mmxRow("NP REX.W 0F 6E /r", "MOVQ", "Pq,Eq", Feature.MMX, (c, i) -> loadMm(c, i, 8));
        mmxRow("NP 0F 7E /r", "MOVD", "Ed,Pq", Feature.MMX, (c, i) -> storeMmToGeneral(c, i, 4));
        mmxRow("NP REX.W 0F 7E /r", "MOVQ", "Eq,Pq", Feature.MMX, (c, i) -> storeMmToGeneral(c, i, 8));
        sse2Row("66 0F 6E /r", "MOVD", "Vo,Ed", (c, i) -> SimdAccess.set(c, i.reg, general(c, i, 4), 0));
        sse2Row("66 REX.W 0F 6E /r", "MOVQ", "Vo,Eq", (c, i) -> SimdAccess.set(c, i.reg, general(c, i, 8), 0));
        sse2Row("66 0F 7E /r", "MOVD", "Ed,Vo", (c, i) -> storeGeneral(c, i, 4, c.fpu.xmm[2 * i.reg]));
        sse2Row("66 REX.W 0F 7E /r", "MOVQ", "Eq,Vo", (c, i) -> storeGeneral(c, i, 8, c.fpu.xmm[2 * i.reg]));
    }

    private static long general(Cpu c, Insn i, int size) {
        long v = i.isMemory() ? c.read(i.linear(c, size, false), size) : c.gpr[i.rm];
        return size == 4 ? v & 0xffff_ffffL : v;
    }

    private static void loadMm(Cpu c, Insn i, int size) {
        long v = general(c, i, size);
        c.fpu.enterMmx();
        c.fpu.setMm(i.reg & 7, v);
    }

    private static void storeMmToGeneral(Cpu c, Insn i, int size) {
        c.fpu.top = 0;
        storeGeneral(c, i, size, c.fpu.significand[i.reg & 7]);
        c.fpu.enterMmx();
    }

    private static void storeGeneral(Cpu c, Insn i, int size, long v) {
        if (i.isMemory()) {
            c.write(i.linear(c, size, true), size, v);
        } else {
            SimdAccess.setGpr(c, i.rm, v, size == 8);
        }
    }

    /** 128 bits: aligned and unaligned, single, double and integer. */
    private void wholeMoves() {
        load("NP 0F 28 /r", "MOVAPS", Feature.SSE, true);
        store("NP 0F 29 /r", "MOVAPS", Feature.SSE, true);
        load("66 0F 28 /r", "MOVAPD", Feature.SSE2, true);
        store("66 0F 29 /r", "MOVAPD", Feature.SSE2, true);
        load("NP 0F 10 /r", "MOVUPS", Feature.SSE, false);
        store("NP 0F 11 /r", "MOVUPS", Feature.SSE, false);
        load("66 0F 10 /r", "MOVUPD", Feature.SSE2, false);
        store("66 0F 11 /r", "MOVUPD", Feature.SSE2, false);
        load("66 0F 6F /r", "MOVDQA", Feature.SSE2, true);
        store("66 0F 7F /r", "MOVDQA", Feature.SSE2, true);
        load("F3 0F 6F /r", "MOVDQU", Feature.SSE2, false);
        store("F3 0F 7F /r", "MOVDQU", Feature.SSE2, false);
    }

    private void load(String encoding, String name, Feature feature, boolean align) {
        gated(encoding, name, "Vo,Wo", feature, (c, i) -> {
            if (i.isMemory() && !align) {
                long at = i.linear(c, 16, false);
                c.mmu.checkRead(at, 16);
                SimdAccess.set(c, i.reg, c.read64(at), c.read64(at + 8));
            } else {
                SseUnit u = source(c, i);
                SimdAccess.set(c, i.reg, u.sourceLow, u.sourceHigh);
            }
        });
    }

    private void store(String encoding, String name, Feature feature, boolean align) {
        gated(encoding, name, "Wo,Vo", feature, (c, i) -> {
            if (i.isMemory()) {
                SimdAccess.store128(c, align ? aligned(c, i, true) : i.linear(c, 16, true), i.reg);
            } else {
                SimdAccess.set(c, i.rm, c.fpu.xmm[2 * i.reg], c.fpu.xmm[2 * i.reg + 1]);
            }
        });
    }

    /** 64 bits into or out of one half; the other half stays. */
    private void halfMoves() {
        half("NP", "PS", Feature.SSE);
        half("66", "PD", Feature.SSE2);
        sseRow("NP 0F 12 /r", "MOVHLPS", "Vo,Uo", (c, i) -> c.fpu.xmm[2 * i.reg] = c.fpu.xmm[2 * i.rm + 1]);
        sseRow("NP 0F 16 /r", "MOVLHPS", "Vo,Uo", (c, i) -> c.fpu.xmm[2 * i.reg + 1] = c.fpu.xmm[2 * i.rm]);
    }

    private void half(String prefix, String suffix, Feature feature) {
        gated(prefix + " 0F 12 /r", "MOVL" + suffix, "Vo,Mq", feature,
            (c, i) -> c.fpu.xmm[2 * i.reg] = c.read64(i.linear(c, 8, false)));
        gated(prefix + " 0F 13 /r", "MOVL" + suffix, "Mq,Vo", feature,
            (c, i) -> c.write64(i.linear(c, 8, true), c.fpu.xmm[2 * i.reg]));
        gated(prefix + " 0F 16 /r", "MOVH" + suffix, "Vo,Mq", feature,
            (c, i) -> c.fpu.xmm[2 * i.reg + 1] = c.read64(i.linear(c, 8, false)));
        gated(prefix + " 0F 17 /r", "MOVH" + suffix, "Mq,Vo", feature,
            (c, i) -> c.write64(i.linear(c, 8, true), c.fpu.xmm[2 * i.reg + 1]));
    }

    /** Scalars: a load from memory clears the rest of the register, a move between registers keeps it. */
    private void scalarMoves() {
        sseRow("F3 0F 10 /r", "MOVSS", "Vss,Wss", (c, i) -> {
            if (i.isMemory()) {
                SimdAccess.set(c, i.reg, c.read32(i.linear(c, 4, false)) & 0xffff_ffffL, 0);
            } else {
                SimdAccess.setLow32(c, i.reg, (int) c.fpu.xmm[2 * i.rm]);
            }
        });
        sseRow("F3 0F 11 /r", "MOVSS", "Wss,Vss", (c, i) -> {
            if (i.isMemory()) {
                c.write32(i.linear(c, 4, true), (int) c.fpu.xmm[2 * i.reg]);
            } else {
                SimdAccess.setLow32(c, i.rm, (int) c.fpu.xmm[2 * i.reg]);
            }
        });
        sse2Row("F2 0F 10 /r", "MOVSD", "Vsd,Wsd", (c, i) -> {
            if (i.isMemory()) {
                SimdAccess.set(c, i.reg, c.read64(i.linear(c, 8, false)), 0);
            } else {
                c.fpu.xmm[2 * i.reg] = c.fpu.xmm[2 * i.rm];
            }
        });
        sse2Row("F2 0F 11 /r", "MOVSD", "Wsd,Vsd", (c, i) -> {
            if (i.isMemory()) {
                c.write64(i.linear(c, 8, true), c.fpu.xmm[2 * i.reg]);
            } else {
                c.fpu.xmm[2 * i.rm] = c.fpu.xmm[2 * i.reg];
            }
        });
        sse2Row("F3 0F 7E /r", "MOVQ", "Vo,Wq", (c, i) -> SimdAccess.set(c, i.reg, source64(c, i), 0));
        sse2Row("66 0F D6 /r", "MOVQ", "Wq,Vo", (c, i) -> {
            if (i.isMemory()) {
                c.write64(i.linear(c, 8, true), c.fpu.xmm[2 * i.reg]);
            } else {
                SimdAccess.set(c, i.rm, c.fpu.xmm[2 * i.reg], 0);
            }
        });
    }

    /** MOVQ2DQ and MOVDQ2Q need both files. */
    private void betweenFiles() {
        sse2Row("F3 0F D6 /r", "MOVQ2DQ", "Vo,Nq", (c, i) -> {
            SimdAccess.pending(c);
            c.fpu.enterMmx();
            SimdAccess.set(c, i.reg, c.fpu.significand[i.rm & 7], 0);
        });
        sse2Row("F2 0F D6 /r", "MOVDQ2Q", "Pq,Uo", (c, i) -> {
            SimdAccess.pending(c);
            c.fpu.enterMmx();
            c.fpu.setMm(i.reg & 7, c.fpu.xmm[2 * i.rm]);
        });
    }

    private void wordAccess() {
        mmxRow("NP 0F C4 /r ib", "PINSRW", "Pq,Ew,Ib", Feature.SSE, (c, i) -> {
            long word = word(c, i);
            c.fpu.enterMmx();
            int d = i.reg & 7;
            c.fpu.setMm(d, insert(c.fpu.significand[d], word, (int) i.imm & 3));
        });
        sse2Row("66 0F C4 /r ib", "PINSRW", "Vo,Ew,Ib", (c, i) -> {
            long word = word(c, i);
            int n = (int) i.imm & 7;
            int at = 2 * i.reg + (n >> 2);
            c.fpu.xmm[at] = insert(c.fpu.xmm[at], word, n & 3);
        });
        mmxRow("NP 0F C5 /r ib", "PEXTRW", "Gd,Nq,Ib", Feature.SSE, (c, i) -> {
            c.fpu.enterMmx();
            c.gpr[i.reg] = c.fpu.significand[i.rm & 7] >>> 16 * ((int) i.imm & 3) & 0xffff;
        });
        sse2Row("66 0F C5 /r ib", "PEXTRW", "Gd,Uo,Ib", (c, i) -> {
            int n = (int) i.imm & 7;
            c.gpr[i.reg] = c.fpu.xmm[2 * i.rm + (n >> 2)] >>> 16 * (n & 3) & 0xffff;
        });
    }

    private static long word(Cpu c, Insn i) {
        return (i.isMemory() ? c.read16(i.linear(c, 2, false)) : c.gpr[i.rm]) & 0xffff;
    }

    private static long insert(long into, long word, int n) {
        return into & ~(0xffffL << 16 * n) | word << 16 * n;
    }

    private void masks() {
        mmxRow("NP 0F D7 /r", "PMOVMSKB", "Gd,Nq", Feature.SSE, (c, i) -> {
            c.fpu.enterMmx();
            c.gpr[i.reg] = Lanes.signMask(c.fpu.significand[i.rm & 7]) & 0xff;
        });
        sse2Row("66 0F D7 /r", "PMOVMSKB", "Gd,Uo", (c, i) ->
            c.gpr[i.reg] = Lanes.signMask(c.fpu.xmm[2 * i.rm]) & 0xff | (Lanes.signMask(c.fpu.xmm[2 * i.rm + 1]) & 0xff) << 8);
        sseRow("NP 0F 50 /r", "MOVMSKPS", "Gd,Uo", (c, i) ->
            c.gpr[i.reg] = signs32(c.fpu.xmm[2 * i.rm]) | signs32(c.fpu.xmm[2 * i.rm + 1]) << 2);
        sse2Row("66 0F 50 /r", "MOVMSKPD", "Gd,Uo", (c, i) ->
            c.gpr[i.reg] = c.fpu.xmm[2 * i.rm] >>> 63 | c.fpu.xmm[2 * i.rm + 1] >>> 63 << 1);
    }

    private static long signs32(long half) {
        return half >>> 31 & 1 | half >>> 63 << 1;
    }

    private void shuffles() {
        mmxRow("NP 0F 70 /r ib", "PSHUFW", "Pq,Qq,Ib", Feature.SSE, (c, i) -> {
            long v = mmSource(c, i);
            c.fpu.setMm(i.reg & 7, Lanes.shuffleWords(v, (int) i.imm));
        });
        sse2Row("66 0F 70 /r ib", "PSHUFD", "Vo,Wo,Ib", (c, i) -> {
            SseUnit u = source(c, i);
            int order = (int) i.imm;
            long low = element32(u, order & 3) | element32(u, order >> 2 & 3) << 32;
            SimdAccess.set(c, i.reg, low, element32(u, order >> 4 & 3) | element32(u, order >> 6 & 3) << 32);
        });
        sse2Row("F3 0F 70 /r ib", "PSHUFHW", "Vo,Wo,Ib", (c, i) -> {
            SseUnit u = source(c, i);
            SimdAccess.set(c, i.reg, u.sourceLow, Lanes.shuffleWords(u.sourceHigh, (int) i.imm));
        });
        sse2Row("F2 0F 70 /r ib", "PSHUFLW", "Vo,Wo,Ib", (c, i) -> {
            SseUnit u = source(c, i);
            SimdAccess.set(c, i.reg, Lanes.shuffleWords(u.sourceLow, (int) i.imm), u.sourceHigh);
        });
        sseRow("NP 0F C6 /r ib", "SHUFPS", "Vo,Wo,Ib", SimdMoveRows::shuffleSingle);
        sse2Row("66 0F C6 /r ib", "SHUFPD", "Vo,Wo,Ib", (c, i) -> {
            SseUnit u = source(c, i);
            long low = c.fpu.xmm[2 * i.reg + ((int) i.imm & 1)];
            SimdAccess.set(c, i.reg, low, (i.imm & 2) == 0 ? u.sourceLow : u.sourceHigh);
        });
    }

    private static long element32(SseUnit u, int n) {
        return (n < 2 ? u.sourceLow : u.sourceHigh) >>> 32 * (n & 1) & 0xffff_ffffL;
    }

    private static void shuffleSingle(Cpu c, Insn i) {
        SseUnit u = source(c, i);
        int order = (int) i.imm;
        long high = element32(u, order >> 4 & 3) | element32(u, order >> 6 & 3) << 32;
        u.sourceLow = c.fpu.xmm[2 * i.reg];
        u.sourceHigh = c.fpu.xmm[2 * i.reg + 1];
        SimdAccess.set(c, i.reg, element32(u, order & 3) | element32(u, order >> 2 & 3) << 32, high);
    }

    private void unpacks() {
        sseRow("NP 0F 14 /r", "UNPCKLPS", "Vo,Wo", (c, i) -> unpackSingle(c, i, 0));
        sseRow("NP 0F 15 /r", "UNPCKHPS", "Vo,Wo", (c, i) -> unpackSingle(c, i, 1));
        sse2Row("66 0F 14 /r", "UNPCKLPD", "Vo,Wo", (c, i) -> {
            SseUnit u = source(c, i);
            c.fpu.xmm[2 * i.reg + 1] = u.sourceLow;
        });
        sse2Row("66 0F 15 /r", "UNPCKHPD", "Vo,Wo", (c, i) -> {
            SseUnit u = source(c, i);
            SimdAccess.set(c, i.reg, c.fpu.xmm[2 * i.reg + 1], u.sourceHigh);
        });
    }

    private static void unpackSingle(Cpu c, Insn i, int half) {
        SseUnit u = source(c, i);
        long a = c.fpu.xmm[2 * i.reg + half];
        long b = half == 0 ? u.sourceLow : u.sourceHigh;
        SimdAccess.set(c, i.reg, Lanes.interleaveDoubles(a, b), a >>> 32 | b & 0xffff_ffff_0000_0000L);
    }

    private void nonTemporal() {
        sseRow("NP 0F 2B /r", "MOVNTPS", "Mo,Vo", SimdMoveRows::storeAligned);
        sse2Row("66 0F 2B /r", "MOVNTPD", "Mo,Vo", SimdMoveRows::storeAligned);
        sse2Row("66 0F E7 /r", "MOVNTDQ", "Mo,Vo", SimdMoveRows::storeAligned);
        mmxRow("NP 0F E7 /r", "MOVNTQ", "Mq,Pq", Feature.SSE, SimdMoveRows::storeMm);
        table.add("NP 0F C3 /r", "MOVNTI", "Md,Gd", (c, i) -> c.write32(i.linear(c, 4, true), (int) c.gpr[i.reg]))
            .feature(Feature.SSE2);
        table.add("NP REX.W 0F C3 /r", "MOVNTI", "Mq,Gq", (c, i) -> c.write64(i.linear(c, 8, true), c.gpr[i.reg]))
            .feature(Feature.SSE2).only64();
        mmxRow("NP 0F F7 /r", "MASKMOVQ", "Pq,Nq", Feature.SSE, (c, i) -> {
            c.fpu.enterMmx();
            checkMasked(c, i, 0);
            maskedStore(c, i, 0, c.fpu.significand[i.reg & 7], c.fpu.significand[i.rm & 7]);
        });
        sse2Row("66 0F F7 /r", "MASKMOVDQU", "Vo,Uo", (c, i) -> {
            long[] xmm = c.fpu.xmm;
            // Silicon probes the upper half first, which shows in CR2.
            checkMasked(c, i, 8);
            checkMasked(c, i, 0);
            maskedStore(c, i, 0, xmm[2 * i.reg], xmm[2 * i.rm]);
            maskedStore(c, i, 8, xmm[2 * i.reg + 1], xmm[2 * i.rm + 1]);
        });
    }

    private static void storeAligned(Cpu c, Insn i) {
        SimdAccess.store128(c, aligned(c, i, true), i.reg);
    }

    private static long maskedAddress(Cpu c, Insn i, int at, int size) {
        long mask = i.addressSize == 8 ? -1L : i.addressSize == 4 ? 0xffff_ffffL : 0xffff;
        return c.linear(i.seg, c.gpr[Cpu.RDI] + at & mask, size, true);
    }

    /** All eight bytes must be writable, whatever the mask. */
    private static void checkMasked(Cpu c, Insn i, int at) {
        c.mmu.checkWrite(maskedAddress(c, i, at, 8), 8);
    }

    private static void maskedStore(Cpu c, Insn i, int at, long value, long mask) {
        for (int n = 0; n < 8; n++) {
            if ((mask >>> 8 * n & 0x80) != 0) {
                c.write8(maskedAddress(c, i, at + n, 1), (int) (value >>> 8 * n));
            }
        }
    }
}
