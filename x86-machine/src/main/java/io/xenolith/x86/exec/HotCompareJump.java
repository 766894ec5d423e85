package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;

/**
 * A 32-bit CMP, TEST, INC or DEC together with the conditional jump behind it, the commonest end of a block. The condition is
 * worked out from the operands; the flags are set as well, for whoever reads them later. Only the first half can
 * fault, so the pair's position is that of its first instruction.
 */
final class HotCompareJump {
    private static final long MASK32 = 0xffff_ffffL;

    private HotCompareJump() {
    }

    /** Joins two instructions; null when {@code second} is not a conditional jump of the specialised kind. */
    static Insn join(final Insn first, final Insn second, final Pair pair) {
        if (pair == null || !(second instanceof HotJump.Conditional jump) || jump.ipMask != MASK32) {
            return null;
        }
        final Hot h = (Hot) first;
        Hot.copy(first, pair);
        pair.d = h.d;
        pair.s = h.s;
        pair.condition = jump.condition;
        pair.taken = jump.taken;
        pair.fallThrough = jump.fallThrough;
        return pair;
    }

    /** What the pairs have in common. */
    abstract static class Pair extends Hot {
        /** Condition code, 0 to 15. */
        int condition;
        /** Target, from the start of the block. */
        long taken;
        /** From the start of the block. */
        long fallThrough;

        final void go(final Cpu c, final boolean jump) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (jump ? taken : fallThrough) & MASK32;
        }

        /** Sets the flags of a - b and branches. */
        final void compare(final Cpu c, final int a, final int b) {
            final int r = a - b;
            c.flagsSub32(a, b, r);
            go(c, switch (condition) {
                case 2 -> Integer.compareUnsigned(a, b) < 0;
                case 3 -> Integer.compareUnsigned(a, b) >= 0;
                case 4 -> r == 0;
                case 5 -> r != 0;
                case 6 -> Integer.compareUnsigned(a, b) <= 0;
                case 7 -> Integer.compareUnsigned(a, b) > 0;
                case 12 -> a < b;
                case 13 -> a >= b;
                case 14 -> a <= b;
                case 15 -> a > b;
                default -> c.condition(condition);
            });
        }

        /** Sets the flags of a logical result and branches. */
        final void logic(final Cpu c, final int r) {
            c.flagsLogic(r);
            go(c, switch (condition) {
                case 4 -> r == 0;
                case 5 -> r != 0;
                case 8, 12 -> r < 0;
                case 9, 13 -> r >= 0;
                case 14 -> r <= 0;
                case 15 -> r > 0;
                default -> c.condition(condition);
            });
        }

        /** Branches on flags already set whose result is r. */
        final void result(final Cpu c, final int r) {
            go(c, switch (condition) {
                case 4 -> r == 0;
                case 5 -> r != 0;
                case 8 -> r < 0;
                case 9 -> r >= 0;
                default -> c.condition(condition);
            });
        }
    }

    static final class CompareRr extends Pair {
        @Override
        public void run(final Cpu c) {
            compare(c, (int) c.gpr[d], (int) c.gpr[s]);
        }
    }

    static final class CompareRi extends Pair {
        @Override
        public void run(final Cpu c) {
            compare(c, (int) c.gpr[d], (int) imm);
        }
    }

    static final class CompareRm extends Pair {
        @Override
        public void run(final Cpu c) {
            final int b = c.mmu.read32(ea(c));
            compare(c, (int) c.gpr[d], b);
        }
    }

    static final class CompareMr extends Pair {
        @Override
        public void run(final Cpu c) {
            compare(c, c.mmu.read32(ea(c)), (int) c.gpr[s]);
        }
    }

    static final class CompareMi extends Pair {
        @Override
        public void run(final Cpu c) {
            compare(c, c.mmu.read32(ea(c)), (int) imm);
        }
    }

    static final class TestRr extends Pair {
        @Override
        public void run(final Cpu c) {
            logic(c, (int) c.gpr[d] & (int) c.gpr[s]);
        }
    }

    static final class TestRi extends Pair {
        @Override
        public void run(final Cpu c) {
            logic(c, (int) c.gpr[d] & (int) imm);
        }
    }

    static final class Increment extends Pair {
        @Override
        public void run(final Cpu c) {
            final int r = (int) c.gpr[d] + 1;
            c.gpr[d] = r & MASK32;
            c.flagsInc32(r);
            result(c, r);
        }
    }

    static final class Decrement extends Pair {
        @Override
        public void run(final Cpu c) {
            final int r = (int) c.gpr[d] - 1;
            c.gpr[d] = r & MASK32;
            c.flagsDec32(r);
            result(c, r);
        }
    }
}
