package io.xenolith.hv.trap;

import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.system.SegmentLoader;

/**
 * Builds the frame that takes a guest to one of its handlers: what the CPU would push for a gate, plus the saved event mask
 * in the spare bits of the CS slot.
 *
 * <pre>
 *   32-bit, high to low     [ss, esp,] eflags, cs | mask &lt;&lt; 16, eip, [error] [, gs, fs, es, ds]
 *                           ss and esp only from rings 2 and 3, then on the kernel stack; last four for the failsafe callback
 *   64-bit, high to low     ss, rsp, rflags, cs | mask &lt;&lt; 32, rip, [error,] [gs, fs, es, ds,] r11, rcx
 *                           from user mode on the kernel stack, else on the current one, aligned down to 16
 * </pre>
 *
 * A frame that cannot be written or a handler that cannot be entered is the guest's double fault: the domain ends.
 */
public final class BounceFrame {
    private static final long MASK32 = 0xffff_ffffL;
    private static final int ENTRY_CLEARS = Eflags.TF | Eflags.NT | Eflags.RF | Eflags.VM;

    private final PvVcpu v;
    private final Cpu c;
    private int cs;
    private int ss;
    private long ip;
    private long sp;
    private int flags;

    /** @param vcpu whose frames these are. */
    public BounceFrame(final PvVcpu vcpu) {
        v = vcpu;
        c = vcpu.cpu();
    }

    /** Takes the CPU's current state as the interrupted context. */
    public BounceFrame fromCpu() {
        return from(c.seg[Cpu.CS].selector(), c.ip, c.eflags(), c.seg[Cpu.SS].selector(), c.gpr[Cpu.RSP]);
    }

    /**
     * Takes a context that could not be entered as the interrupted one.
     *
     * @param cs    its code selector, whose privilege level decides on the stack.
     * @param ip    its instruction pointer.
     * @param flags its flags.
     * @param ss    its stack selector.
     * @param sp    its stack pointer.
     * @return this.
     */
    public BounceFrame from(final int cs, final long ip, final int flags, final int ss, final long sp) {
        this.cs = cs;
        this.ip = ip;
        this.flags = flags;
        this.ss = ss;
        this.sp = sp;
        return this;
    }

    /**
     * Enters a handler.
     *
     * @param selector  its code segment (32-bit guests).
     * @param address   its address.
     * @param masks     whether events are masked on entry.
     * @param hasError  whether an error code is pushed.
     * @param error     the error code.
     * @param selectors whether the data selectors are pushed too (failsafe callback).
     */
    public void enter(final int selector, final long address, final boolean masks, final boolean hasError,
        final int error, final boolean selectors) {
        v.beginAccess();
        try {
            if (v.is64Bit()) {
                enter64(address, hasError, error, selectors);
            }
            else {
                enter32(selector, address, hasError, error, selectors);
            }
        }
        catch (final CpuFault fault) {
            v.crash("a trap frame could not be delivered (double fault): handler="
                + Long.toHexString(address) + " " + fault.getMessage());
        }
        finally {
            v.endAccess();
        }
        c.setEflags(c.eflags() & ~ENTRY_CLEARS | Eflags.IF);
        c.ip = address;
        if (masks) {
            v.info().setMasked(true);
        }
    }

    private int pushedFlags() {
        final int iopl = v.architecturalIopl() ? v.iopl() << 12 : 0;
        return flags & ~(Eflags.IF | Eflags.IOPL) | (v.info().masked() ? 0 : Eflags.IF) | iopl;
    }

    private void enter32(final int selector, final long address, final boolean hasError, final int error,
        final boolean selectors) {
        final int savedFlags = pushedFlags();
        final long savedCs = cs & 0xffff | (v.info().masked() ? 1L << 16 : 0);
        final boolean outer = (cs & 2) != 0;
        c.setCpl(1);
        if (outer) {
            SegmentLoader.load(c, Cpu.SS, v.kernelSs());
            c.gpr[Cpu.RSP] = v.kernelSp() & MASK32;
            c.push(4, ss);
            c.push(4, sp);
        }
        c.push(4, savedFlags);
        c.push(4, savedCs);
        c.push(4, ip);
        if (hasError) {
            c.push(4, error);
        }
        if (selectors) {
            c.push(4, c.seg[Cpu.GS].selector());
            c.push(4, c.seg[Cpu.FS].selector());
            c.push(4, c.seg[Cpu.ES].selector());
            c.push(4, c.seg[Cpu.DS].selector());
        }
        SegmentChange.loadCode(c, selector, 1);
        if (address > c.seg[Cpu.CS].limit()) {
            throw c.raise(CpuFault.GP, 0);
        }
    }

    private void enter64(final long address, final boolean hasError, final int error, final boolean selectors) {
        final boolean fromUser = v.space().userMode();
        final int savedFlags = pushedFlags();
        final long savedCs = (fromUser ? cs & 0xffff : cs & 0xfffc) | (v.info().masked() ? 1L << 32 : 0);
        if (fromUser) {
            v.setUserMode(false);
        }
        SegmentChange.enterFlat64(c);
        c.gpr[Cpu.RSP] = (fromUser ? v.kernelSp() : sp) & ~0xfL;
        c.push(8, ss);
        c.push(8, sp);
        c.push(8, savedFlags & MASK32);
        c.push(8, savedCs);
        c.push(8, ip);
        if (hasError) {
            c.push(8, error & MASK32);
        }
        if (selectors) {
            c.push(8, c.seg[Cpu.GS].selector());
            c.push(8, c.seg[Cpu.FS].selector());
            c.push(8, c.seg[Cpu.ES].selector());
            c.push(8, c.seg[Cpu.DS].selector());
        }
        c.push(8, c.gpr[Cpu.R11]);
        c.push(8, c.gpr[Cpu.RCX]);
        if (!v.space().tables().mode().isGuestAddress(address)) {
            throw c.raise(CpuFault.GP, 0);
        }
    }
}
