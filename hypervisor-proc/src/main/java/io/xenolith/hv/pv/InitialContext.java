package io.xenolith.hv.pv;

import io.xenolith.hv.trap.FlatDescriptors;
import io.xenolith.hv.trap.SegmentChange;
import io.xenolith.hv.trap.TrapTable;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.TrapInfo;
import io.xenolith.shm.abi.UserRegs32;
import io.xenolith.shm.abi.UserRegs64;
import io.xenolith.shm.abi.VcpuGuestContext;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.system.SegmentLoader;

/**
 * Gives a vCPU the state of the {@code vcpu_guest_context} in its record: the builder's for the first vCPU, the guest's own
 * for those that it brings up. What needs frames (root tables, GDT) is validated by {@link #acquire}; {@link #apply} loads
 * the rest and cannot fail, because what is malformed is made harmless.
 */
public final class InitialContext {
    private static final int FLAGS_SETTABLE = Eflags.ARITHMETIC | Eflags.DF | Eflags.TF | Eflags.AC | Eflags.ID;
    private static final int FXSAVE_MXCSR = 24;
    private static final int FXSAVE_ST = 32;
    private static final int FXSAVE_XMM = 160;
    private static final int MXCSR_VALID = 0xffbf;

    private final PvVcpu v;
    private final Cpu c;
    private final VcpuGuestContext layout;
    private final long base;
    private final boolean wide;

    /** @param vcpu whose record holds the context. */
    public InitialContext(final PvVcpu vcpu) {
        v = vcpu;
        c = vcpu.cpu();
        wide = vcpu.is64Bit();
        layout = VcpuGuestContext.of(wide ? 64 : 32);
        base = vcpu.record() + VcpuRecord.CONTEXT;
    }

    private long word(final int offset) {
        return wide ? Raw.getLong(base + offset) : Raw.getInt(base + offset) & 0xffff_ffffL;
    }

    private long word(final int offset, final int index) {
        return word(offset + index * (wide ? 8 : 4));
    }

    // ---- references

    /**
     * Takes the references that the context needs: root tables and GDT frames.
     *
     * @return 0, or a negative errno with nothing held.
     */
    public int acquire() {
        final long entries = word(layout.gdtEnts);
        if (entries > io.xenolith.hv.mm.AddressSpace.MAX_GDT_ENTRIES) {
            return -io.xenolith.hv.hypercall.Errno.EINVAL;
        }
        for (int i = 0; i * 512L < entries; i++) {
            v.space().proposeGdtFrame(i, word(layout.gdtFrames, i));
        }
        int result = v.space().setGdt((int)entries);
        if (result == 0) {
            result = v.space().setKernelRoot(unfold(word(layout.ctrlreg, 3)));
        }
        if (result == 0 && wide && word(layout.ctrlreg, 1) != 0) {
            result = v.space().setUserRoot(unfold(word(layout.ctrlreg, 1) & ~1L));
        }
        if (result != 0) {
            v.space().release();
        }
        return result;
    }

    /**
     * As {@link #acquire} for the first vCPU of a domain: also pins the table that the builder has named in the vCPU's
     * record, as a guest would.
     *
     * @return 0, or a negative errno with nothing held.
     */
    public int acquireFirst() {
        final long table = v.space().kernelRoot();
        v.space().forgetRoot();
        if (table != 0) {
            final int result = v.space().tables().pin(table, v.space().tables().mode().rootType());
            if (result != 0) {
                return result;
            }
        }
        return acquire();
    }

    private long unfold(final long cr3) {
        return wide ? cr3 >>> 12 : cr3 >>> 12 | (cr3 & 0xfff) << 20;
    }

    // ---- state

    /** Loads registers, entry points and the FPU. The calling thread runs the vCPU. */
    public void apply() {
        traps();
        entryPoints();
        v.space().setLdt(word(layout.ldtBase) & ~0xfffL, Math.min(word(layout.ldtEnts), 8192));
        if (v.vcpu() == 0) {
            KillPoint.hit(KillPoint.DOMAIN_BEFORE_SETTING);
            Raw.getAndOrLong(v.domain().record() + DomainRecord.VM_ASSIST, word(layout.vmAssist));
        }
        fpu();
        if (wide) {
            registers64();
        }
        else {
            registers32();
        }
        v.setTaskSwitched((word(layout.ctrlreg, 0) & Cpu.CR0_TS) != 0);
        c.debugRegistersChanged();
    }

    private int lift(final long selector) {
        final int ring = wide ? 3 : 1;
        return (selector & 3) >= ring ? (int)selector & 0xffff : (int)selector & 0xfffc | ring;
    }

    private void traps() {
        final TrapInfo info = TrapInfo.of(wide ? io.xenolith.shm.abi.Abi.X64 : io.xenolith.shm.abi.Abi.X32);
        for (int i = 0; i < TrapTable.VECTORS; i++) {
            final long entry = base + layout.trapCtxt + (long)i * info.length;
            final int head = Raw.getInt(entry);
            final long address = wide ? Raw.getLong(entry + 8) : Raw.getInt(entry + 4) & 0xffff_ffffL;
            if (address != 0 && canonical(address)) {
                v.traps().set(i, head >>> 8 & 0xff, lift(head >>> 16), address);
            }
        }
    }

    private boolean canonical(final long address) {
        return !wide || address << 16 >> 16 == address;
    }

    private void entryPoints() {
        final long flags = word(layout.flags);
        final boolean failsafeMasks = (flags & VcpuGuestContext.VGCF_FAILSAFE_DISABLES_EVENTS) != 0;
        final boolean syscallMasks = (flags & VcpuGuestContext.VGCF_SYSCALL_DISABLES_EVENTS) != 0;
        if (wide) {
            v.eventCallback().set(FlatDescriptors.CS_64, word(layout.eventCallbackEip), true);
            v.failsafeCallback().set(FlatDescriptors.CS_64, word(layout.failsafeCallbackEip), failsafeMasks);
            v.syscallCallback().set(FlatDescriptors.CS_64, word(layout.syscallCallbackEip), syscallMasks);
        }
        else {
            setCallback32(true, word(layout.eventCallbackCs), word(layout.eventCallbackEip), true);
            setCallback32(false, word(layout.failsafeCallbackCs), word(layout.failsafeCallbackEip), failsafeMasks);
        }
        v.setKernelStack(lift(word(layout.kernelSs)), word(layout.kernelSp));
    }

    private void setCallback32(final boolean event, final long cs, final long ip, final boolean masks) {
        if ((cs & 0xfffc) != 0) {
            (event ? v.eventCallback() : v.failsafeCallback()).set(lift(cs), ip, masks);
        }
    }

    private void fpu() {
        c.fpu.init();
        c.fpu.mxcsr = io.xenolith.x86.fpu.FpuState.MXCSR_DEFAULT;
        if ((word(layout.flags) & VcpuGuestContext.VGCF_I387_VALID) != 0) {
            final long image = base + layout.fpu;
            c.fpu.setControl(Raw.getShort(image) & 0xffff);
            c.fpu.setStatusWord(Raw.getShort(image + 2) & 0xffff);
            c.fpu.setAbridgedTags(Raw.getByte(image + 4) & 0xff);
            c.fpu.mxcsr = Raw.getInt(image + FXSAVE_MXCSR) & MXCSR_VALID;
            for (int i = 0; i < 8; i++) {
                final int r = c.fpu.physical(i);
                c.fpu.significand[r] = Raw.getLong(image + FXSAVE_ST + i * 16L);
                c.fpu.signExponent[r] = Raw.getShort(image + FXSAVE_ST + i * 16L + 8) & 0xffff;
            }
            for (int i = 0; i < (wide ? 32 : 16); i++) {
                c.fpu.xmm[i] = Raw.getLong(image + FXSAVE_XMM + i * 8L);
            }
        }
    }

    private long reg32(final int offset) {
        return Raw.getInt(base + layout.userRegs + offset) & 0xffff_ffffL;
    }

    private int selector(final int offset) {
        return Raw.getShort(base + layout.userRegs + offset) & 0xffff;
    }

    private void registers32() {
        c.gpr[Cpu.RAX] = reg32(UserRegs32.EAX);
        c.gpr[Cpu.RBX] = reg32(UserRegs32.EBX);
        c.gpr[Cpu.RCX] = reg32(UserRegs32.ECX);
        c.gpr[Cpu.RDX] = reg32(UserRegs32.EDX);
        c.gpr[Cpu.RSI] = reg32(UserRegs32.ESI);
        c.gpr[Cpu.RDI] = reg32(UserRegs32.EDI);
        c.gpr[Cpu.RBP] = reg32(UserRegs32.EBP);
        c.gpr[Cpu.RSP] = reg32(UserRegs32.ESP);
        c.ip = reg32(UserRegs32.EIP);
        c.setEflags((int)reg32(UserRegs32.EFLAGS) & FLAGS_SETTABLE | Eflags.IF | Eflags.ONE);
        final int cs = lift(selector(UserRegs32.CS));
        final int ss = selector(UserRegs32.SS);
        final int ring = cs & 3;
        c.setCpl(ring);
        enter(cs, ss, ring);
        load(Cpu.ES, selector(UserRegs32.ES));
        load(Cpu.DS, selector(UserRegs32.DS));
        load(Cpu.FS, selector(UserRegs32.FS));
        load(Cpu.GS, selector(UserRegs32.GS));
    }

    private void registers64() {
        c.gpr[Cpu.RAX] = reg64(UserRegs64.RAX);
        c.gpr[Cpu.RBX] = reg64(UserRegs64.RBX);
        c.gpr[Cpu.RCX] = reg64(UserRegs64.RCX);
        c.gpr[Cpu.RDX] = reg64(UserRegs64.RDX);
        c.gpr[Cpu.RSI] = reg64(UserRegs64.RSI);
        c.gpr[Cpu.RDI] = reg64(UserRegs64.RDI);
        c.gpr[Cpu.RBP] = reg64(UserRegs64.RBP);
        c.gpr[Cpu.RSP] = reg64(UserRegs64.RSP);
        c.gpr[8] = reg64(UserRegs64.R8);
        c.gpr[9] = reg64(UserRegs64.R9);
        c.gpr[10] = reg64(UserRegs64.R10);
        c.gpr[11] = reg64(UserRegs64.R11);
        c.gpr[12] = reg64(UserRegs64.R12);
        c.gpr[13] = reg64(UserRegs64.R13);
        c.gpr[14] = reg64(UserRegs64.R14);
        c.gpr[15] = reg64(UserRegs64.R15);
        c.ip = reg64(UserRegs64.RIP);
        c.setEflags((int)reg64(UserRegs64.RFLAGS) & FLAGS_SETTABLE | Eflags.IF | Eflags.ONE);
        c.setCpl(3);
        enter(selector(UserRegs64.CS) | 3, selector(UserRegs64.SS) | 3, 3);
        load(Cpu.ES, selector(UserRegs64.ES));
        load(Cpu.DS, selector(UserRegs64.DS));
        load(Cpu.FS, selector(UserRegs64.FS));
        load(Cpu.GS, selector(UserRegs64.GS));
        c.seg[Cpu.FS].setBase(Raw.getLong(base + layout.fsBase));
        c.seg[Cpu.GS].setBase(Raw.getLong(base + layout.gsBaseKernel));
        c.kernelGsBase = Raw.getLong(base + layout.gsBaseUser);
        if ((word(layout.flags) & VcpuGuestContext.VGCF_IN_KERNEL) == 0) {
            v.setUserMode(true);
        }
        c.segmentsChanged();
    }

    private long reg64(final int offset) {
        return Raw.getLong(base + layout.userRegs + offset);
    }

    /** Loads CS and SS; selectors that cannot be loaded are replaced by the flat ones. */
    private void enter(final int cs, final int ss, final int ring) {
        try {
            SegmentChange.loadCode(c, cs, ring);
            SegmentLoader.load(c, Cpu.SS, ss);
        }
        catch (final CpuFault fault) {
            if (wide) {
                SegmentChange.enterFlat64(c);
            }
            else {
                SegmentChange.loadCode(c, FlatDescriptors.KERNEL_CS_32, 1);
                SegmentLoader.load(c, Cpu.SS, FlatDescriptors.KERNEL_DS_32);
            }
        }
    }

    private void load(final int number, final int selector) {
        try {
            SegmentLoader.load(c, number, selector);
        }
        catch (final CpuFault fault) {
            c.seg[number].setNull(0);
            c.segmentsChanged();
        }
    }
}
