package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;

/** Moves to and from 32-bit operands, with and without extension, and LEA. */
final class HotMove32 {
    private static final long MASK32 = 0xffff_ffffL;

    private HotMove32() {
    }

    /** MOV in a form. */
    static Hot mov(final Form form) {
        return switch (form) {
            case REGISTER_REGISTER -> new MovRr();
            case REGISTER_IMMEDIATE -> new MovRi();
            case REGISTER_MEMORY -> new MovRm();
            case MEMORY_REGISTER -> new MovMr();
            case MEMORY_IMMEDIATE -> new MovMi();
        };
    }

    static Hot lea() {
        return new Lea();
    }

    /** MOVZX or MOVSX from one or two bytes of a register or memory. */
    static Hot extend(final boolean sign, final int from, final boolean memory) {
        if (from == 1) {
            return sign ? memory ? new SignM8() : new SignR8() : memory ? new ZeroM8() : new ZeroR8();
        }
        return sign ? memory ? new SignM16() : new SignR16() : memory ? new ZeroM16() : new ZeroR16();
    }

    private static final class MovRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            g[d] = g[s] & MASK32;
        }
    }

    private static final class MovRi extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = imm & MASK32;
        }
    }

    private static final class MovRm extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = c.mmu.read32(ea(c)) & MASK32;
        }
    }

    private static final class MovMr extends Hot {
        @Override
        public void run(final Cpu c) {
            c.mmu.write32(ea(c), (int) c.gpr[s]);
        }
    }

    private static final class MovMi extends Hot {
        @Override
        public void run(final Cpu c) {
            c.mmu.write32(ea(c), (int) imm);
        }
    }

    private static final class Lea extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = ea(c) & MASK32;
        }
    }

    private static final class ZeroR8 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            g[d] = g[s] & 0xff;
        }
    }

    private static final class ZeroM8 extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = c.mmu.read8(ea(c));
        }
    }

    private static final class SignR8 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            g[d] = (byte) g[s] & MASK32;
        }
    }

    private static final class SignM8 extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = (byte) c.mmu.read8(ea(c)) & MASK32;
        }
    }

    private static final class ZeroR16 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            g[d] = g[s] & 0xffff;
        }
    }

    private static final class ZeroM16 extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = c.mmu.read16(ea(c));
        }
    }

    private static final class SignR16 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            g[d] = (short) g[s] & MASK32;
        }
    }

    private static final class SignM16 extends Hot {
        @Override
        public void run(final Cpu c) {
            c.gpr[d] = (short) c.mmu.read16(ea(c)) & MASK32;
        }
    }
}
