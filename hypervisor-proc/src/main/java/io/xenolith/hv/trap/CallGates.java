package io.xenolith.hv.trap;

import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/**
 * Far calls and jumps through a 32-bit guest's call gates. The gates in its tables have privilege 0, so that the processor never
 * takes one; the privilege that the guest gave them stands in the selector's low bits. A call inward uses the kernel stack of
 * {@code stack_switch}, since a guest has no task state.
 */
public final class CallGates {
    private static final int CALL_GATE_32 = 0xc;
    private static final long PRESENT = 1L << 47;
    private static final long CODE = 1L << 44 | 1L << 43;
    private static final long CONFORMING = 1L << 42;
    private static final int WORD = 4;

    private final PvVcpu v;
    private final Cpu c;
    private final Segment savedCs = new Segment();
    private final Segment savedSs = new Segment();

    /** @param vcpu whose gates. */
    public CallGates(final PvVcpu vcpu) {
        v = vcpu;
        c = vcpu.cpu();
    }

    /**
     * Goes through a gate.
     *
     * @param selector the gate's selector.
     * @param gate     its descriptor, as it is stored.
     * @param isCall   CALL, as opposed to JMP.
     * @return false when the caller may not use it: the processor gives #GP(selector), as for any gate of privilege 0.
     * @throws CpuFault when the transfer faults; nothing has changed then.
     */
    public boolean transfer(final int selector, final long gate, final boolean isCall) {
        final int granted = (int)(gate >>> 16) & 3;
        final boolean ours = ((int)(gate >>> 40) & 0xf) == CALL_GATE_32;
        if (!ours || Math.max(c.cpl(), selector & 3) > granted) {
            return false;
        }
        if ((gate & PRESENT) == 0) {
            throw c.raise(CpuFault.NP, selector & 0xfffc);
        }
        final int target = (int)(gate >>> 16) & 0xfffc;
        final long code = targetDescriptor(target, isCall);
        final int level = (int)(code >>> 45) & 3;
        final boolean inward = isCall && (code & CONFORMING) == 0 && level < c.cpl();
        savedCs.copyFrom(c.seg[Cpu.CS]);
        savedSs.copyFrom(c.seg[Cpu.SS]);
        final long savedSp = c.gpr[Cpu.RSP];
        final int savedCpl = c.cpl();
        try {
            if (inward) {
                enterInward(level, (int)(gate >>> 32) & 31);
            }
            if (isCall) {
                c.push(WORD, savedCs.selector());
                c.push(WORD, c.nextIp());
            }
            jump(target | c.cpl(), code, gate & 0xffff | gate >>> 32 & 0xffff_0000L);
        }
        catch (final CpuFault fault) {
            c.seg[Cpu.CS].copyFrom(savedCs);
            c.seg[Cpu.SS].copyFrom(savedSs);
            c.gpr[Cpu.RSP] = savedSp;
            c.setCpl(savedCpl);
            c.segmentsChanged();
            throw fault;
        }
        return true;
    }

    private long targetDescriptor(final int target, final boolean isCall) {
        if (target == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        final long code = c.env.readDescriptor(c, target);
        final int level = (int)(code >>> 45) & 3;
        final boolean reachable = isCall || (code & CONFORMING) != 0 ? level <= c.cpl() : level == c.cpl();
        if ((code & CODE) != CODE || !reachable) {
            throw c.raise(CpuFault.GP, target);
        }
        if ((code & PRESENT) == 0) {
            throw c.raise(CpuFault.NP, target);
        }
        return code;
    }

    /** Changes to the kernel stack and pushes the old one's pointer and parameters. */
    private void enterInward(final int level, final int parameters) {
        final long oldSp = c.gpr[Cpu.RSP];
        final long[] words = new long[parameters];
        for (int i = 0; i < parameters; i++) {
            words[i] = c.peek((long)i * WORD, WORD);
        }
        final long stack = SegmentChange.stackDescriptor(c, v.kernelSs(), level);
        c.setCpl(level);
        SegmentChange.commitStack(c, v.kernelSs(), stack);
        c.gpr[Cpu.RSP] = v.kernelSp() & 0xffff_ffffL;
        c.push(WORD, savedSs.selector());
        c.push(WORD, oldSp);
        for (int i = parameters - 1; i >= 0; i--) {
            c.push(WORD, words[i]);
        }
    }

    private void jump(final int selector, final long code, final long ip) {
        SegmentChange.commitCode(c, selector, code, c.cpl());
        if (ip > c.seg[Cpu.CS].limit()) {
            throw c.raise(CpuFault.GP, 0);
        }
        c.setNextIp(ip);
    }
}
