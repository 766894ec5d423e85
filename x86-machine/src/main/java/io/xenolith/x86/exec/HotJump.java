package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;

/** Conditional jumps, one class to a condition so that none decides at run time which it is. */
final class HotJump {
    private HotJump() {
    }

    /** A branch with a displacement. */
    abstract static class Direct extends Hot {
        /** From the start of the block. */
        long taken;
        /** From the start of the block. */
        long fallThrough;
        long ipMask;
    }

    /** A conditional branch. */
    abstract static class Conditional extends Direct {
        /** Condition code, 0 to 15. */
        int condition;
    }

    /** A conditional jump for condition code 0 to 15. */
    static Conditional of(final int code) {
        final Conditional jump = forCode(code);
        jump.condition = code;
        return jump;
    }

    private static Conditional forCode(final int code) {
        return switch (code) {
            case 0 -> new JumpO();
            case 1 -> new JumpNo();
            case 2 -> new JumpB();
            case 3 -> new JumpNb();
            case 4 -> new JumpZ();
            case 5 -> new JumpNz();
            case 6 -> new JumpBe();
            case 7 -> new JumpNbe();
            case 8 -> new JumpS();
            case 9 -> new JumpNs();
            case 10 -> new JumpP();
            case 11 -> new JumpNp();
            case 12 -> new JumpL();
            case 13 -> new JumpNl();
            case 14 -> new JumpLe();
            default -> new JumpNle();
        };
    }

    private static final class JumpO extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNo extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpB extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.cf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNb extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.cf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpZ extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.flagResult == 0 ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNz extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.flagResult != 0 ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpBe extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.cf() || c.zf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNbe extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.cf() && !c.zf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpS extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.sf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNs extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.sf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpP extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.pf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNp extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.pf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpL extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.sf() != c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNl extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.sf() == c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpLe extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.zf() || c.sf() != c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNle extends Conditional {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.zf() && c.sf() == c.of() ? taken : fallThrough) & ipMask;
        }
    }
}
