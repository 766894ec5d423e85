package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/** Transfers through 16- and 32-bit call gates, with change of stack and copied parameters when going inward. */
final class CallGate {

    private CallGate() {
    }

    /** Goes through a gate whose own privilege and presence have been checked. */
    static void enter(final Cpu c, final long gate, final boolean isCall) {
        final int selector = Descriptor.gateSelector(gate);
        if (Descriptor.isNull(selector)) {
            throw c.raise(CpuFault.GP, 0);
        }
        final long code = Descriptor.read(c, selector);
        final boolean conforming = Descriptor.isConforming(code);
        final boolean reachable = isCall || conforming
            ? Descriptor.dpl(code) <= c.cpl()
            : Descriptor.dpl(code) == c.cpl();
        if (!Descriptor.isCode(code) || !reachable) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        if (!Descriptor.present(code)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
        if (isCall && !conforming && Descriptor.dpl(code) < c.cpl()) {
            enterInward(c, gate, selector, code);
        } else {
            enterLevel(c, gate, selector, code, isCall);
        }
    }

    private static void enterLevel(final Cpu c, final long gate, final int selector, final long code,
                                   final boolean isCall) {
        final int size = operandSize(gate);
        final long target = Descriptor.gateOffset(gate);
        final Stack stack = Stack.current(c, 0);
        if (isCall) {
            stack.push(size, c.seg[Cpu.CS].selector());
            stack.push(size, c.nextIp());
        }
        FarTransfer.checkTarget(c, code, target, 0);
        c.setSp(stack.pointer());
        SegmentLoader.commitCode(c, selector, code, c.cpl());
        c.setNextIp(target);
    }

    private static void enterInward(final Cpu c, final long gate, final int selector, final long code) {
        final int size = operandSize(gate);
        final int level = Descriptor.dpl(code);
        final long target = Descriptor.gateOffset(gate);
        final InnerStack inner = InnerStack.find(c, level, 0);
        final Stack from = Stack.current(c, 0);
        final Stack to = inner.stack(c, 0);
        to.push(size, c.seg[Cpu.SS].selector());
        to.push(size, c.gpr[Cpu.RSP]);
        for (int n = Descriptor.gateParameters(gate) - 1; n >= 0; n--) {
            to.push(size, from.peek((long) n * size, size));
        }
        to.push(size, c.seg[Cpu.CS].selector());
        to.push(size, c.nextIp());
        FarTransfer.checkTarget(c, code, target, 0);
        SegmentLoader.commitCode(c, selector, code, level);
        inner.commit(c);
        c.setSp(to.pointer());
        c.setNextIp(target);
    }

    private static int operandSize(final long gate) {
        return Descriptor.type(gate) == Descriptor.CALL_GATE32 ? 4 : 2;
    }

    /** The stack segment of an inner level, judged but not loaded. */
    record InnerStack(int selector, long descriptor, long offset, Segment segment, int level) {

        /**
         * Finds it in the task state.
         *
         * @throws CpuFault #TS or #SS, with {@code ext} in the error code
         */
        static InnerStack find(final Cpu c, final int level, final int ext) {
            final TaskState.StackPointer pointer = TaskState.innerStack(c, level, ext);
            final int selector = pointer.selector();
            if (Descriptor.isNull(selector)) {
                throw c.raise(CpuFault.TS, Descriptor.error(selector) | ext);
            }
            final long d = Descriptor.find(c, selector);
            SegmentLoader.checkStack(c, d, selector, level, CpuFault.TS, ext);
            final Segment segment = new Segment();
            segment.setFromDescriptor(selector, d);
            return new InnerStack(selector, d, pointer.offset(), segment, level);
        }

        Stack stack(final Cpu c, final int ext) {
            return Stack.other(c, segment, offset, level, ext);
        }

        /** Loads SS; the privilege level has been entered already. */
        void commit(final Cpu c) {
            SegmentLoader.commit(c, c.seg[Cpu.SS], selector, descriptor);
        }
    }
}
