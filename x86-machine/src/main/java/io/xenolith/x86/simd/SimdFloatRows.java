package io.xenolith.x86.simd;

import static io.xenolith.x86.simd.SimdAccess.finish;
import static io.xenolith.x86.simd.SimdAccess.source;
import static io.xenolith.x86.simd.SimdAccess.source32;
import static io.xenolith.x86.simd.SimdAccess.source64;
import static io.xenolith.x86.simd.SimdAccess.sse;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.fpu.SseUnit;
import io.xenolith.x86.fpu.X87Compare;

/** Packed and scalar floating-point arithmetic, comparison and logic. */
final class SimdFloatRows {
    private static final long LOW32 = 0xffff_ffffL;

    private final InstructionTable table;

    SimdFloatRows(InstructionTable table) {
        this.table = table;
    }

    /** An operation on two singles. */
    @FunctionalInterface
    interface Single {
        int apply(SseUnit u, int a, int b);
    }

    /** An operation on two doubles. */
    @FunctionalInterface
    interface Double {
        long apply(SseUnit u, long a, long b);
    }

    void register() {
        arithmetic("51", "SQRT", SseUnit::sqrt32, SseUnit::sqrt64);
        arithmetic("58", "ADD", SseUnit::add32, SseUnit::add64);
        arithmetic("59", "MUL", SseUnit::mul32, SseUnit::mul64);
        arithmetic("5C", "SUB", SseUnit::sub32, SseUnit::sub64);
        arithmetic("5D", "MIN", SseUnit::min32, SseUnit::min64);
        arithmetic("5E", "DIV", SseUnit::div32, SseUnit::div64);
        arithmetic("5F", "MAX", SseUnit::max32, SseUnit::max64);
        approximations();
        comparisons();
        orderings();
        logic();
    }

    private void arithmetic(String opcode, String name, Single single, Double dbl) {
        table.add("NP 0F " + opcode + " /r", name + "PS", "Vo,Wo", (c, i) -> packedSingle(c, i, single)).feature(Feature.SSE);
        table.add("F3 0F " + opcode + " /r", name + "SS", "Vss,Wss", (c, i) -> scalarSingle(c, i, single)).feature(Feature.SSE);
        table.add("66 0F " + opcode + " /r", name + "PD", "Vo,Wo", (c, i) -> packedDouble(c, i, dbl)).feature(Feature.SSE2);
        table.add("F2 0F " + opcode + " /r", name + "SD", "Vsd,Wsd", (c, i) -> scalarDouble(c, i, dbl)).feature(Feature.SSE2);
    }

    private static long pair(SseUnit u, Single op, long a, long b) {
        long low = op.apply(u, (int) a, (int) b) & LOW32;
        return low | (long) op.apply(u, (int) (a >>> 32), (int) (b >>> 32)) << 32;
    }

    private static void packedSingle(Cpu c, Insn i, Single op) {
        sse(c);
        SseUnit u = source(c, i);
        long[] xmm = c.fpu.xmm;
        u.begin();
        long low = pair(u, op, xmm[2 * i.reg], u.sourceLow);
        long high = pair(u, op, xmm[2 * i.reg + 1], u.sourceHigh);
        finish(c);
        SimdAccess.set(c, i.reg, low, high);
    }

    private static void packedDouble(Cpu c, Insn i, Double op) {
        sse(c);
        SseUnit u = source(c, i);
        long[] xmm = c.fpu.xmm;
        u.begin();
        long low = op.apply(u, xmm[2 * i.reg], u.sourceLow);
        long high = op.apply(u, xmm[2 * i.reg + 1], u.sourceHigh);
        finish(c);
        SimdAccess.set(c, i.reg, low, high);
    }

    private static void scalarSingle(Cpu c, Insn i, Single op) {
        sse(c);
        int b = source32(c, i);
        SseUnit u = c.fpu.sse;
        u.begin();
        int r = op.apply(u, (int) c.fpu.xmm[2 * i.reg], b);
        finish(c);
        SimdAccess.setLow32(c, i.reg, r);
    }

    private static void scalarDouble(Cpu c, Insn i, Double op) {
        sse(c);
        long b = source64(c, i);
        SseUnit u = c.fpu.sse;
        u.begin();
        long r = op.apply(u, c.fpu.xmm[2 * i.reg], b);
        finish(c);
        c.fpu.xmm[2 * i.reg] = r;
    }

    /** RCPPS and RSQRTPS raise nothing. */
    private void approximations() {
        approximation("52", "RSQRT", (u, a, b) -> Approximations.reciprocalRoot(b));
        approximation("53", "RCP", (u, a, b) -> Approximations.reciprocal(b));
    }

    private void approximation(String opcode, String name, Single op) {
        table.add("NP 0F " + opcode + " /r", name + "PS", "Vo,Wo", (c, i) -> packedSingle(c, i, op)).feature(Feature.SSE);
        table.add("F3 0F " + opcode + " /r", name + "SS", "Vss,Wss", (c, i) -> scalarSingle(c, i, op)).feature(Feature.SSE);
    }

    private void comparisons() {
        table.add("NP 0F C2 /r ib", "CMPPS", "Vo,Wo,Ib", (c, i) -> packedSingle(c, i, single(i))).feature(Feature.SSE);
        table.add("F3 0F C2 /r ib", "CMPSS", "Vss,Wss,Ib", (c, i) -> scalarSingle(c, i, single(i))).feature(Feature.SSE);
        table.add("66 0F C2 /r ib", "CMPPD", "Vo,Wo,Ib", (c, i) -> packedDouble(c, i, dbl(i))).feature(Feature.SSE2);
        table.add("F2 0F C2 /r ib", "CMPSD", "Vsd,Wsd,Ib", (c, i) -> scalarDouble(c, i, dbl(i))).feature(Feature.SSE2);
    }

    private static Single single(Insn i) {
        int predicate = (int) i.imm & 7;
        return (u, a, b) -> u.compare32(predicate, a, b) ? -1 : 0;
    }

    private static Double dbl(Insn i) {
        int predicate = (int) i.imm & 7;
        return (u, a, b) -> u.compare64(predicate, a, b) ? -1 : 0;
    }

    private void orderings() {
        for (int n = 0; n < 2; n++) {
            boolean quiet = n == 0;
            String opcode = quiet ? "0F 2E /r" : "0F 2F /r";
            String name = quiet ? "UCOMIS" : "COMIS";
            table.add("NP " + opcode, name + "S", "Vss,Wss", (c, i) -> orderSingle(c, i, quiet)).feature(Feature.SSE);
            table.add("66 " + opcode, name + "D", "Vsd,Wsd", (c, i) -> orderDouble(c, i, quiet)).feature(Feature.SSE2);
        }
    }

    private static void orderSingle(Cpu c, Insn i, boolean quiet) {
        sse(c);
        int b = source32(c, i);
        c.fpu.sse.begin();
        int order = c.fpu.sse.order32((int) c.fpu.xmm[2 * i.reg], b, quiet);
        finish(c);
        setFlags(c, order);
    }

    private static void orderDouble(Cpu c, Insn i, boolean quiet) {
        sse(c);
        long b = source64(c, i);
        c.fpu.sse.begin();
        int order = c.fpu.sse.order64(c.fpu.xmm[2 * i.reg], b, quiet);
        finish(c);
        setFlags(c, order);
    }

    /** ZF, PF and CF from the order; OF, SF and AF are cleared. */
    private static void setFlags(Cpu c, int order) {
        int bits = switch (order) {
            case X87Compare.LESS -> Eflags.CF;
            case X87Compare.EQUAL -> Eflags.ZF;
            case X87Compare.GREATER -> 0;
            default -> Eflags.ZF | Eflags.PF | Eflags.CF;
        };
        c.setEflags(c.eflags() & ~Eflags.ARITHMETIC | bits);
    }

    private void logic() {
        logic("54", "AND", (u, a, b) -> a & b);
        logic("55", "ANDN", (u, a, b) -> ~a & b);
        logic("56", "OR", (u, a, b) -> a | b);
        logic("57", "XOR", (u, a, b) -> a ^ b);
    }

    private void logic(String opcode, String name, Double op) {
        table.add("NP 0F " + opcode + " /r", name + "PS", "Vo,Wo", (c, i) -> packedDouble(c, i, op)).feature(Feature.SSE);
        table.add("66 0F " + opcode + " /r", name + "PD", "Vo,Wo", (c, i) -> packedDouble(c, i, op)).feature(Feature.SSE2);
    }
}
