package io.xenolith.x86.exec;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Block;
import io.xenolith.x86.decode.BlockDiscarded;
import io.xenolith.x86.decode.CodeCache;

/**
 * Runs decoded blocks. Two speeds: blocks back to back while nothing special is asked for, and one instruction
 * at a time for single-stepping, breakpoints and interrupt shadows.
 */
public final class Interpreter {
    private static final int DR6_BS = 1 << 14;
    private static final int ONE_BY_ONE = Cpu.SPECIAL_TRAP | Cpu.SPECIAL_SHADOW | Cpu.SPECIAL_BREAKPOINTS
        | Cpu.SPECIAL_DEBUG_DUE;

    private final Cpu c;
    private final CodeCache cache;

    /** The loop of one CPU. */
    public Interpreter(final Cpu c, final CodeCache cache) {
        this.c = c;
        this.cache = cache;
    }

    /** See {@link Cpu#run}. */
    public void run() {
        for (;;) {
            if ((c.special & Cpu.SPECIAL_STOP) != 0) {
                c.special &= ~Cpu.SPECIAL_STOP;
                return;
            }
            if (Raw.getInt(c.attentionAddress) != 0 && (c.special & Cpu.SPECIAL_SHADOW) == 0
                && c.env.attention(c)) {
                return;
            }
            if ((c.special & ONE_BY_ONE) != 0) {
                step();
            } else {
                runBlocks();
            }
        }
    }

    /** Runs blocks until attention or something special is wanted; delivers at most one exception. */
    private void runBlocks() {
        final Cpu cpu = c;
        final long[] gpr = cpu.gpr;
        Insn[] code = null;
        int k = -1;
        try {
            Block b = cache.find();
            for (;;) {
                gpr[Cpu.BLOCK_IP] = cpu.ip;
                code = b.code;
                for (k = 0; k < code.length; k++) {
                    code[k].run(cpu);
                }
                k = -1;
                cpu.instructions += b.count;
                if ((Raw.getInt(cpu.attentionAddress) | cpu.special) != 0) {
                    return;
                }
                b = next(b);
            }
        } catch (final CpuFault f) {
            if (k >= 0) {
                cpu.instructions += k;
                cpu.ip = gpr[Cpu.BLOCK_IP] + code[k].offset & cpu.ipMask();
                f.attribute(code[k].stackAccess());
            }
            deliver(f);
        } catch (final BlockDiscarded e) {
            cpu.instructions += k;
        }
    }

    private Block next(final Block b) {
        final Cpu cpu = c;
        final Block known = b.successor(cpu.ip, cpu.chainKey);
        return known != null ? known : findAndLink(b);
    }

    private Block findAndLink(final Block b) {
        final Block found = cache.find();
        if (found.isKept()) {
            b.link(c.ip, c.chainKey, found);
        }
        return found;
    }

    private void deliver(final CpuFault f) {
        if (f.vector == CpuFault.PF) {
            c.cr2 = f.address;
        }
        c.env.exception(c, f.vector, f.errorCode, f.hasErrorCode, f.address);
    }

    /** See {@link Cpu#step}. */
    public void step() {
        final boolean shadowed = (c.special & Cpu.SPECIAL_SHADOW) != 0;
        final boolean trap = (c.special & Cpu.SPECIAL_TRAP) != 0;
        c.special &= ~Cpu.SPECIAL_SHADOW;
        c.interrupted = false;
        final long at = c.ip;
        if (!shadowed && c.instructionBreakpointDue()) {
            c.env.exception(c, CpuFault.DB, 0, false, 0);
            return;
        }
        if (!tryStep()) {
            c.takeDebugHits();
            deliver(c.lastFault());
            return;
        }
        // a string instruction that goes on stays exempt from its own breakpoint
        if (c.ip != at) {
            c.clearRf();
        }
        int due = c.takeDebugHits();
        if (trap && !c.interrupted && (c.special & Cpu.SPECIAL_SHADOW) == 0) {
            due |= DR6_BS;
        }
        if (due != 0) {
            c.dr[6] |= due;
            c.env.exception(c, CpuFault.DB, 0, false, 0);
        }
    }

    /**
     * Executes one instruction.
     *
     * @return false when it faulted: nothing is delivered, {@link Cpu#lastFault} says what, ip is the instruction
     */
    public boolean tryStep() {
        final long at = c.ip;
        Insn[] code = null;
        try {
            code = cache.findSingle().code;
            c.gpr[Cpu.BLOCK_IP] = at;
            for (int k = 0; k < code.length; k++) {
                code[k].run(c);
            }
        } catch (final CpuFault f) {
            c.ip = at;
            if (code != null) {
                f.attribute(code[0].stackAccess());
            }
            return false;
        } catch (final BlockDiscarded e) {
            // it overwrote itself: it is complete all the same
        }
        c.instructions++;
        return true;
    }
}
