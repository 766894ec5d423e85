package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Operand;

/** Shifts and rotates of registers by a constant. */
final class HotShift {
    private static final long MASK32 = 0xffff_ffffL;

    private HotShift() {
    }

    /**
     * The specialised form.
     *
     * @param op 0 to 7 as in the opcode
     * @return null when there is none
     */
    static Insn shift(final Insn i, final int op) {
        final Operand d = i.operands[0];
        final int count = count(i) & (d.size() == 8 ? 63 : 31);
        if (d.kind() != Operand.Kind.GPR || d.size() < 4 || count == 0) {
            return null;
        }
        final Hot h = d.size() == 4 ? of32(op) : of64(op);
        if (h == null) {
            return null;
        }
        i.copyTo(h);
        h.d = d.number();
        h.imm = count;
        return h;
    }

    private static int count(final Insn i) {
        return switch (i.operands[1].kind()) {
            case IMM -> (int) i.imm;
            case CONSTANT -> i.operands[1].number();
            default -> 0;
        };
    }

    private static Hot of32(final int op) {
        return switch (op) {
            case 0 -> new Rol32();
            case 1 -> new Ror32();
            case 4, 6 -> new Shl32();
            case 5 -> new Shr32();
            case 7 -> new Sar32();
            default -> null;
        };
    }

    private static Hot of64(final int op) {
        return switch (op) {
            case 0 -> new Rol64();
            case 1 -> new Ror64();
            case 4, 6 -> new Shl64();
            case 5 -> new Shr64();
            case 7 -> new Sar64();
            default -> null;
        };
    }

    private static final class Shl32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int n = (int) imm;
            final int r = a << n;
            final boolean carry = a << n - 1 < 0;
            g[d] = r & MASK32;
            c.flagsShift(r, carry, carry != r < 0);
        }
    }

    private static final class Shr32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int n = (int) imm;
            final int r = a >>> n;
            g[d] = r & MASK32;
            c.flagsShift(r, (a >>> n - 1 & 1) != 0, n == 1 && a < 0);
        }
    }

    private static final class Sar32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int n = (int) imm;
            final int r = a >> n;
            g[d] = r & MASK32;
            c.flagsShift(r, (a >> n - 1 & 1) != 0, false);
        }
    }

    private static final class Rol32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int n = (int) imm;
            final int r = Integer.rotateLeft(a, n);
            final boolean carry = (r & 1) != 0;
            g[d] = r & MASK32;
            c.setCarryAndOverflow(carry, carry != r < 0);
        }
    }

    private static final class Ror32 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final int a = (int) g[d];
            final int n = (int) imm;
            final int r = Integer.rotateRight(a, n);
            g[d] = r & MASK32;
            c.setCarryAndOverflow(r < 0, r < 0 != r << 1 < 0);
        }
    }

    private static final class Shl64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final int n = (int) imm;
            final long r = a << n;
            final boolean carry = a << n - 1 < 0;
            g[d] = r;
            c.flagsShift(r, carry, carry != r < 0);
        }
    }

    private static final class Shr64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final int n = (int) imm;
            final long r = a >>> n;
            g[d] = r;
            c.flagsShift(r, (a >>> n - 1 & 1) != 0, n == 1 && a < 0);
        }
    }

    private static final class Sar64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final int n = (int) imm;
            final long r = a >> n;
            g[d] = r;
            c.flagsShift(r, (a >> n - 1 & 1) != 0, false);
        }
    }

    private static final class Rol64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final int n = (int) imm;
            final long r = Long.rotateLeft(a, n);
            final boolean carry = (r & 1) != 0;
            g[d] = r;
            c.setCarryAndOverflow(carry, carry != r < 0);
        }
    }

    private static final class Ror64 extends Hot {
        @Override
        public void run(final Cpu c) {
            final long[] g = c.gpr;
            final long a = g[d];
            final int n = (int) imm;
            final long r = Long.rotateRight(a, n);
            g[d] = r;
            c.setCarryAndOverflow(r < 0, r < 0 != r << 1 < 0);
        }
    }
}
