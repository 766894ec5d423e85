package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;

/**
 * Delivery of one interrupt or exception through the interrupt table, in protected and in long mode (volume 3,
 * chapter 6.12). A fault in the middle leaves the processor as it was and is the caller's to judge.
 */
final class InterruptDelivery {
    /** What is delivered. */
    record Event(int vector, boolean software, boolean hasErrorCode, int errorCode, int savedFlagBits) {
        /** The "external event" bit of error codes: set unless an instruction asked for this. */
        int ext() {
            return software ? 0 : 1;
        }

        int idtError() {
            return vector * 8 + 2 + ext();
        }
    }

    private InterruptDelivery() {
    }

    /**
     * Delivers; afterwards {@code c.ip} is the handler's first instruction.
     *
     * @param savedIp what the handler returns to
     */
    static void deliver(final Cpu c, final Event e, final long savedIp) {
        if ((c.efer & Cpu.EFER_LMA) != 0) {
            deliver64(c, e, savedIp);
            return;
        }
        if (e.vector() * 8 + 7 > c.idtrLimit) {
            throw c.raise(CpuFault.GP, e.idtError());
        }
        final long gate = c.mmu.readSystem64(c.idtrBase + e.vector() * 8);
        checkGate(c, e, gate);
        if (Descriptor.type(gate) == Descriptor.TASK_GATE) {
            deliverToTask(c, e, gate, savedIp);
        } else {
            deliverToHandler(c, e, gate, savedIp);
        }
    }

    private static void checkGate(final Cpu c, final Event e, final long gate) {
        final boolean valid = !Descriptor.isSegment(gate) && switch (Descriptor.type(gate)) {
            case Descriptor.TASK_GATE, Descriptor.INTERRUPT_GATE16, Descriptor.TRAP_GATE16,
                 Descriptor.INTERRUPT_GATE32, Descriptor.TRAP_GATE32 -> true;
            default -> false;
        };
        if (!valid || e.software() && Descriptor.dpl(gate) < c.cpl()) {
            throw c.raise(CpuFault.GP, e.idtError());
        }
        if (!Descriptor.present(gate)) {
            throw c.raise(CpuFault.NP, e.idtError());
        }
    }

    private static void deliverToTask(final Cpu c, final Event e, final long gate, final long savedIp) {
        final int selector = Descriptor.gateSelector(gate);
        final int error = Descriptor.error(selector) | e.ext();
        if (Descriptor.inLdt(selector)) {
            throw c.raise(CpuFault.GP, error);
        }
        final long d = Descriptor.find(c, selector);
        if (!Descriptor.isAvailableTss(d)) {
            throw c.raise(CpuFault.GP, error);
        }
        TaskSwitch.switchTo(c, selector, TaskSwitch.Reason.EVENT, savedIp, e.ext(), e.savedFlagBits());
        if (e.hasErrorCode()) {
            final Stack stack = Stack.current(c, e.ext());
            stack.push(TaskState.is32(c.tr) ? 4 : 2, e.errorCode());
            c.setSp(stack.pointer());
        }
    }

    private static void deliverToHandler(final Cpu c, final Event e, final long gate, final long savedIp) {
        final int selector = Descriptor.gateSelector(gate);
        final long code = checkCode(c, selector, e.ext());
        final int size = (Descriptor.type(gate) & 8) != 0 ? 4 : 2;
        final boolean inward = !Descriptor.isConforming(code) && Descriptor.dpl(code) < c.cpl();
        final int level = inward ? Descriptor.dpl(code) : c.cpl();
        final CallGate.InnerStack inner = inward ? CallGate.InnerStack.find(c, level, e.ext()) : null;
        final Stack stack = inward ? inner.stack(c, e.ext()) : Stack.current(c, e.ext());
        if (inward) {
            stack.push(size, c.seg[Cpu.SS].selector());
            stack.push(size, c.gpr[Cpu.RSP]);
        }
        stack.push(size, c.eflags() | e.savedFlagBits());
        stack.push(size, c.seg[Cpu.CS].selector());
        stack.push(size, savedIp);
        if (e.hasErrorCode()) {
            stack.push(size, e.errorCode());
        }
        final long target = Descriptor.gateOffset(gate);
        FarTransfer.checkTarget(c, code, target, e.ext());
        SegmentLoader.commitCode(c, selector, code, level);
        if (inward) {
            inner.commit(c);
        }
        c.setSp(stack.pointer());
        enter(c, gate, target);
    }

    private static long checkCode(final Cpu c, final int selector, final int ext) {
        final int error = Descriptor.error(selector) | ext;
        if (Descriptor.isNull(selector)) {
            throw c.raise(CpuFault.GP, ext);
        }
        final long code = Descriptor.find(c, selector);
        if (!Descriptor.isCode(code) || Descriptor.dpl(code) > c.cpl()) {
            throw c.raise(CpuFault.GP, error);
        }
        if (!Descriptor.present(code)) {
            throw c.raise(CpuFault.NP, error);
        }
        return code;
    }

    private static void enter(final Cpu c, final long gate, final long target) {
        final boolean trapGate = (Descriptor.type(gate) & 1) != 0;
        c.setEflags(c.eflags()
            & ~(Eflags.TF | Eflags.NT | Eflags.VM | Eflags.RF | (trapGate ? 0 : Eflags.IF)));
        c.ip = target;
    }

    // ---- long mode ----

    private static void deliver64(final Cpu c, final Event e, final long savedIp) {
        if (e.vector() * 16 + 15 > c.idtrLimit) {
            throw c.raise(CpuFault.GP, e.idtError());
        }
        final long gate = c.mmu.readSystem64(c.idtrBase + e.vector() * 16L);
        final long upper = c.mmu.readSystem64(c.idtrBase + e.vector() * 16L + 8);
        final int type = Descriptor.type(gate);
        final boolean valid = !Descriptor.isSegment(gate)
            && (type == Descriptor.INTERRUPT_GATE32 || type == Descriptor.TRAP_GATE32);
        if (!valid || e.software() && Descriptor.dpl(gate) < c.cpl()) {
            throw c.raise(CpuFault.GP, e.idtError());
        }
        if (!Descriptor.present(gate)) {
            throw c.raise(CpuFault.NP, e.idtError());
        }
        final int selector = Descriptor.gateSelector(gate);
        final long code = checkCode(c, selector, e.ext());
        if (!Descriptor.isLong(code) || Descriptor.isBig(code)) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector) | e.ext());
        }
        final int level = Descriptor.isConforming(code) ? c.cpl() : Descriptor.dpl(code);
        final long target = Descriptor.gateOffset(gate) | upper << 32;
        final long sp = push64(c, e, savedIp, level, stackFor64(c, e, gate, level));
        FarTransfer.checkTarget(c, code, target, e.ext());
        final boolean inward = level != c.cpl();
        SegmentLoader.commitCode(c, selector, code, level);
        if (inward) {
            SegmentLoader.setNullStack(c, level);
        }
        c.gpr[Cpu.RSP] = sp;
        enter(c, gate, target);
    }

    private static long stackFor64(final Cpu c, final Event e, final long gate, final int level) {
        final int ist = (int) (gate >>> 32) & 7;
        if (ist != 0) {
            return TaskState.stack64(c, 0x1C + 8 * ist, e.ext());
        }
        return level == c.cpl() ? c.gpr[Cpu.RSP] : TaskState.stack64(c, 4 + 8 * level, e.ext());
    }

    /** Stores the frame below the aligned stack pointer; returns the new one. */
    private static long push64(final Cpu c, final Event e, final long savedIp, final int level, final long from) {
        final long[] frame = {
            c.seg[Cpu.SS].selector(), c.gpr[Cpu.RSP], c.eflags() | e.savedFlagBits(), c.seg[Cpu.CS].selector(), savedIp,
            e.errorCode()};
        final int words = e.hasErrorCode() ? 6 : 5;
        long sp = from & ~15L;
        final boolean was = c.mmu.user();
        c.mmu.setUser(level == 3);
        try {
            for (int n = 0; n < words; n++) {
                sp -= 8;
                if (sp << 16 >> 16 != sp) {
                    throw c.raise(CpuFault.SS, e.ext());
                }
                c.mmu.write64(sp, frame[n]);
            }
        } finally {
            c.mmu.setUser(was);
        }
        return sp;
    }

    /** Whether an exception is of the class that pushes RF, so that its instruction is not trapped again on return. */
    static boolean isFault(final int vector) {
        return switch (vector) {
            case CpuFault.DB, CpuFault.NMI, CpuFault.BP, CpuFault.OF, CpuFault.DF, CpuFault.MC -> false;
            default -> true;
        };
    }
}
