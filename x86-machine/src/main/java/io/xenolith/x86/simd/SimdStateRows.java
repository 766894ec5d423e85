package io.xenolith.x86.simd;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.fpu.FpuState;

/**
 * MXCSR, FXSAVE and FXRSTOR, prefetches and fences.
 *
 * <p>The FXSAVE image:
 * <pre>
 *    0     2     4     5     6     8                 16                24      28       32
 *    +-----+-----+-----+-----+-----+-----------------+-----------------+-------+--------+---------------------------+
 *    | FCW | FSW | FTW |  0  | FOP | FIP (32 + FCS,  | FDP (32 + FDS,  | MXCSR |MX_MASK | ST(0)-ST(7), 16 bytes each|
 *    |     |     |8 bit|     |     | or 64 bits)     | or 64 bits)     |       |        | XMM from 160 on           |
 *    +-----+-----+-----+-----+-----+-----------------+-----------------+-------+--------+---------------------------+
 * </pre>
 * The 64-bit pointers are the REX.W form's; FCS and FDS are stored as zero.
 */
final class SimdStateRows {
    private static final int SIZE = 512;
    private static final int FIRST_FIELD = 4;
    private static final int REGISTERS = 32;
    private static final int XMM = 160;

    private SimdStateRows() {
    }

    static void register(InstructionTable table) {
        table.add("NP 0F AE /0", "FXSAVE", "M", SimdStateRows::save).feature(Feature.FXSR);
        table.add("NP REX.W 0F AE /0", "FXSAVE64", "M", SimdStateRows::save).feature(Feature.FXSR).only64();
        table.add("NP 0F AE /1", "FXRSTOR", "M", SimdStateRows::restore).feature(Feature.FXSR);
        table.add("NP REX.W 0F AE /1", "FXRSTOR64", "M", SimdStateRows::restore).feature(Feature.FXSR).only64();
        table.add("NP 0F AE /2", "LDMXCSR", "Md", SimdStateRows::loadMxcsr).feature(Feature.SSE);
        table.add("NP 0F AE /3", "STMXCSR", "Md", (c, i) -> {
            SimdAccess.sse(c);
            c.write32(i.linear(c, 4, true), c.fpu.mxcsr);
        }).feature(Feature.SSE);
        table.add("NP 0F AE /7", "CLFLUSH", "Mb", (c, i) -> c.read8(i.linear(c, 1, false))).feature(Feature.CLFLUSH);
        fences(table);
        for (int hint = 0; hint < 4; hint++) {
            table.add("0F 18 /" + hint, hint == 0 ? "PREFETCHNTA" : "PREFETCHT" + (hint - 1), "Mb", (c, i) -> { })
                .feature(Feature.SSE);
        }
    }

    /** Silicon ignores the rm field. Guest accesses are ordered already, but a fence also drains the store buffer. */
    private static void fences(InstructionTable table) {
        for (int rm = 0; rm < 8; rm++) {
            table.add(fence(0xe8 + rm), "LFENCE", "", (c, i) -> { }).feature(Feature.SSE2);
            table.add(fence(0xf0 + rm), "MFENCE", "", (c, i) -> io.xenolith.shm.Raw.fullFence()).feature(Feature.SSE2);
            table.add(fence(0xf8 + rm), "SFENCE", "", (c, i) -> { }).feature(Feature.SSE);
        }
    }

    private static String fence(int modRm) {
        return "NP 0F AE " + Integer.toHexString(modRm).toUpperCase();
    }

    private static void loadMxcsr(Cpu c, Insn i) {
        SimdAccess.sse(c);
        setMxcsr(c, c.read32(i.linear(c, 4, false)));
    }

    private static void setMxcsr(Cpu c, int value) {
        if ((value & ~FpuState.MXCSR_MASK) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        c.fpu.mxcsr = value;
    }

    private static long area(Cpu c, Insn i, boolean write) {
        if ((c.cr0 & (Cpu.CR0_EM | Cpu.CR0_TS)) != 0) {
            throw c.raise(CpuFault.NM);
        }
        // In silicon's order: limit of the first field and #AC as of a load, alignment, the last byte, the rest.
        if ((i.linear(c, FIRST_FIELD, false) & 15) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long last = c.linear(i.seg, i.ea(c) + SIZE - 1 & i.addressMask, 1, write);
        probe(c, last, 1, write);
        long at = i.linear(c, SIZE, write);
        probe(c, at, SIZE, write);
        return at;
    }

    private static void probe(Cpu c, long at, int size, boolean write) {
        if (write) {
            c.mmu.checkWrite(at, size);
        } else {
            c.mmu.checkRead(at, size);
        }
    }

    private static boolean pointers64(Insn i) {
        return i.mode64 && (i.rex & 8) != 0;
    }

    private static void save(Cpu c, Insn i) {
        long at = area(c, i, true);
        FpuState fpu = c.fpu;
        c.write64(at, fpu.control | (long) fpu.statusWord() << 16 | (long) fpu.abridgedTags() << 32 | (long) fpu.lastOpcode << 48);
        boolean wide = pointers64(i);
        c.write64(at + 8, wide ? fpu.lastIp : fpu.lastIp & 0xffff_ffffL);
        c.write64(at + 16, wide ? fpu.lastDp : fpu.lastDp & 0xffff_ffffL);
        c.write32(at + 24, fpu.mxcsr);
        c.write32(at + 28, FpuState.MXCSR_MASK);
        for (int r = 0; r < 8; r++) {
            int p = fpu.physical(r);
            c.write64(at + REGISTERS + 16 * r, fpu.significand[p]);
            c.write64(at + REGISTERS + 16 * r + 8, fpu.signExponent[p]);
        }
        for (int n = 0; n < 2 * xmmCount(i); n++) {
            c.write64(at + XMM + 8 * n, fpu.xmm[n]);
        }
    }

    private static int xmmCount(Insn i) {
        return i.mode64 ? 16 : 8;
    }

    private static void restore(Cpu c, Insn i) {
        long at = area(c, i, false);
        setMxcsr(c, c.read32(at + 24));
        FpuState fpu = c.fpu;
        long head = c.read64(at);
        fpu.setControl((int) head & 0xffff);
        fpu.setStatusWord((int) (head >>> 16) & 0xffff);
        fpu.setAbridgedTags((int) (head >>> 32) & 0xff);
        fpu.lastOpcode = (int) (head >>> 48) & 0x7ff;
        boolean wide = pointers64(i);
        // The instruction pointer is kept as a canonical address (57 bits), the data pointer as it is.
        fpu.lastIp = wide ? c.read64(at + 8) << 7 >> 7 : c.read32(at + 8) & 0xffff_ffffL;
        fpu.lastDp = wide ? c.read64(at + 16) : c.read32(at + 16) & 0xffff_ffffL;
        for (int r = 0; r < 8; r++) {
            int p = fpu.physical(r);
            fpu.significand[p] = c.read64(at + REGISTERS + 16 * r);
            fpu.signExponent[p] = c.read16(at + REGISTERS + 16 * r + 8) & 0xffff;
        }
        for (int n = 0; n < 2 * xmmCount(i); n++) {
            fpu.xmm[n] = c.read64(at + XMM + 8 * n);
        }
    }
}
