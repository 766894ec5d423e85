package io.xenolith.x86.simd;

import static io.xenolith.x86.simd.SimdAccess.finish;
import static io.xenolith.x86.simd.SimdAccess.source;
import static io.xenolith.x86.simd.SimdAccess.source32;
import static io.xenolith.x86.simd.SimdAccess.source64;
import static io.xenolith.x86.simd.SimdAccess.sse;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.fpu.SseUnit;

/** Conversions between integers, singles and doubles. */
final class SimdConvertRows {
    private static final long LOW32 = 0xffff_ffffL;

    private final InstructionTable table;

    SimdConvertRows(InstructionTable table) {
        this.table = table;
    }

    private void row(String encoding, String name, String operands, Feature feature, Exec body) {
        table.add(encoding, name, operands, (c, i) -> {
            sse(c);
            body.exec(c, i);
        }).feature(feature);
    }

    void register() {
        betweenFloats();
        fromGeneral("", "Ed", 4);
        fromGeneral("REX.W ", "Eq", 8);
        for (int n = 0; n < 2; n++) {
            toGeneral("", "Gd", 32, n == 0);
            toGeneral("REX.W ", "Gq", 64, n == 0);
        }
        packedIntegers();
        mmxIntegers();
    }

    private void betweenFloats() {
        row("NP 0F 5A /r", "CVTPS2PD", "Vo,Wq", Feature.SSE2, (c, i) -> {
            long v = source64(c, i);
            SseUnit u = begin(c);
            long low = u.widen((int) v);
            long high = u.widen((int) (v >>> 32));
            finish(c);
            SimdAccess.set(c, i.reg, low, high);
        });
        row("66 0F 5A /r", "CVTPD2PS", "Vo,Wo", Feature.SSE2, (c, i) -> {
            SseUnit u = source(c, i);
            u.begin();
            long r = u.narrow(u.sourceLow) & LOW32 | (long) u.narrow(u.sourceHigh) << 32;
            finish(c);
            SimdAccess.set(c, i.reg, r, 0);
        });
        row("F3 0F 5A /r", "CVTSS2SD", "Vsd,Wss", Feature.SSE2, (c, i) -> {
            int v = source32(c, i);
            long r = begin(c).widen(v);
            finish(c);
            c.fpu.xmm[2 * i.reg] = r;
        });
        row("F2 0F 5A /r", "CVTSD2SS", "Vss,Wsd", Feature.SSE2, (c, i) -> {
            long v = source64(c, i);
            int r = begin(c).narrow(v);
            finish(c);
            SimdAccess.setLow32(c, i.reg, r);
        });
    }

    private static SseUnit begin(Cpu c) {
        SseUnit u = c.fpu.sse;
        u.begin();
        return u;
    }

    private static long general(Cpu c, Insn i, int size) {
        long v = i.isMemory() ? c.read(i.linear(c, size, false), size) : c.gpr[i.rm];
        return size == 4 ? (int) v : v;
    }

    private void fromGeneral(String rex, String operand, int size) {
        row("F3 " + rex + "0F 2A /r", "CVTSI2SS", "Vss," + operand, Feature.SSE, (c, i) -> {
            long v = general(c, i, size);
            int r = begin(c).fromLong32(v);
            finish(c);
            SimdAccess.setLow32(c, i.reg, r);
        });
        row("F2 " + rex + "0F 2A /r", "CVTSI2SD", "Vsd," + operand, Feature.SSE2, (c, i) -> {
            long v = general(c, i, size);
            long r = begin(c).fromLong64(v);
            finish(c);
            c.fpu.xmm[2 * i.reg] = r;
        });
    }

    private void toGeneral(String rex, String operand, int width, boolean truncate) {
        String opcode = rex + (truncate ? "0F 2C /r" : "0F 2D /r");
        String name = truncate ? "CVTTS" : "CVTS";
        row("F3 " + opcode, name + "S2SI", operand + ",Wss", Feature.SSE, (c, i) -> {
            int v = source32(c, i);
            long r = begin(c).toInteger32(v, width, truncate);
            finish(c);
            SimdAccess.setGpr(c, i.reg, r, width == 64);
        });
        row("F2 " + opcode, name + "D2SI", operand + ",Wsd", Feature.SSE2, (c, i) -> {
            long v = source64(c, i);
            long r = begin(c).toInteger64(v, width, truncate);
            finish(c);
            SimdAccess.setGpr(c, i.reg, r, width == 64);
        });
    }

    private static long singlesToIntegers(SseUnit u, long pair, boolean truncate) {
        long low = u.toInteger32((int) pair, 32, truncate) & LOW32;
        return low | u.toInteger32((int) (pair >>> 32), 32, truncate) << 32;
    }

    private static long doublesToIntegers(SseUnit u, boolean truncate) {
        long low = u.toInteger64(u.sourceLow, 32, truncate) & LOW32;
        return low | u.toInteger64(u.sourceHigh, 32, truncate) << 32;
    }

    private static long integersToSingles(SseUnit u, long pair) {
        long low = u.fromLong32((int) pair) & LOW32;
        return low | (long) u.fromLong32((int) (pair >>> 32)) << 32;
    }

    private void packedIntegers() {
        row("NP 0F 5B /r", "CVTDQ2PS", "Vo,Wo", Feature.SSE2, (c, i) -> {
            SseUnit u = source(c, i);
            u.begin();
            long low = integersToSingles(u, u.sourceLow);
            long high = integersToSingles(u, u.sourceHigh);
            finish(c);
            SimdAccess.set(c, i.reg, low, high);
        });
        singleToPacked("66 0F 5B /r", "CVTPS2DQ", false);
        singleToPacked("F3 0F 5B /r", "CVTTPS2DQ", true);
        doubleToPacked("F2 0F E6 /r", "CVTPD2DQ", false);
        doubleToPacked("66 0F E6 /r", "CVTTPD2DQ", true);
        row("F3 0F E6 /r", "CVTDQ2PD", "Vo,Wq", Feature.SSE2, (c, i) -> {
            long v = source64(c, i);
            SseUnit u = begin(c);
            SimdAccess.set(c, i.reg, u.fromLong64((int) v), u.fromLong64((int) (v >>> 32)));
        });
    }

    private void singleToPacked(String encoding, String name, boolean truncate) {
        row(encoding, name, "Vo,Wo", Feature.SSE2, (c, i) -> {
            SseUnit u = source(c, i);
            u.begin();
            long low = singlesToIntegers(u, u.sourceLow, truncate);
            long high = singlesToIntegers(u, u.sourceHigh, truncate);
            finish(c);
            SimdAccess.set(c, i.reg, low, high);
        });
    }

    private void doubleToPacked(String encoding, String name, boolean truncate) {
        row(encoding, name, "Vo,Wo", Feature.SSE2, (c, i) -> {
            SseUnit u = source(c, i);
            u.begin();
            long r = doublesToIntegers(u, truncate);
            finish(c);
            SimdAccess.set(c, i.reg, r, 0);
        });
    }

    /** Conversions from and to MMX registers wait for x87 exceptions and enter the MMX state, even when they then fault with #XM. */
    private void mmxIntegers() {
        row("NP 0F 2A /r", "CVTPI2PS", "Vo,Qq", Feature.SSE, (c, i) -> {
            long v = integers(c, i);
            long r = integersToSingles(begin(c), v);
            finish(c);
            c.fpu.xmm[2 * i.reg] = r;
        });
        row("66 0F 2A /r", "CVTPI2PD", "Vo,Qq", Feature.SSE2, (c, i) -> {
            long v = integers(c, i);
            SseUnit u = begin(c);
            SimdAccess.set(c, i.reg, u.fromLong64((int) v), u.fromLong64((int) (v >>> 32)));
        });
        for (int n = 0; n < 2; n++) {
            boolean truncate = n == 0;
            String opcode = truncate ? "0F 2C /r" : "0F 2D /r";
            String name = truncate ? "CVTTP" : "CVTP";
            row("NP " + opcode, name + "S2PI", "Pq,Wq", Feature.SSE, (c, i) -> {
                SimdAccess.pending(c);
                long v = source64(c, i);
                c.fpu.enterMmx();
                toMmx(c, i, singlesToIntegers(begin(c), v, truncate));
            });
            row("66 " + opcode, name + "D2PI", "Pq,Wo", Feature.SSE2, (c, i) -> {
                SimdAccess.pending(c);
                SseUnit u = source(c, i);
                c.fpu.enterMmx();
                u.begin();
                toMmx(c, i, doublesToIntegers(u, truncate));
            });
        }
    }

    private static long integers(Cpu c, Insn i) {
        if (i.isMemory()) {
            return c.read64(i.linear(c, 8, false));
        }
        SimdAccess.pending(c);
        c.fpu.enterMmx();
        return c.fpu.significand[i.rm & 7];
    }

    private static void toMmx(Cpu c, Insn i, long value) {
        finish(c);
        c.fpu.setMm(i.reg & 7, value);
    }
}
