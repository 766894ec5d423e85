package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;

/** Near control transfers. */
final class Branches {
    private Branches() {
    }

    static void register(final InstructionTable t) {
        for (int cc = 0; cc < 16; cc++) {
            final int code = cc;
            final String name = "J" + Bits.condition(cc);
            t.add(Ops.hex(0x70 + cc) + " cb", name, "Jb", (c, i) -> conditional(c, i, c.condition(code)))
                .force64().ends().hot((i, flat) -> HotBranch.conditional(i, code, flat));
            t.add("0F " + Ops.hex(0x80 + cc) + " cz", name, "Jz", (c, i) -> conditional(c, i, c.condition(code)))
                .force64().ends().hot((i, flat) -> HotBranch.conditional(i, code, flat));
        }
        t.add("EB cb", "JMP", "Jb", Branches::relative).force64().ends().hot(HotBranch::jump);
        t.add("E9 cz", "JMP", "Jz", Branches::relative).force64().ends().hot(HotBranch::jump);
        t.add("FF /4", "JMP", "Ev", Branches::indirect).force64().ends().hot(HotBranch::indirectJump);
        t.add("E8 cz", "CALL", "Jz", Branches::call).force64().ends().hot(HotBranch::call);
        t.add("FF /2", "CALL", "Ev", Branches::indirectCall).force64().ends().hot(HotBranch::indirectCall);
        t.add("C3", "RET", "", (c, i) -> ret(c, i, 0)).force64().ends().hot(HotBranch::ret);
        t.add("C2 iw", "RET", "Iw", (c, i) -> ret(c, i, (int) i.imm & 0xffff)).force64().ends();
        t.add("E0 cb", "LOOPNE", "Jb", (c, i) -> loop(c, i, !c.zf())).force64().ends();
        t.add("E1 cb", "LOOPE", "Jb", (c, i) -> loop(c, i, c.zf())).force64().ends();
        t.add("E2 cb", "LOOP", "Jb", (c, i) -> loop(c, i, true)).force64().ends();
        t.add("E3 cb", "JCXZ", "Jb", (c, i) -> conditional(c, i, c.register(Cpu.RCX, i.addressSize) == 0))
            .force64().ends();
    }

    private static void conditional(final Cpu c, final Insn i, final boolean taken) {
        if (taken) {
            relative(c, i);
        }
    }

    private static void relative(final Cpu c, final Insn i) {
        c.jump(c.nextIp() + i.imm, i.operandSize);
    }

    private static void indirect(final Cpu c, final Insn i) {
        c.jump(Ops.read(c, i, 0), i.operandSize);
    }

    private static void call(final Cpu c, final Insn i) {
        final long back = c.nextIp();
        call(c, i.operandSize, back, back + i.imm);
    }

    private static void indirectCall(final Cpu c, final Insn i) {
        call(c, i.operandSize, c.nextIp(), Ops.read(c, i, 0));
    }

    /** As silicon does it, the return address is stored before the target is checked; the stack pointer moves last. */
    private static void call(final Cpu c, final int size, final long back, final long target) {
        final long sp = c.gpr[Cpu.RSP] - size & c.stackMask();
        c.write(c.linear(Cpu.SS, sp, size, true), size, back);
        c.jump(target, size);
        c.setSp(sp);
    }

    private static void ret(final Cpu c, final Insn i, final int release) {
        final int size = i.operandSize;
        c.jump(c.peek(0, size), size);
        c.setSp(c.gpr[Cpu.RSP] + size + release);
    }

    private static void loop(final Cpu c, final Insn i, final boolean condition) {
        final long count = Ops.unsigned(c.gpr[Cpu.RCX] - 1, i.addressSize);
        if (count != 0 && condition) {
            relative(c, i);
        }
        c.setRegister(Cpu.RCX, i.addressSize, count);
    }
}
