package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.Operand;

/** Instructions that work on the stack, apart from calls. Registers change only when nothing can fault any more. */
final class StackOps {
    /** What POPF may change at any level. */
    private static final int USER_FLAGS = Eflags.ARITHMETIC | Eflags.TF | Eflags.DF | Eflags.NT | Eflags.AC | Eflags.ID;

    private StackOps() {
    }

    static void register(final InstructionTable t) {
        t.add("50+r", "PUSH", "Zv", StackOps::push).default64().hot(HotStack::push);
        t.add("FF /6", "PUSH", "Ev", StackOps::push).default64().hot(HotStack::push);
        t.add("68 iz", "PUSH", "Iz", StackOps::push).default64().hot(HotStack::push);
        t.add("6A ib", "PUSH", "Ib", StackOps::push).default64().hot(HotStack::push);
        t.add("58+r", "POP", "Zv", StackOps::popRegister).default64().hot(HotStack::pop);
        t.add("8F /0", "POP", "Ev", StackOps::pop).default64();
        t.add("60", "PUSHA", "", StackOps::pusha).not64();
        t.add("61", "POPA", "", StackOps::popa).not64();
        t.add("9C", "PUSHF", "", StackOps::pushf).default64();
        t.add("9D", "POPF", "", StackOps::popf).default64().ends();
        t.add("C8 iw ib", "ENTER", "Iw,Ib", StackOps::enter).default64();
        t.add("C9", "LEAVE", "", StackOps::leave).default64().hot(HotStack::leave);
    }

    private static void push(final Cpu c, final Insn i) {
        c.push(i.operandSize, Ops.read(c, i, 0));
    }

    private static void popRegister(final Cpu c, final Insn i) {
        final long v = c.pop(i.operandSize);
        Ops.write(c, i, 0, v);
    }

    private static void pop(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        if (!d.memory()) {
            popRegister(c, i);
            return;
        }
        final long sp = c.gpr[Cpu.RSP];
        final long v = c.pop(i.operandSize);
        boolean stored = false;
        try {
            // the address is computed with the stack pointer already moved
            Ops.write(c, i, 0, v);
            stored = true;
        } finally {
            if (!stored) {
                c.gpr[Cpu.RSP] = sp;
            }
        }
    }

    private static void pusha(final Cpu c, final Insn i) {
        final int size = i.operandSize;
        for (int r = 0; r < 8; r++) {
            final long at = c.gpr[Cpu.RSP] - (long) (r + 1) * size & c.stackMask();
            c.write(c.linear(Cpu.SS, at, size, true), size, c.gpr[r]);
        }
        c.setSp(c.gpr[Cpu.RSP] - 8L * size);
    }

    /** Registers are loaded one after the other, also when a later one faults; the stack pointer moves at the end. */
    private static void popa(final Cpu c, final Insn i) {
        final int size = i.operandSize;
        for (int r = 7; r >= 0; r--) {
            final long v = c.peek((7L - r) * size, size);
            if (r != Cpu.RSP) {
                c.setRegister(r, size, v);
            }
        }
        c.setSp(c.gpr[Cpu.RSP] + 8L * size);
    }

    private static void pushf(final Cpu c, final Insn i) {
        c.push(i.operandSize, c.eflags() & ~(Eflags.VM | Eflags.RF));
    }

    private static void popf(final Cpu c, final Insn i) {
        int changeable = USER_FLAGS;
        if (c.cpl() == 0) {
            changeable |= Eflags.IOPL;
        }
        if (c.cpl() <= c.iopl()) {
            changeable |= Eflags.IF;
        }
        final int kept = i.operandSize == 2 ? 0xffff_0000 : 0;
        final int v = (int) c.pop(i.operandSize);
        changeable &= ~kept;
        c.setEflags((c.eflags() & ~changeable | v & changeable) & ~(kept == 0 ? Eflags.RF : 0));
    }

    private static void enter(final Cpu c, final Insn i) {
        final int size = i.operandSize;
        final int level = (int) i.imm2 & 31;
        final long mask = c.stackMask();
        long sp = c.gpr[Cpu.RSP] - size & mask;
        store(c, sp, size, c.gpr[Cpu.RBP]);
        // the whole register, of which a 16-bit stack has changed the low half
        final long frame = c.gpr[Cpu.RSP] & ~mask | sp;
        long bp = c.gpr[Cpu.RBP];
        for (int k = 1; k < level; k++) {
            bp -= size;
            sp = sp - size & mask;
            store(c, sp, size, c.read(c.linear(Cpu.SS, bp & mask, size, false), size));
        }
        if (level > 0) {
            sp = sp - size & mask;
            store(c, sp, size, frame);
        }
        sp = sp - (i.imm & 0xffff) & mask;
        // the new top of the stack must be writable even though nothing is stored there
        c.mmu.checkWrite(c.linear(Cpu.SS, sp, size, true), size);
        c.setRegister(Cpu.RBP, size, frame);
        c.setSp(sp);
    }

    private static void store(final Cpu c, final long sp, final int size, final long v) {
        c.write(c.linear(Cpu.SS, sp, size, true), size, v);
    }

    private static void leave(final Cpu c, final Insn i) {
        final int size = i.operandSize;
        final long at = c.gpr[Cpu.RBP] & c.stackMask();
        final long v = c.read(c.linear(Cpu.SS, at, size, false), size);
        c.setSp(at + size);
        c.setRegister(Cpu.RBP, size, v);
    }
}
