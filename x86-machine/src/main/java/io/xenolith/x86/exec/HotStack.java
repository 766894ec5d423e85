package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;

/** PUSH, POP and LEAVE on a flat stack. */
final class HotStack {
    private static final long MASK32 = 0xffff_ffffL;

    private HotStack() {
    }

    /** True when the operand is as wide as the flat stack's pointer. */
    static boolean natural(final Insn i, final boolean flat) {
        return flat && i.operandSize == (i.mode64 ? 8 : 4);
    }

    static Insn push(final Insn i, final boolean flat) {
        if (!natural(i, flat)) {
            return null;
        }
        final Operand o = i.operands[0];
        if (o.memory()) {
            return Form.directMemory(i, flat) && !i.mode64 ? Hot.of(i, new PushM32()) : null;
        }
        final boolean register = o.kind() == Operand.Kind.GPR;
        if (i.mode64) {
            return Hot.of(i, register ? new PushR64() : new PushI64());
        }
        return Hot.of(i, register ? new PushR32() : new PushI32());
    }

    static Insn pop(final Insn i, final boolean flat) {
        if (!natural(i, flat)) {
            return null;
        }
        return Hot.of(i, i.mode64 ? new PopR64() : new PopR32());
    }

    static Insn leave(final Insn i, final boolean flat) {
        return natural(i, flat) && !i.mode64 ? Hot.copy(i, new Leave32()) : null;
    }

    private static final class PushR32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long to = g[Cpu.RSP] - 4 & MASK32;
            c.mmu.write32(to, (int) g[d]);
            g[Cpu.RSP] = to;
        }
    }

    private static final class PushI32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long to = g[Cpu.RSP] - 4 & MASK32;
            c.mmu.write32(to, (int) imm);
            g[Cpu.RSP] = to;
        }
    }

    private static final class PushM32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int v = c.mmu.read32(ea(c));
            final long to = g[Cpu.RSP] - 4 & MASK32;
            c.mmu.write32(to, v);
            g[Cpu.RSP] = to;
        }
    }

    private static final class PopR32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long at = g[Cpu.RSP];
            final int v = c.mmu.read32(at);
            g[Cpu.RSP] = at + 4 & MASK32;
            g[d] = v & MASK32;
        }
    }

    private static final class Leave32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long at = g[Cpu.RBP];
            final int v = c.mmu.read32(at);
            g[Cpu.RSP] = at + 4 & MASK32;
            g[Cpu.RBP] = v & MASK32;
        }
    }

    private static final class PushR64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long to = g[Cpu.RSP] - 8;
            c.mmu.write64(to, g[d]);
            g[Cpu.RSP] = to;
        }
    }

    private static final class PushI64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long to = c.gpr[Cpu.RSP] - 8;
            c.mmu.write64(to, imm);
            c.gpr[Cpu.RSP] = to;
        }
    }

    private static final class PopR64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long at = g[Cpu.RSP];
            final long v = c.mmu.read64(at);
            g[Cpu.RSP] = at + 8;
            g[d] = v;
        }
    }
}
