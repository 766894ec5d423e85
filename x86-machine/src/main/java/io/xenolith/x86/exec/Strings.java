package io.xenolith.x86.exec;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;

/**
 * String instructions. Each iteration is complete in registers and memory before the next begins, so a fault finds
 * ecx, esi and edi as of the iterations done. A repeated instruction that is to be interrupted, by attention or
 * a single-step trap, makes itself its own successor.
 */
final class Strings {
    private static final int PAGE = 4096;
    /** Iterations between two looks at the attention word. */
    private static final int POLL = 256;

    private static final int ONE_ITERATION = Cpu.SPECIAL_TRAP | Cpu.SPECIAL_STOP | Cpu.SPECIAL_DEBUG_DUE
        | Cpu.SPECIAL_INTERCEPT;

    /** One iteration; true ends the repetition early. */
    @FunctionalInterface
    private interface Step {
        boolean step(Cpu c, Insn i);
    }

    private Strings() {
    }

    static void register(final InstructionTable t) {
        t.add("A4", "MOVS", "Yb,Xb", Strings::movs).repeating();
        t.add("A5", "MOVS", "Yv,Xv", Strings::movs).repeating();
        t.add("AA", "STOS", "Yb,AL", Strings::stos).repeating();
        t.add("AB", "STOS", "Yv,rAX", Strings::stos).repeating();
        t.add("AC", "LODS", "AL,Xb", (c, i) -> repeat(c, i, Strings::lods)).repeating();
        t.add("AD", "LODS", "rAX,Xv", (c, i) -> repeat(c, i, Strings::lods)).repeating();
        t.add("A6", "CMPS", "Xb,Yb", (c, i) -> repeat(c, i, Strings::cmps)).repeating();
        t.add("A7", "CMPS", "Xv,Yv", (c, i) -> repeat(c, i, Strings::cmps)).repeating();
        t.add("AE", "SCAS", "AL,Yb", (c, i) -> repeat(c, i, Strings::scas)).repeating();
        t.add("AF", "SCAS", "rAX,Yv", (c, i) -> repeat(c, i, Strings::scas)).repeating();
    }

    private static int size(final Insn i) {
        // byte forms have even opcodes; every operand of a form has the same size
        return i.operands[0].size();
    }

    private static void repeat(final Cpu c, final Insn i, final Step step) {
        if (i.rep == 0) {
            step.step(c, i);
            return;
        }
        final long flagResult = c.flagResult;
        final int flagCarries = c.flagCarries;
        boolean faulted = true;
        try {
            iterate(c, i, step);
            faulted = false;
        } finally {
            if (faulted) {
                // the flags of the iterations done are not kept, only their registers
                c.flagResult = flagResult;
                c.flagCarries = flagCarries;
            }
        }
    }

    private static void iterate(final Cpu c, final Insn i, final Step step) {
        for (int k = 1;; k++) {
            final long count = count(c, i);
            if (count == 0) {
                return;
            }
            final boolean last = step.step(c, i);
            c.setRegister(Cpu.RCX, i.addressSize, count - 1);
            if (last || count == 1) {
                return;
            }
            if (interrupted(c, k)) {
                c.setNextIp(c.ip);
                return;
            }
        }
    }

    /** The count; a 32-bit one is zero-extended in its register even when nothing is done. */
    private static long count(final Cpu c, final Insn i) {
        final long count = c.register(Cpu.RCX, i.addressSize);
        c.setRegister(Cpu.RCX, i.addressSize, count);
        return count;
    }

    private static boolean interrupted(final Cpu c, final int iteration) {
        if ((c.special & ONE_ITERATION) != 0) {
            return true;
        }
        return iteration % POLL == 0 && Raw.getInt(c.attentionAddress) != 0;
    }

    private static long source(final Cpu c, final Insn i, final int size) {
        return c.linear(i.seg, c.gpr[Cpu.RSI] & i.addressMask, size, false);
    }

    private static long destination(final Cpu c, final Insn i, final int size, final boolean write) {
        return c.linear(Cpu.ES, c.gpr[Cpu.RDI] & i.addressMask, size, write);
    }

    private static void advance(final Cpu c, final Insn i, final int register, final long distance) {
        c.setRegister(register, i.addressSize, c.gpr[register] + (c.df() ? -distance : distance));
    }

    private static void movs(final Cpu c, final Insn i) {
        if (i.rep == 0) {
            movsStep(c, i);
        } else {
            repeatBulk(c, i, true, Strings::movsStep);
        }
    }

    private static void stos(final Cpu c, final Insn i) {
        if (i.rep == 0) {
            stosStep(c, i);
        } else {
            repeatBulk(c, i, false, Strings::stosStep);
        }
    }

    private static boolean movsStep(final Cpu c, final Insn i) {
        final int size = size(i);
        final long v = c.read(source(c, i, size), size);
        c.write(destination(c, i, size, true), size, v);
        advance(c, i, Cpu.RSI, size);
        advance(c, i, Cpu.RDI, size);
        return false;
    }

    private static boolean stosStep(final Cpu c, final Insn i) {
        final int size = size(i);
        c.write(destination(c, i, size, true), size, c.gpr[Cpu.RAX]);
        advance(c, i, Cpu.RDI, size);
        return false;
    }

    private static boolean lods(final Cpu c, final Insn i) {
        final int size = size(i);
        final long v = c.read(source(c, i, size), size);
        c.setRegister(Cpu.RAX, size, v);
        advance(c, i, Cpu.RSI, size);
        return false;
    }

    private static boolean cmps(final Cpu c, final Insn i) {
        final int size = size(i);
        // silicon reads the second operand first, which shows when both fault
        final long b = Ops.signed(c.read(destination(c, i, size, false), size), size);
        final long a = Ops.signed(c.read(source(c, i, size), size), size);
        advance(c, i, Cpu.RSI, size);
        advance(c, i, Cpu.RDI, size);
        return compare(c, i, size, a, b);
    }

    private static boolean scas(final Cpu c, final Insn i) {
        final int size = size(i);
        final long a = Ops.signed(c.gpr[Cpu.RAX], size);
        final long b = Ops.signed(c.read(destination(c, i, size, false), size), size);
        advance(c, i, Cpu.RDI, size);
        return compare(c, i, size, a, b);
    }

    private static boolean compare(final Cpu c, final Insn i, final int size, final long a, final long b) {
        c.flagsSub(size, a, b, Ops.signed(a - b, size));
        return (a == b) == (i.rep == 0xf2);
    }

    // ---- whole runs inside a page at once ----

    private static void repeatBulk(final Cpu c, final Insn i, final boolean move, final Step single) {
        for (int k = 1;; k++) {
            final long count = count(c, i);
            // silicon extends the pointers of these two as it does the count
            if (move) {
                advance(c, i, Cpu.RSI, 0);
            }
            advance(c, i, Cpu.RDI, 0);
            if (count == 0) {
                return;
            }
            long done = (c.special & ONE_ITERATION) == 0 ? bulk(c, i, move, count) : 0;
            if (done == 0) {
                single.step(c, i);
                done = 1;
            }
            c.setRegister(Cpu.RCX, i.addressSize, count - done);
            if (count == done) {
                return;
            }
            if (interrupted(c, done > 1 ? 0 : k)) {
                c.setNextIp(c.ip);
                return;
            }
        }
    }

    /** Iterations done at once, 0 when the next one must be done by itself. */
    private static long bulk(final Cpu c, final Insn i, final boolean move, final long count) {
        final int size = size(i);
        if (c.df() || count < 4) {
            return 0;
        }
        final long to = c.gpr[Cpu.RDI] & i.addressMask;
        final long from = c.gpr[Cpu.RSI] & i.addressMask;
        long elements = Math.min(count, fitting(c, Cpu.ES, to, size, true));
        if (move) {
            elements = Math.min(elements, fitting(c, i.seg, from, size, false));
        }
        // anything that might fault is left to the single step
        if (elements < 2) {
            return 0;
        }
        final int bytes = (int) elements * size;
        if (move) {
            return copy(c, i, from, to, bytes) ? elements : 0;
        }
        return fill(c, i, to, bytes, size) ? elements : 0;
    }

    /** How many elements from an offset lie in one page and in the segment. */
    private static long fitting(final Cpu c, final int s, final long off, final int size, final boolean write) {
        if (!c.allows(s, off, size, write)) {
            return 0;
        }
        final long bytes = (PAGE - (c.linear(s, off, size, write) & PAGE - 1)) / size * size;
        return bytes >= size && c.allows(s, off, bytes, write) ? bytes / size : 0;
    }

    private static boolean copy(final Cpu c, final Insn i, final long from, final long to, final int bytes) {
        final long src = c.mmu.hostForRead(c.linear(i.seg, from, bytes, false), bytes);
        if (src == 0) {
            return false;
        }
        final long dst = c.mmu.hostForWrite(c.linear(Cpu.ES, to, bytes, true), bytes);
        // a destination shortly behind the source repeats a pattern: that takes single steps
        if (dst == 0 || dst > src && dst < src + bytes) {
            return false;
        }
        Raw.copy(src, dst, bytes);
        advance(c, i, Cpu.RSI, bytes);
        advance(c, i, Cpu.RDI, bytes);
        return true;
    }

    private static boolean fill(final Cpu c, final Insn i, final long to, final int bytes, final int size) {
        final long dst = c.mmu.hostForWrite(c.linear(Cpu.ES, to, bytes, true), bytes);
        if (dst == 0) {
            return false;
        }
        final long v = c.gpr[Cpu.RAX];
        switch (size) {
            case 1 -> Raw.fill(dst, bytes, (byte) v);
            case 2 -> {
                for (int k = 0; k < bytes; k += 2) {
                    Raw.putShort(dst + k, (short) v);
                }
            }
            case 4 -> {
                for (int k = 0; k < bytes; k += 4) {
                    Raw.putInt(dst + k, (int) v);
                }
            }
            default -> {
                for (int k = 0; k < bytes; k += 8) {
                    Raw.putLong(dst + k, v);
                }
            }
        }
        advance(c, i, Cpu.RDI, bytes);
        return true;
    }
}
