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

    /** A conditional jump for condition code 0 to 15. */
    static Direct of(final int code) {
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

    private static final class JumpO extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNo extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpB extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.cf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNb extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.cf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpZ extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.flagResult == 0 ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNz extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.flagResult != 0 ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpBe extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.cf() || c.zf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNbe extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.cf() && !c.zf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpS extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.sf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNs extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.sf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpP extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.pf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNp extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.pf() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpL extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.sf() != c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNl extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.sf() == c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpLe extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (c.zf() || c.sf() != c.of() ? taken : fallThrough) & ipMask;
        }
    }

    private static final class JumpNle extends Direct {
        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + (!c.zf() && c.sf() == c.of() ? taken : fallThrough) & ipMask;
        }
    }
}
