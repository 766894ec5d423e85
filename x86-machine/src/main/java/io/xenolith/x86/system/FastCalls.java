package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Segment;

/** SYSENTER, SYSEXIT, SYSCALL and SYSRET of a bare machine. Calls set {@code c.ip}, returns {@code c.nextIp()}. */
final class FastCalls {
    private static final long MAX32 = 0xFFFF_FFFFL;
    private static final int CODE32 = 0xC09B;
    private static final int CODE64 = 0xA09B;
    private static final int DATA = 0xC093;

    private FastCalls() {
    }

    static void sysenter(final Cpu c, final BareMsrs msrs) {
        if ((msrs.sysenterCs & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        final boolean wide = (c.efer & Cpu.EFER_LMA) != 0;
        c.setEflags(c.eflags() & ~(Eflags.VM | Eflags.IF | Eflags.RF));
        flat(c, (int) msrs.sysenterCs & 0xFFFC, (int) msrs.sysenterCs + 8 & 0xFFFC, wide, 0);
        c.gpr[Cpu.RSP] = wide ? msrs.sysenterEsp : msrs.sysenterEsp & MAX32;
        c.ip = wide ? msrs.sysenterEip : msrs.sysenterEip & MAX32;
    }

    static void sysexit(final Cpu c, final BareMsrs msrs, final int size) {
        if ((msrs.sysenterCs & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        final boolean wide = size == 8;
        final long target = wide ? c.gpr[Cpu.RDX] : c.gpr[Cpu.RDX] & MAX32;
        final long sp = wide ? c.gpr[Cpu.RCX] : c.gpr[Cpu.RCX] & MAX32;
        final int code = (int) msrs.sysenterCs + (wide ? 32 : 16);
        flat(c, code | 3, code + 8 | 3, wide, 3);
        c.gpr[Cpu.RSP] = sp;
        c.setNextIp(target);
    }

    static void syscall(final Cpu c, final BareMsrs msrs) {
        final int code = (int) (msrs.star >>> 32) & 0xFFFC;
        c.gpr[Cpu.RCX] = c.nextIp();
        c.gpr[Cpu.R11] = c.eflags() & ~Eflags.RF;
        c.setEflags(c.eflags() & ~((int) msrs.fmask | Eflags.RF));
        flat(c, code, code + 8, true, 0);
        c.ip = msrs.lstar;
    }

    static void sysret(final Cpu c, final BareMsrs msrs, final int size) {
        final boolean wide = size == 8;
        final int base = (int) (msrs.star >>> 48);
        final long target = wide ? c.gpr[Cpu.RCX] : c.gpr[Cpu.RCX] & MAX32;
        if ((c.efer & Cpu.EFER_SCE) == 0) {
            throw c.raise(CpuFault.UD);
        }
        if (target << 16 >> 16 != target) {
            throw c.raise(CpuFault.GP, 0);
        }
        c.setEflags((int) c.gpr[Cpu.R11] & ~(Eflags.RF | Eflags.VM));
        flat(c, (wide ? base + 16 : base) | 3, base + 8 | 3, wide, 3);
        c.setNextIp(target);
    }

    /** Loads CS and SS with the fixed descriptors that these instructions assume. */
    private static void flat(final Cpu c, final int code, final int stack, final boolean wide, final int cpl) {
        final int level = cpl << Segment.DPL_SHIFT;
        c.seg[Cpu.CS].set(code, 0, MAX32, (wide ? CODE64 : CODE32) | level);
        c.seg[Cpu.SS].set(stack, 0, MAX32, DATA | level);
        c.setCpl(cpl);
        c.segmentsChanged();
    }
}
