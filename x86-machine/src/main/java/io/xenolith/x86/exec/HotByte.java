package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;

/** The commonest byte instructions: moves, CMP and TEST, with low byte registers. */
final class HotByte {
    private HotByte() {
    }

    static Hot mov(final Form form) {
        return switch (form) {
            case REGISTER_MEMORY -> new MovRm();
            case MEMORY_REGISTER -> new MovMr();
            case MEMORY_IMMEDIATE -> new MovMi();
            default -> null;
        };
    }

    static Hot cmp(final Form form) {
        return switch (form) {
            case REGISTER_REGISTER -> new CmpRr();
            case REGISTER_IMMEDIATE -> new CmpRi();
            case REGISTER_MEMORY -> new CmpRm();
            case MEMORY_REGISTER -> new CmpMr();
            case MEMORY_IMMEDIATE -> new CmpMi();
        };
    }

    static Hot test(final Form form) {
        return switch (form) {
            case REGISTER_REGISTER -> new TestRr();
            case REGISTER_IMMEDIATE -> new TestRi();
            case MEMORY_IMMEDIATE -> new TestMi();
            default -> null;
        };
    }

    private static void compare(final Cpu c, final int a, final int b) {
        c.flagsSub(1, a, b, (byte) (a - b));
    }

    private static final class MovRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final int v = c.mmu.read8(ea(c));
            c.gpr[d] = c.gpr[d] & ~0xffL | v;
        }
    }

    private static final class MovMr extends Hot {
        @Override
        public void run(final Cpu c) {
            c.mmu.write8(ea(c), (int) c.gpr[s]);
        }
    }

    private static final class MovMi extends Hot {
        @Override
        public void run(final Cpu c) {
            c.mmu.write8(ea(c), (int) imm);
        }
    }

    private static final class CmpRr extends Hot {
        @Override
        public void run(final Cpu c) {
            compare(c, (byte) c.gpr[d], (byte) c.gpr[s]);
        }
    }

    private static final class CmpRi extends Hot {
        @Override
        public void run(final Cpu c) {
            compare(c, (byte) c.gpr[d], (byte) imm);
        }
    }

    private static final class CmpRm extends Hot {
        @Override
        public void run(final Cpu c) {
            compare(c, (byte) c.gpr[d], (byte) c.mmu.read8(ea(c)));
        }
    }

    private static final class CmpMr extends Hot {
        @Override
        public void run(final Cpu c) {
            compare(c, (byte) c.mmu.read8(ea(c)), (byte) c.gpr[s]);
        }
    }

    private static final class CmpMi extends Hot {
        @Override
        public void run(final Cpu c) {
            compare(c, (byte) c.mmu.read8(ea(c)), (byte) imm);
        }
    }

    private static final class TestRr extends Hot {
        @Override
        public void run(final Cpu c) {
            c.flagsLogic((byte) (c.gpr[d] & c.gpr[s]));
        }
    }

    private static final class TestRi extends Hot {
        @Override
        public void run(final Cpu c) {
            c.flagsLogic((byte) (c.gpr[d] & imm));
        }
    }

    private static final class TestMi extends Hot {
        @Override
        public void run(final Cpu c) {
            c.flagsLogic((byte) (c.mmu.read8(ea(c)) & imm));
        }
    }
}
