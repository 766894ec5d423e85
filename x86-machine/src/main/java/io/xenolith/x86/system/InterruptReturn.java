package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;

/**
 * IRET: within a level, to an outer level, and back to a nested task. Returns to virtual-8086 mode are refused with
 * #GP(0): this processor does not have that mode, and says so by offering no VME.
 */
public final class InterruptReturn {
    private static final int ALWAYS = Eflags.ARITHMETIC | Eflags.TF | Eflags.DF | Eflags.NT;
    private static final int WIDE_ONLY = Eflags.RF | Eflags.AC | Eflags.ID;

    private InterruptReturn() {
    }

    /**
     * Executes IRET, IRETD or IRETQ.
     *
     * @param size operand size: 2, 4 or 8
     */
    public static void iret(final Cpu c, final int size) {
        final boolean longMode = (c.efer & Cpu.EFER_LMA) != 0;
        if ((c.systemFlags() & Eflags.NT) != 0) {
            if (longMode) {
                throw c.raise(CpuFault.GP, 0);
            }
            TaskSwitch.taskReturn(c);
            return;
        }
        final Stack stack = Stack.current(c, 0);
        final long target = stack.pop(size);
        final int selector = (int) stack.pop(size) & 0xFFFF;
        final int image = (int) stack.pop(size);
        if (size == 4 && !longMode && c.cpl() == 0 && (image & Eflags.VM) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        final int writable = writableFlags(c, size);
        if (c.long64) {
            return64(c, stack, selector, target, size);
        } else {
            FarTransfer.returnTo(c, stack, selector, target, size, 0);
        }
        c.setEflags(c.eflags() & ~writable | image & writable);
    }

    /** 64-bit code gets SS:RSP from the frame whether or not the level changes. */
    private static void return64(final Cpu c, final Stack stack, final int selector, final long target,
                                 final int size) {
        final long sp = stack.pop(size);
        final int ss = (int) stack.pop(size) & 0xFFFF;
        final long d = FarTransfer.checkReturn(c, selector);
        FarTransfer.returnOutward(c, selector, d, target, ss, sp, size, 0);
        c.setNextIp(target);
    }

    /** What the level in force before the return may change. */
    private static int writableFlags(final Cpu c, final int size) {
        int writable = ALWAYS;
        if (size != 2) {
            writable |= WIDE_ONLY;
        }
        if (c.cpl() <= c.iopl()) {
            writable |= Eflags.IF;
        }
        if (c.cpl() == 0) {
            // VIF and VIP do not exist without VME
            writable |= Eflags.IOPL;
        }
        return writable;
    }
}
