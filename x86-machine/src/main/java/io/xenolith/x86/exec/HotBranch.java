package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;
import io.xenolith.x86.exec.HotJump.Direct;

/** Near branches in flat code, where no target lies outside the code segment. */
final class HotBranch {
    private static final long MASK32 = 0xffff_ffffL;

    private HotBranch() {
    }

    static Insn conditional(final Insn i, final int code, final boolean flat) {
        return direct(i, flat, HotJump.of(code));
    }

    static Insn jump(final Insn i, final boolean flat) {
        return direct(i, flat, new Jump());
    }

    static Insn call(final Insn i, final boolean flat) {
        return direct(i, flat, i.mode64 ? new Call64() : new Call32());
    }

    private static Insn direct(final Insn i, final boolean flat, final Direct h) {
        if (!HotStack.natural(i, flat)) {
            return null;
        }
        i.copyTo(h);
        h.fallThrough = i.offset + i.length;
        h.taken = h.fallThrough + i.imm;
        h.ipMask = i.mode64 ? -1L : MASK32;
        return h;
    }

    static Insn indirectJump(final Insn i, final boolean flat) {
        return indirect(i, flat, new JumpIndirect32());
    }

    static Insn indirectCall(final Insn i, final boolean flat) {
        return indirect(i, flat, new CallIndirect32());
    }

    private static Insn indirect(final Insn i, final boolean flat, final Indirect h) {
        final Operand o = i.operands[0];
        if (i.mode64 || !HotStack.natural(i, flat) || o.memory() && !Form.directMemory(i, flat)) {
            return null;
        }
        Hot.of(i, h);
        h.memory = o.memory();
        return h;
    }

    static Insn ret(final Insn i, final boolean flat) {
        if (!HotStack.natural(i, flat)) {
            return null;
        }
        return Hot.copy(i, i.mode64 ? new Ret64() : new Ret32());
    }

    private static final class Jump extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + taken & ipMask;
        }
    }

    private static final class Call32 extends Direct {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long to = g[Cpu.RSP] - 4 & MASK32;
            final long start = g[Cpu.BLOCK_IP];
            c.mmu.write32(to, (int) (start + fallThrough));
            g[Cpu.RSP] = to;
            c.ip = start + taken & MASK32;
        }
    }

    private static final class Call64 extends Direct {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long to = g[Cpu.RSP] - 8;
            final long start = g[Cpu.BLOCK_IP];
            c.mmu.write64(to, start + fallThrough);
            g[Cpu.RSP] = to;
            c.ip = start + taken;
        }
    }

    /** A branch whose target is an operand. */
    private abstract static class Indirect extends Hot {
        boolean memory;

        final long target(final Cpu c) {
            return memory ? c.mmu.read32(ea(c)) & MASK32 : c.gpr[d] & MASK32;
        }
    }

    private static final class JumpIndirect32 extends Indirect {
        @Override
        public void run(final Cpu c) {
            c.ip = target(c);
        }
    }

    private static final class CallIndirect32 extends Indirect {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long target = target(c);
            final long to = g[Cpu.RSP] - 4 & MASK32;
            c.mmu.write32(to, (int) g[Cpu.BLOCK_IP] + offset + length);
            g[Cpu.RSP] = to;
            c.ip = target;
        }
    }

    private static final class Ret32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long at = g[Cpu.RSP];
            c.ip = c.mmu.read32(at) & MASK32;
            g[Cpu.RSP] = at + 4 & MASK32;
        }
    }

    private static final class Ret64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long at = g[Cpu.RSP];
            final long target = c.mmu.read64(at);
            if (target << 16 >> 16 != target) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.ip = target;
            g[Cpu.RSP] = at + 8;
        }
    }
}
