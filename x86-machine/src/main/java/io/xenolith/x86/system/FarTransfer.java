package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/** Far JMP, CALL and RET: directly, through call gates, and to tasks. */
public final class FarTransfer {

    private FarTransfer() {
    }

    /**
     * Far JMP.
     *
     * @param offset ignored when the selector names a gate or a task
     * @param size   operand size: 2, 4 or 8
     */
    public static void jump(final Cpu c, final int selector, final long offset, final int size) {
        requireNotNull(c, selector);
        final long d = Descriptor.read(c, selector);
        if (!Descriptor.isSegment(d)) {
            systemTransfer(c, selector, d, false);
            return;
        }
        checkDirect(c, selector, d);
        final long target = truncate(offset, size);
        checkTarget(c, d, target, 0);
        SegmentLoader.commitCode(c, selector, d, c.cpl());
        c.setNextIp(target);
    }

    /** Far CALL; parameters as for {@link #jump}. */
    public static void call(final Cpu c, final int selector, final long offset, final int size) {
        requireNotNull(c, selector);
        final long d = Descriptor.read(c, selector);
        if (!Descriptor.isSegment(d)) {
            systemTransfer(c, selector, d, true);
            return;
        }
        checkDirect(c, selector, d);
        final Stack stack = Stack.current(c, 0);
        stack.push(size, c.seg[Cpu.CS].selector());
        stack.push(size, c.nextIp());
        final long target = truncate(offset, size);
        checkTarget(c, d, target, 0);
        c.setSp(stack.pointer());
        SegmentLoader.commitCode(c, selector, d, c.cpl());
        c.setNextIp(target);
    }

    private static void systemTransfer(final Cpu c, final int selector, final long d, final boolean isCall) {
        final int type = Descriptor.type(d);
        final boolean callGate = type == Descriptor.CALL_GATE32 || type == Descriptor.CALL_GATE16;
        if (callGate && c.env.callGate(c, selector, d, isCall)) {
            return;
        }
        final boolean task = Descriptor.isAvailableTss(d) || type == Descriptor.TASK_GATE;
        final boolean longMode = (c.efer & Cpu.EFER_LMA) != 0;
        // long mode has no tasks; its 16-byte call gates are not implemented and refused like an invalid type
        if (longMode || !callGate && !task
            || Descriptor.dpl(d) < c.cpl() || Descriptor.dpl(d) < Descriptor.rpl(selector)) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
        if (callGate) {
            CallGate.enter(c, d, isCall);
        } else {
            final int tss = type == Descriptor.TASK_GATE ? taskOfGate(c, d) : selector;
            TaskSwitch.transfer(c, tss, isCall ? TaskSwitch.Reason.CALL : TaskSwitch.Reason.JUMP);
        }
    }

    /** The TSS selector in a task gate, checked to name an available and present TSS. */
    private static int taskOfGate(final Cpu c, final long gate) {
        final int selector = Descriptor.gateSelector(gate);
        if (Descriptor.inLdt(selector) || Descriptor.isNull(selector)) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        final long d = Descriptor.read(c, selector);
        if (!Descriptor.isAvailableTss(d)) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
        return selector;
    }

    /**
     * Far RET.
     *
     * @param size  operand size
     * @param extra bytes of parameters to release, on both stacks
     */
    public static void ret(final Cpu c, final int size, final int extra) {
        final Stack stack = Stack.current(c, 0);
        final long target = stack.pop(size);
        final int selector = (int) stack.pop(size) & 0xFFFF;
        stack.skip(extra);
        returnTo(c, stack, selector, target, size, extra);
    }

    /** The common half of far RET and IRET: CS and target have been popped, an outer stack pointer may follow. */
    static void returnTo(final Cpu c, final Stack stack, final int selector, final long target, final int size,
                         final int extra) {
        final long d = checkReturn(c, selector);
        final int level = Descriptor.rpl(selector);
        if (level == c.cpl()) {
            checkTarget(c, d, target, 0);
            c.setSp(stack.pointer());
            SegmentLoader.commitCode(c, selector, d, level);
        } else {
            final long sp = stack.pop(size);
            final int ss = (int) stack.pop(size) & 0xFFFF;
            returnOutward(c, selector, d, target, ss, sp, size, extra);
        }
        c.setNextIp(target);
    }

    static void returnOutward(final Cpu c, final int selector, final long code, final long target, final int ss,
                              final long sp, final int size, final int extra) {
        final int level = Descriptor.rpl(selector);
        final boolean nullStack = Descriptor.isNull(ss);
        long stackDescriptor = 0;
        if (nullStack) {
            if (!Descriptor.isLong(code) || (c.efer & Cpu.EFER_LMA) == 0 || level == 3 || Descriptor.rpl(ss) != level) {
                throw c.raise(CpuFault.GP, 0);
            }
        } else {
            stackDescriptor = Descriptor.read(c, ss);
            SegmentLoader.checkStack(c, stackDescriptor, ss, level, CpuFault.GP, 0);
        }
        checkTarget(c, code, target, 0);
        SegmentLoader.commitCode(c, selector, code, level);
        if (nullStack) {
            SegmentLoader.setNullStack(c, ss);
        } else {
            SegmentLoader.commit(c, c.seg[Cpu.SS], ss, stackDescriptor);
        }
        // a 16-bit return leaves the upper half of ESP as it was, whatever the width of the new stack
        c.setSp(size == 2 ? c.gpr[Cpu.RSP] & ~0xFFFFL | sp : sp);
        c.setSp(c.gpr[Cpu.RSP] + extra);
        SegmentLoader.dropPrivileged(c);
    }

    /** Judges the code segment that a return goes to. */
    static long checkReturn(final Cpu c, final int selector) {
        requireNotNull(c, selector);
        final long d = Descriptor.read(c, selector);
        final int level = Descriptor.rpl(selector);
        final boolean allowed = Descriptor.isCode(d) && level >= c.cpl()
            && (Descriptor.isConforming(d) ? Descriptor.dpl(d) <= level : Descriptor.dpl(d) == level)
            && !badLong(c, d);
        if (!allowed) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
        return d;
    }

    private static void checkDirect(final Cpu c, final int selector, final long d) {
        final int cpl = c.cpl();
        final boolean allowed = Descriptor.isCode(d)
            && (Descriptor.isConforming(d)
                ? Descriptor.dpl(d) <= cpl
                : Descriptor.dpl(d) == cpl && Descriptor.rpl(selector) <= cpl)
            && !badLong(c, d);
        if (!allowed) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
    }

    /** A code segment cannot be both 64-bit and 32-bit, where long mode gives the bit its meaning. */
    private static boolean badLong(final Cpu c, final long d) {
        return (c.efer & Cpu.EFER_LMA) != 0 && Descriptor.isLong(d) && Descriptor.isBig(d);
    }

    /** #GP when the target is outside its code segment, or not canonical. */
    static void checkTarget(final Cpu c, final long d, final long target, final int ext) {
        final boolean in64 = (c.efer & Cpu.EFER_LMA) != 0 && Descriptor.isLong(d);
        final boolean outside = in64
            ? target << 16 >> 16 != target
            : (target & 0xFFFF_FFFFL) > Segment.descriptorLimit(d);
        if (outside) {
            throw c.raise(CpuFault.GP, ext);
        }
    }

    private static long truncate(final long offset, final int size) {
        return size == 2 ? offset & 0xFFFF : size == 4 ? offset & 0xFFFF_FFFFL : offset;
    }

    private static void requireNotNull(final Cpu c, final int selector) {
        if (Descriptor.isNull(selector)) {
            throw c.raise(CpuFault.GP, 0);
        }
    }
}
