package io.xenolith.x86.simd;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.fpu.FpuState;
import io.xenolith.x86.fpu.SseUnit;

/** Availability checks and operand access of MMX and SSE instructions. */
final class SimdAccess {
    private SimdAccess() {
    }

    /** #UD or #NM when SSE is not available. */
    static void sse(Cpu c) {
        if ((c.cr0 & Cpu.CR0_EM) != 0 || (c.cr4 & Cpu.CR4_OSFXSR) == 0) {
            throw c.raise(CpuFault.UD);
        }
        if ((c.cr0 & Cpu.CR0_TS) != 0) {
            throw c.raise(CpuFault.NM);
        }
    }

    /** #UD, #NM or a pending #MF when MMX is not available. */
    static void mmx(Cpu c) {
        if ((c.cr0 & Cpu.CR0_EM) != 0) {
            throw c.raise(CpuFault.UD);
        }
        if ((c.cr0 & Cpu.CR0_TS) != 0) {
            throw c.raise(CpuFault.NM);
        }
        pending(c);
    }

    /** #MF for an x87 exception that waits. */
    static void pending(Cpu c) {
        if (c.fpu.pending() && (c.cr0 & Cpu.CR0_NE) != 0) {
            throw c.raise(CpuFault.MF);
        }
    }

    /** MMX register or 64-bit memory; then the MMX state is entered, since nothing can fault any more. */
    static long mmSource(Cpu c, Insn i) {
        long v = i.isMemory() ? c.read64(i.linear(c, 8, false)) : c.fpu.significand[i.rm & 7];
        c.fpu.enterMmx();
        return v;
    }

    /** MMX register or 32-bit memory, for the low unpack forms. */
    static long mmSource32(Cpu c, Insn i) {
        long v = i.isMemory() ? c.read32(i.linear(c, 4, false)) & 0xffff_ffffL : c.fpu.significand[i.rm & 7];
        c.fpu.enterMmx();
        return v;
    }

    /** Linear address of a 16-byte operand that must be aligned; on silicon that is checked before the segment is. */
    static long aligned(Cpu c, Insn i, boolean write) {
        if ((base(c, i) + i.ea(c) & 15) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        return i.linear(c, 16, write);
    }

    /** Base of the memory operand's segment. */
    static long base(Cpu c, Insn i) {
        return c.long64 && i.seg < Cpu.FS ? 0 : c.seg[i.seg].base();
    }

    /** Fetches an XMM register or aligned 128-bit memory into the unit's source halves. */
    static SseUnit source(Cpu c, Insn i) {
        SseUnit u = c.fpu.sse;
        if (i.isMemory()) {
            long at = aligned(c, i, false);
            u.sourceLow = c.read64(at);
            u.sourceHigh = c.read64(at + 8);
        } else {
            u.sourceLow = c.fpu.xmm[2 * i.rm];
            u.sourceHigh = c.fpu.xmm[2 * i.rm + 1];
        }
        return u;
    }

    /** Low half of an XMM register, or 64 bits of memory. */
    static long source64(Cpu c, Insn i) {
        return i.isMemory() ? c.read64(i.linear(c, 8, false)) : c.fpu.xmm[2 * i.rm];
    }

    /** Low quarter of an XMM register, or 32 bits of memory. */
    static int source32(Cpu c, Insn i) {
        return i.isMemory() ? c.read32(i.linear(c, 4, false)) : (int) c.fpu.xmm[2 * i.rm];
    }

    /** Writes both halves of the destination XMM register. */
    static void set(Cpu c, int register, long low, long high) {
        long[] xmm = c.fpu.xmm;
        xmm[2 * register] = low;
        xmm[2 * register + 1] = high;
    }

    /** Replaces the low 32 bits of an XMM register. */
    static void setLow32(Cpu c, int register, int bits) {
        long[] xmm = c.fpu.xmm;
        xmm[2 * register] = xmm[2 * register] & 0xffff_ffff_0000_0000L | bits & 0xffff_ffffL;
    }

    /** Stores 128 bits at an address that was checked for its segment. */
    static void store128(Cpu c, long at, int register) {
        FpuState fpu = c.fpu;
        c.mmu.checkWrite(at, 16);
        c.write64(at, fpu.xmm[2 * register]);
        c.write64(at + 8, fpu.xmm[2 * register + 1]);
    }

    /** Ends a floating-point instruction: #XM, or #UD where the system does not want #XM, for an unmasked exception. */
    static void finish(Cpu c) {
        if (!c.fpu.sse.commit()) {
            throw c.raise((c.cr4 & Cpu.CR4_OSXMMEXCPT) != 0 ? CpuFault.XM : CpuFault.UD);
        }
    }

    /** Writes a 32-bit or, for operand size 8, a 64-bit general register. */
    static void setGpr(Cpu c, int register, long value, boolean wide) {
        c.gpr[register] = wide ? value : value & 0xffff_ffffL;
    }
}
