package io.xenolith.hv.trap;

import io.xenolith.hv.mm.HypercallPage;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.system.CpuidPolicy;

/** Model-specific registers as a guest sees them: a short list of readable ones, fewer that may be written. */
final class MsrPolicy {
    private static final int TSC = 0x10;
    private static final int PLATFORM_ID = 0x17;
    private static final int APIC_BASE = 0x1b;
    private static final int UCODE_REV = 0x8b;
    private static final int PLATFORM_INFO = 0xce;
    private static final int MISC_FEATURES_ENABLES = 0x140;
    private static final int MCG_CAP = 0x179;
    private static final int MCG_STATUS = 0x17a;
    private static final int PERF_STATUS = 0x198;
    private static final int PERF_CTL = 0x199;
    private static final int MISC_ENABLE = 0x1a0;
    private static final int DEBUGCTL = 0x1d9;
    private static final int PAT = 0x277;
    private static final int PERF_CAPABILITIES = 0x345;
    private static final int EFER = 0xc000_0080;
    private static final int FS_BASE = 0xc000_0100;
    private static final int GS_BASE = 0xc000_0101;
    private static final int KERNEL_GS_BASE = 0xc000_0102;

    /** The page attribute table of the ABI. */
    private static final long PAT_VALUE = 0x0000_0501_0007_0406L;
    private static final long APIC_BASE_VALUE = 0xfee0_0800L;
    private static final long APIC_BSP = 0x100;
    private static final long MISC_ENABLE_VALUE = 1 << 11 | 1 << 12;
    private static final long EFER_64 = 0xd01;
    private static final long EFER_32 = 0x800;

    private final PvVcpu v;
    private final Cpu c;
    private long value;

    MsrPolicy(final PvVcpu vcpu) {
        v = vcpu;
        c = vcpu.cpu();
    }

    /** RDMSR. @return false when #GP(0) is due. */
    boolean read() {
        final int msr = (int)c.gpr[Cpu.RCX];
        if (!known(msr) && v.traps().present(13, v.is64Bit())) {
            return false;
        }
        c.gpr[Cpu.RAX] = value & 0xffff_ffffL;
        c.gpr[Cpu.RDX] = value >>> 32;
        return true;
    }

    /** Finds the value; 0 and false for a register that is not there. */
    private boolean known(final int msr) {
        value = 0;
        switch (msr) {
            case TSC -> value = v.domain().services().tsc();
            case APIC_BASE -> value = APIC_BASE_VALUE | (v.vcpu() == 0 ? APIC_BSP : 0);
            case PAT -> value = PAT_VALUE;
            case MISC_ENABLE -> value = MISC_ENABLE_VALUE;
            case EFER -> value = efer();
            case PLATFORM_ID, UCODE_REV, PLATFORM_INFO, MISC_FEATURES_ENABLES, MCG_CAP, MCG_STATUS, PERF_STATUS,
                PERF_CTL, DEBUGCTL, PERF_CAPABILITIES -> value = 0;
            default -> {
                return v.is64Bit() && knownBase(msr);
            }
        }
        return true;
    }

    private boolean knownBase(final int msr) {
        switch (msr) {
            case FS_BASE -> value = c.seg[Cpu.FS].base();
            case GS_BASE -> value = c.seg[Cpu.GS].base();
            case KERNEL_GS_BASE -> value = c.kernelGsBase;
            default -> {
                return false;
            }
        }
        return true;
    }

    private long efer() {
        return v.is64Bit() ? EFER_64 : EFER_32;
    }

    /** WRMSR. @return false when #GP(0) is due. */
    boolean write() {
        final int msr = (int)c.gpr[Cpu.RCX];
        final long data = c.gpr[Cpu.RDX] << 32 | c.gpr[Cpu.RAX] & 0xffff_ffffL;
        return switch (msr) {
            case EFER -> data == efer();
            case PAT -> data == PAT_VALUE;
            case CpuidPolicy.HYPERCALL_MSR -> fillHypercallPage(data);
            case UCODE_REV, MISC_ENABLE, PERF_CTL, MCG_STATUS -> true;
            case FS_BASE, GS_BASE, KERNEL_GS_BASE -> v.is64Bit() && writeBase(msr, data);
            default -> false;
        };
    }

    private boolean writeBase(final int msr, final long data) {
        if (data << 16 >> 16 != data) {
            return false;
        }
        switch (msr) {
            case FS_BASE -> c.seg[Cpu.FS].setBase(data);
            case GS_BASE -> c.seg[Cpu.GS].setBase(data);
            default -> c.kernelGsBase = data;
        }
        c.segmentsChanged();
        return true;
    }

    /** Bits 0 to 11 select the page of the stub area, of which there is one; the rest is the frame's address. */
    private boolean fillHypercallPage(final long data) {
        return (data & 0xfff) == 0 && HypercallPage.fill(v.space().tables(), data >>> 12, v.is64Bit());
    }
}
