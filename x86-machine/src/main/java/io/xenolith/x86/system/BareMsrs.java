package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/** The model-specific registers of a bare machine. Anything else is #GP(0). */
final class BareMsrs {
    private static final int TSC = 0x10;
    private static final int APIC_BASE = 0x1B;
    private static final int SYSENTER_CS = 0x174;
    private static final int SYSENTER_ESP = 0x175;
    private static final int SYSENTER_EIP = 0x176;
    private static final int PAT = 0x277;
    private static final int EFER = 0xC0000080;
    private static final int STAR = 0xC0000081;
    private static final int LSTAR = 0xC0000082;
    private static final int FMASK = 0xC0000084;
    private static final int FS_BASE = 0xC0000100;
    private static final int GS_BASE = 0xC0000101;
    private static final int KERNEL_GS_BASE = 0xC0000102;
    /** No APIC is enabled; this is the boot processor. */
    private static final long APIC_BASE_VALUE = 0xFEE0_0100L;

    long sysenterCs;
    long sysenterEsp;
    long sysenterEip;
    long star;
    long lstar;
    long fmask;
    private long pat = 0x0007040600070406L;
    private long timeStampOffset;

    long timeStampOffset() {
        return timeStampOffset;
    }

    long read(final Cpu c, final int index) {
        return switch (index) {
            case TSC -> c.env.rdtsc(c);
            case APIC_BASE -> APIC_BASE_VALUE;
            case SYSENTER_CS -> sysenterCs;
            case SYSENTER_ESP -> sysenterEsp;
            case SYSENTER_EIP -> sysenterEip;
            case PAT -> pat;
            case EFER -> c.efer;
            case STAR -> star;
            case LSTAR -> lstar;
            case FMASK -> fmask;
            case FS_BASE -> c.seg[Cpu.FS].base();
            case GS_BASE -> c.seg[Cpu.GS].base();
            case KERNEL_GS_BASE -> c.kernelGsBase;
            default -> throw c.raise(CpuFault.GP, 0);
        };
    }

    void write(final Cpu c, final int index, final long value) {
        switch (index) {
            case TSC -> timeStampOffset = value - System.nanoTime();
            case SYSENTER_CS -> sysenterCs = value & 0xFFFF;
            case SYSENTER_ESP -> sysenterEsp = canonical(c, value);
            case SYSENTER_EIP -> sysenterEip = canonical(c, value);
            case PAT -> pat = value;
            case EFER -> writeEfer(c, value);
            case STAR -> star = value;
            case LSTAR -> lstar = canonical(c, value);
            case FMASK -> fmask = value & 0xFFFF_FFFFL;
            case FS_BASE -> setBase(c, c.seg[Cpu.FS], value);
            case GS_BASE -> setBase(c, c.seg[Cpu.GS], value);
            case KERNEL_GS_BASE -> c.kernelGsBase = canonical(c, value);
            default -> throw c.raise(CpuFault.GP, 0);
        }
    }

    private static void writeEfer(final Cpu c, final long value) {
        final long writable = Cpu.EFER_SCE | Cpu.EFER_LME | Cpu.EFER_NXE;
        final boolean changesMode = ((value ^ c.efer) & Cpu.EFER_LME) != 0 && (c.cr0 & Cpu.CR0_PG) != 0;
        if ((value & ~(writable | Cpu.EFER_LMA)) != 0 || changesMode) {
            throw c.raise(CpuFault.GP, 0);
        }
        ControlRegisters.install(c, c.cr0, c.cr4, value & writable | c.efer & Cpu.EFER_LMA);
    }

    private static void setBase(final Cpu c, final Segment s, final long value) {
        s.setBase(canonical(c, value));
        c.segmentsChanged();
    }

    private static long canonical(final Cpu c, final long value) {
        if (value << 16 >> 16 != value) {
            throw c.raise(CpuFault.GP, 0);
        }
        return value;
    }
}
