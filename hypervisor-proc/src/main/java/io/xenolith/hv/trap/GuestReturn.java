package io.xenolith.hv.trap;

import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;

/**
 * Hypercall 23, iret: leaves a handler by a frame on the guest's stack. It restores the event mask together with the
 * context, which the CPU's own IRET cannot do.
 *
 * <pre>
 *   32-bit frame, from esp     eax, eip, cs, eflags [, esp, ss]     the last two when cs is of ring 2 or 3
 *   64-bit frame, from rsp     rax, r11, rcx, flags, rip, cs, rflags, rsp, ss
 * </pre>
 */
public final class GuestReturn {
    /** Flag in the 64-bit frame: came by a system call, rcx and r11 need not be restored. */
    private static final long IN_SYSCALL = 0x100;
    private static final long MASK32 = 0xffff_ffffL;
    private static final int IOPL_SHIFT = 12;
    private static final int SETTABLE = Eflags.ALL & ~(Eflags.IOPL | Eflags.VM | Eflags.VIF | Eflags.VIP);

    private final PvVcpu v;
    private final Cpu c;
    private final BounceFrame bounce;

    /** @param vcpu who returns. @param bounce frames for the failsafe callback. */
    public GuestReturn(final PvVcpu vcpu, final BounceFrame bounce) {
        v = vcpu;
        c = vcpu.cpu();
        this.bounce = bounce;
    }

    /** Returns by the frame on the stack; all registers it names are replaced. */
    public void iret() {
        v.beginAccess();
        try {
            if (v.is64Bit()) {
                iret64();
            }
            else {
                iret32();
            }
        }
        catch (final CpuFault fault) {
            v.crash("the frame of an iret hypercall cannot be read: " + fault.getMessage());
        }
        finally {
            v.endAccess();
        }
    }

    private void iret32() {
        final long eax = c.peek(0, 4);
        final long ip = c.peek(4, 4);
        final int cs = (int)c.peek(8, 4) & 0xffff;
        final int flags = (int)c.peek(12, 4);
        final int ring = cs & 3;
        if (ring == 0 || (flags & Eflags.VM) != 0) {
            v.crash("iret hypercall to a forbidden mode: cs=" + Integer.toHexString(cs)
                + " eflags=" + Integer.toHexString(flags));
        }
        long sp = c.gpr[Cpu.RSP] + 16 & MASK32;
        int ss = c.seg[Cpu.SS].selector();
        if (ring > 1) {
            sp = c.peek(16, 4);
            ss = (int)c.peek(20, 4) & 0xffff;
        }
        c.gpr[Cpu.RAX] = eax;
        restoreFlags(flags);
        if (!enter32(cs, ip, ring, ss, sp)) {
            failsafe(cs, ip, ss, sp);
        }
    }

    private void restoreFlags(final int flags) {
        if (v.architecturalIopl()) {
            v.setIopl(flags >> IOPL_SHIFT & 3);
        }
        c.setEflags(flags & SETTABLE | Eflags.IF | Eflags.ONE);
        v.info().setMasked((flags & Eflags.IF) == 0);
    }

    private boolean enter32(final int cs, final long ip, final int ring, final int ss, final long sp) {
        try {
            final long code = SegmentChange.codeDescriptor(c, cs, ring);
            if (ring > 1) {
                final long stack = SegmentChange.stackDescriptor(c, ss, ring);
                SegmentChange.commitStack(c, ss, stack);
            }
            SegmentChange.commitCode(c, cs, code, ring);
        }
        catch (final CpuFault fault) {
            return false;
        }
        c.gpr[Cpu.RSP] = sp;
        c.ip = ip;
        if (ring > 1) {
            SegmentChange.dropPrivileged(c);
        }
        return true;
    }

    private void failsafe(final int cs, final long ip, final int ss, final long sp) {
        final Callback callback = v.failsafeCallback();
        if (!callback.present(v.is64Bit())) {
            v.crash("iret to a context that cannot be entered, and no failsafe callback: cs="
                + Integer.toHexString(cs) + " ss=" + Integer.toHexString(ss));
        }
        bounce.from(cs, ip, c.eflags(), ss, sp)
            .enter(callback.selector(), callback.address(), callback.masksEvents(), false, 0, true);
    }

    private void iret64() {
        final long rax = c.peek(0, 8);
        final long r11 = c.peek(8, 8);
        final long rcx = c.peek(16, 8);
        final long how = c.peek(24, 8);
        final long ip = c.peek(32, 8);
        final int frameCs = (int)c.peek(40, 8) & 0xffff;
        final int flags = (int)c.peek(48, 8);
        final long sp = c.peek(56, 8);
        final int ss = (int)c.peek(64, 8) & 0xffff | 3;
        final boolean user = (frameCs & 3) == 3;
        if (user && v.space().userRoot() == 0) {
            v.crash("iret hypercall to user mode without a user page table");
        }
        restoreFlags(flags);
        c.gpr[Cpu.RAX] = rax;
        if ((how & IN_SYSCALL) == 0) {
            c.gpr[Cpu.R11] = r11;
            c.gpr[Cpu.RCX] = rcx;
        }
        if (user) {
            v.setUserMode(true);
        }
        if (!enter64(frameCs | 3, ip, ss, sp)) {
            failsafe(frameCs | 3, ip, ss, sp);
        }
    }

    private boolean enter64(final int cs, final long ip, final int ss, final long sp) {
        try {
            final long code = SegmentChange.codeDescriptor(c, cs, 3);
            final long stack = SegmentChange.stackDescriptor(c, ss, 3);
            SegmentChange.commitStack(c, ss, stack);
            SegmentChange.commitCode(c, cs, code, 3);
        }
        catch (final CpuFault fault) {
            return false;
        }
        c.gpr[Cpu.RSP] = sp;
        c.ip = ip;
        return true;
    }
}
