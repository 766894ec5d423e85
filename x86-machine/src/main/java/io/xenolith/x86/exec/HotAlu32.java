package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;

/** 32-bit arithmetic by operand form: register, memory and immediate. ADC and SBB have none. */
final class HotAlu32 {
    private static final long MASK32 = 0xffff_ffffL;

    private HotAlu32() {
    }

    /**
     * A fresh instruction.
     *
     * @param op   0 to 7 as in the opcode
     * @param form how its operands lie
     * @return null when there is no such form
     */
    static Hot of(final int op, final Form form) {
        return switch (form) {
            case REGISTER_REGISTER -> rr(op);
            case REGISTER_IMMEDIATE -> ri(op);
            case REGISTER_MEMORY -> rm(op);
            case MEMORY_REGISTER -> mr(op);
            case MEMORY_IMMEDIATE -> mi(op);
        };
    }

    /** TEST in the given form. */
    static Hot test(final Form form) {
        return switch (form) {
            case REGISTER_REGISTER -> new TestRr();
            case REGISTER_IMMEDIATE -> new TestRi();
            case MEMORY_REGISTER -> new TestMr();
            case MEMORY_IMMEDIATE -> new TestMi();
            default -> null;
        };
    }

    /** INC or DEC of a register or memory. */
    static Hot step(final boolean up, final boolean memory) {
        if (up) {
            return memory ? new IncM() : new IncR();
        }
        return memory ? new DecM() : new DecR();
    }

    private static Hot rr(final int op) {
        return switch (op) {
            case 0 -> new AddRr();
            case 1 -> new OrRr();
            case 4 -> new AndRr();
            case 5 -> new SubRr();
            case 6 -> new XorRr();
            case 7 -> new CmpRr();
            default -> null;
        };
    }

    private static Hot ri(final int op) {
        return switch (op) {
            case 0 -> new AddRi();
            case 1 -> new OrRi();
            case 4 -> new AndRi();
            case 5 -> new SubRi();
            case 6 -> new XorRi();
            case 7 -> new CmpRi();
            default -> null;
        };
    }

    private static Hot rm(final int op) {
        return switch (op) {
            case 0 -> new AddRm();
            case 1 -> new OrRm();
            case 4 -> new AndRm();
            case 5 -> new SubRm();
            case 6 -> new XorRm();
            case 7 -> new CmpRm();
            default -> null;
        };
    }

    private static Hot mr(final int op) {
        return switch (op) {
            case 0 -> new AddMr();
            case 1 -> new OrMr();
            case 4 -> new AndMr();
            case 5 -> new SubMr();
            case 6 -> new XorMr();
            case 7 -> new CmpMr();
            default -> null;
        };
    }

    private static Hot mi(final int op) {
        return switch (op) {
            case 0 -> new AddMi();
            case 1 -> new OrMi();
            case 4 -> new AndMi();
            case 5 -> new SubMi();
            case 6 -> new XorMi();
            case 7 -> new CmpMi();
            default -> null;
        };
    }

    private static final class AddRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a + b;
            g[d] = r & MASK32;
            c.flagsAdd32(a, b, r);
        }
    }

    private static final class AddRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a + b;
            g[d] = r & MASK32;
            c.flagsAdd32(a, b, r);
        }
    }

    private static final class AddRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int b = c.mmu.read32(ea(c));
            final int a = (int) g[d];
            final int r = a + b;
            g[d] = r & MASK32;
            c.flagsAdd32(a, b, r);
        }
    }

    private static final class AddMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) c.gpr[s];
            final int r = a + b;
            c.mmu.write32(at, r);
            c.flagsAdd32(a, b, r);
        }
    }

    private static final class AddMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) imm;
            final int r = a + b;
            c.mmu.write32(at, r);
            c.flagsAdd32(a, b, r);
        }
    }

    private static final class OrRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a | b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class OrRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a | b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class OrRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int b = c.mmu.read32(ea(c));
            final int a = (int) g[d];
            final int r = a | b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class OrMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) c.gpr[s];
            final int r = a | b;
            c.mmu.write32(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class OrMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) imm;
            final int r = a | b;
            c.mmu.write32(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class AndRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a & b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class AndRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a & b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class AndRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int b = c.mmu.read32(ea(c));
            final int a = (int) g[d];
            final int r = a & b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class AndMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) c.gpr[s];
            final int r = a & b;
            c.mmu.write32(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class AndMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) imm;
            final int r = a & b;
            c.mmu.write32(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class SubRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a - b;
            g[d] = r & MASK32;
            c.flagsSub32(a, b, r);
        }
    }

    private static final class SubRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a - b;
            g[d] = r & MASK32;
            c.flagsSub32(a, b, r);
        }
    }

    private static final class SubRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int b = c.mmu.read32(ea(c));
            final int a = (int) g[d];
            final int r = a - b;
            g[d] = r & MASK32;
            c.flagsSub32(a, b, r);
        }
    }

    private static final class SubMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) c.gpr[s];
            final int r = a - b;
            c.mmu.write32(at, r);
            c.flagsSub32(a, b, r);
        }
    }

    private static final class SubMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) imm;
            final int r = a - b;
            c.mmu.write32(at, r);
            c.flagsSub32(a, b, r);
        }
    }

    private static final class XorRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a ^ b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class XorRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a ^ b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class XorRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int b = c.mmu.read32(ea(c));
            final int a = (int) g[d];
            final int r = a ^ b;
            g[d] = r & MASK32;
            c.flagsLogic(r);
        }
    }

    private static final class XorMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) c.gpr[s];
            final int r = a ^ b;
            c.mmu.write32(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class XorMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int a = c.mmu.readForWrite32(at);
            final int b = (int) imm;
            final int r = a ^ b;
            c.mmu.write32(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class CmpRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a - b;
            c.flagsSub32(a, b, r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.CompareRr());
        }
    }

    private static final class CmpRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a - b;
            c.flagsSub32(a, b, r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.CompareRi());
        }
    }

    private static final class CmpRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int b = c.mmu.read32(ea(c));
            final int a = (int) g[d];
            final int r = a - b;
            c.flagsSub32(a, b, r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.CompareRm());
        }
    }

    private static final class CmpMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final int a = c.mmu.read32(ea(c));
            final int b = (int) c.gpr[s];
            final int r = a - b;
            c.flagsSub32(a, b, r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.CompareMr());
        }
    }

    private static final class CmpMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final int a = c.mmu.read32(ea(c));
            final int b = (int) imm;
            final int r = a - b;
            c.flagsSub32(a, b, r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.CompareMi());
        }
    }

    private static final class TestRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) g[s];
            final int r = a & b;
            c.flagsLogic(r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.TestRr());
        }
    }

    private static final class TestRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int b = (int) imm;
            final int r = a & b;
            c.flagsLogic(r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.TestRi());
        }
    }

    private static final class TestMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final int a = c.mmu.read32(ea(c));
            final int b = (int) c.gpr[s];
            final int r = a & b;
            c.flagsLogic(r);
        }
    }

    private static final class TestMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final int a = c.mmu.read32(ea(c));
            final int b = (int) imm;
            final int r = a & b;
            c.flagsLogic(r);
        }
    }

    private static final class IncR extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int r = (int) g[d] + 1;
            g[d] = r & MASK32;
            c.flagsInc32(r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.Increment());
        }
    }

    private static final class IncM extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int r = c.mmu.readForWrite32(at) + 1;
            c.mmu.write32(at, r);
            c.flagsInc32(r);
        }
    }

    private static final class DecR extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int r = (int) g[d] - 1;
            g[d] = r & MASK32;
            c.flagsDec32(r);
        }

        @Override
        public Insn join(final Insn next) {
            return HotCompareJump.join(this, next, new HotCompareJump.Decrement());
        }
    }

    private static final class DecM extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final int r = c.mmu.readForWrite32(at) - 1;
            c.mmu.write32(at, r);
            c.flagsDec32(r);
        }
    }
}
