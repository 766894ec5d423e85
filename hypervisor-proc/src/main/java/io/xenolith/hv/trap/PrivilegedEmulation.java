package io.xenolith.hv.trap;

import io.xenolith.hv.mm.AddressSpace;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.PrivilegedOp;

/**
 * Privileged instructions of a guest kernel: those that have a meaning for a paravirtual guest are carried out on its
 * virtual state, the others fault as they would without us.
 */
public final class PrivilegedEmulation {
    /** CR4 bits that a guest reads at least: PAE, MCE, OSFXSR, OSXMMEXCPT. */
    private static final long CR4_FIXED = Cpu.CR4_PAE | 1 << 6 | Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT;
    /** CR4 bits that a guest may change; the rest of a value it writes is dropped. */
    private static final long CR4_SETTABLE = Cpu.CR4_TSD | Cpu.CR4_DE;

    private final PvVcpu v;
    private final Cpu c;
    private final PortIo ports;
    private final MsrPolicy msrs;
    private final DebugState debug;

    /** @param vcpu whose instructions these are. @param debug its debug registers. */
    public PrivilegedEmulation(final PvVcpu vcpu, final DebugState debug) {
        v = vcpu;
        c = vcpu.cpu();
        ports = new PortIo(vcpu);
        msrs = new MsrPolicy(vcpu);
        this.debug = debug;
    }

    /**
     * Carries out an instruction.
     *
     * @param op what it wants.
     * @param a  as {@link PrivilegedOp} says.
     * @param b  as {@link PrivilegedOp} says.
     * @return false when the guest gets #GP(0).
     */
    public boolean emulate(final PrivilegedOp op, final long a, final long b) {
        switch (op) {
            case IN, OUT, INS, OUTS:
                return ports.access(op, (int)a, (int)b);
            case CLI, STI:
                return v.ioplAllows(); // the event mask is not the interrupt flag
            default:
                return v.inKernel() && emulateKernel(op, a, b);
        }
    }

    private boolean emulateKernel(final PrivilegedOp op, final long a, final long b) {
        switch (op) {
            case MOV_FROM_CR:
                return readControl((int)a, (int)b);
            case MOV_TO_CR:
                return writeControl((int)a, b);
            case MOV_FROM_DR:
                c.gpr[(int)b] = debug.get((int)a);
                return true;
            case MOV_TO_DR:
                return debug.set((int)a, b) == 0;
            case RDMSR:
                return msrs.read();
            case WRMSR:
                return msrs.write();
            case CLTS:
                v.setTaskSwitched(false);
                return true;
            case RDTSC:
                return readTsc();
            case WBINVD, INVD:
                return true; // nothing is cached that others could not see
            default:
                return false;
        }
    }

    private boolean readTsc() {
        final long tsc = v.domain().services().tsc();
        c.gpr[Cpu.RAX] = tsc & 0xffff_ffffL;
        c.gpr[Cpu.RDX] = tsc >>> 32;
        return true;
    }

    private boolean readControl(final int number, final int register) {
        final long value;
        switch (number) {
            case 0 -> value = c.cr0;
            case 2 -> value = v.info().cr2();
            case 3 -> value = foldRoot(v.space().kernelRoot());
            case 4 -> value = CR4_FIXED | v.cr4();
            default -> {
                return false;
            }
        }
        c.setRegister(register, v.is64Bit() ? 8 : 4, value);
        return true;
    }

    private boolean writeControl(final int number, final long value) {
        switch (number) {
            case 0 -> {
                if (((value ^ c.cr0) & ~Cpu.CR0_TS) != 0) {
                    return false;
                }
                v.setTaskSwitched((value & Cpu.CR0_TS) != 0);
                return true;
            }
            case 2 -> {
                v.info().setCr2(value);
                return true;
            }
            case 3 -> {
                return setRoot(v.space(), unfoldRoot(value));
            }
            case 4 -> {
                v.setCr4(value & CR4_SETTABLE);
                return true;
            }
            default -> {
                return false;
            }
        }
    }

    private static boolean setRoot(final AddressSpace space, final long mfn) {
        return space.setKernelRoot(mfn) == 0;
    }

    /** A 32-bit CR3 holds frame numbers above 2^20 in its low twelve bits ("extended cr3" of the ABI). */
    private long foldRoot(final long mfn) {
        return v.is64Bit() ? mfn << 12 : (mfn << 12 | mfn >>> 20) & 0xffff_ffffL;
    }

    private long unfoldRoot(final long cr3) {
        return v.is64Bit() ? cr3 >>> 12 : (cr3 & 0xffff_ffffL) >>> 12 | (cr3 & 0xfff) << 20;
    }
}
