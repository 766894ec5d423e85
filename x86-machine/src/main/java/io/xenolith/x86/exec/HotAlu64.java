package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;

/** 64-bit arithmetic by operand form: register, memory and immediate. ADC and SBB have none. */
final class HotAlu64 {
    private HotAlu64() {
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
            final long a = g[d];
            final long b = g[s];
            final long r = a + b;
            g[d] = r;
            c.flagsAdd64(a, b, r);
        }
    }

    private static final class AddRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a + b;
            g[d] = r;
            c.flagsAdd64(a, b, r);
        }
    }

    private static final class AddRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long b = c.mmu.read64(ea(c));
            final long a = g[d];
            final long r = a + b;
            g[d] = r;
            c.flagsAdd64(a, b, r);
        }
    }

    private static final class AddMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = c.gpr[s];
            final long r = a + b;
            c.mmu.write64(at, r);
            c.flagsAdd64(a, b, r);
        }
    }

    private static final class AddMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = imm;
            final long r = a + b;
            c.mmu.write64(at, r);
            c.flagsAdd64(a, b, r);
        }
    }

    private static final class OrRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = g[s];
            final long r = a | b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class OrRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a | b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class OrRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long b = c.mmu.read64(ea(c));
            final long a = g[d];
            final long r = a | b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class OrMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = c.gpr[s];
            final long r = a | b;
            c.mmu.write64(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class OrMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = imm;
            final long r = a | b;
            c.mmu.write64(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class AndRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = g[s];
            final long r = a & b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class AndRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a & b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class AndRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long b = c.mmu.read64(ea(c));
            final long a = g[d];
            final long r = a & b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class AndMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = c.gpr[s];
            final long r = a & b;
            c.mmu.write64(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class AndMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = imm;
            final long r = a & b;
            c.mmu.write64(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class SubRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = g[s];
            final long r = a - b;
            g[d] = r;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class SubRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a - b;
            g[d] = r;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class SubRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long b = c.mmu.read64(ea(c));
            final long a = g[d];
            final long r = a - b;
            g[d] = r;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class SubMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = c.gpr[s];
            final long r = a - b;
            c.mmu.write64(at, r);
            c.flagsSub64(a, b, r);
        }
    }

    private static final class SubMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = imm;
            final long r = a - b;
            c.mmu.write64(at, r);
            c.flagsSub64(a, b, r);
        }
    }

    private static final class XorRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = g[s];
            final long r = a ^ b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class XorRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a ^ b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class XorRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long b = c.mmu.read64(ea(c));
            final long a = g[d];
            final long r = a ^ b;
            g[d] = r;
            c.flagsLogic(r);
        }
    }

    private static final class XorMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = c.gpr[s];
            final long r = a ^ b;
            c.mmu.write64(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class XorMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long a = c.mmu.readForWrite64(at);
            final long b = imm;
            final long r = a ^ b;
            c.mmu.write64(at, r);
            c.flagsLogic(r);
        }
    }

    private static final class CmpRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = g[s];
            final long r = a - b;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class CmpRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a - b;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class CmpRm extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long b = c.mmu.read64(ea(c));
            final long a = g[d];
            final long r = a - b;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class CmpMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long a = c.mmu.read64(ea(c));
            final long b = c.gpr[s];
            final long r = a - b;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class CmpMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long a = c.mmu.read64(ea(c));
            final long b = imm;
            final long r = a - b;
            c.flagsSub64(a, b, r);
        }
    }

    private static final class TestRr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = g[s];
            final long r = a & b;
            c.flagsLogic(r);
        }
    }

    private static final class TestRi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final long b = imm;
            final long r = a & b;
            c.flagsLogic(r);
        }
    }

    private static final class TestMr extends Hot {
        @Override
        public void run(final Cpu c) {
            final long a = c.mmu.read64(ea(c));
            final long b = c.gpr[s];
            final long r = a & b;
            c.flagsLogic(r);
        }
    }

    private static final class TestMi extends Hot {
        @Override
        public void run(final Cpu c) {
            final long a = c.mmu.read64(ea(c));
            final long b = imm;
            final long r = a & b;
            c.flagsLogic(r);
        }
    }

    private static final class IncR extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long r = g[d] + 1;
            g[d] = r;
            c.flagsInc64(r);
        }
    }

    private static final class IncM extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long r = c.mmu.readForWrite64(at) + 1;
            c.mmu.write64(at, r);
            c.flagsInc64(r);
        }
    }

    private static final class DecR extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long r = g[d] - 1;
            g[d] = r;
            c.flagsDec64(r);
        }
    }

    private static final class DecM extends Hot {
        @Override
        public void run(final Cpu c) {
            final long at = ea(c);
            final long r = c.mmu.readForWrite64(at) - 1;
            c.mmu.write64(at, r);
            c.flagsDec64(r);
        }
    }
}
