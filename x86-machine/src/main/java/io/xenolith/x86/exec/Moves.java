package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.Operand;

/** Moves, exchanges, extensions, address computation, and instructions that do nothing. */
final class Moves {
    private static final long MASK32 = 0xffff_ffffL;

    private Moves() {
    }

    static void register(final InstructionTable t) {
        final String[][] forms = {
            {"88 /r", "Eb,Gb"}, {"89 /r", "Ev,Gv"}, {"8A /r", "Gb,Eb"}, {"8B /r", "Gv,Ev"}, {"A0", "AL,Ob"},
            {"A1", "rAX,Ov"}, {"A2", "Ob,AL"}, {"A3", "Ov,rAX"}, {"B0+r ib", "Zb,Ib"}, {"B8+r iv", "Zv,Iv"},
            {"C6 /0 ib", "Eb,Ib"}, {"C7 /0 iz", "Ev,Iz"}};
        for (final String[] form : forms) {
            t.add(form[0], "MOV", form[1], Moves::mov).hot(HotMove::mov);
        }
        t.add("0F B6 /r", "MOVZX", "Gv,Eb", Moves::mov).hot(HotMove::movzx);
        t.add("0F B7 /r", "MOVZX", "Gv,Ew", Moves::mov).hot(HotMove::movzx);
        t.add("0F BE /r", "MOVSX", "Gv,Eb", (c, i) -> movsx(c, i, 1)).hot(HotMove::movsx);
        t.add("0F BF /r", "MOVSX", "Gv,Ew", (c, i) -> movsx(c, i, 2)).hot(HotMove::movsx);
        t.add("63 /r", "MOVSXD", "Gv,Ez", (c, i) -> movsx(c, i, i.operands[1].size())).only64();
        t.add("8D /r", "LEA", "Gv,M", (c, i) -> Ops.write(c, i, 0, i.ea(c))).hot(HotMove::lea);
        exchanges(t);
        extensions(t);
        nops(t);
        t.add("D7", "XLAT", "", Moves::xlat);
        t.add("62 /r", "BOUND", "Gv,Ma", Moves::bound).not64();
    }

    private static void exchanges(final InstructionTable t) {
        t.add("86 /r", "XCHG", "Eb,Gb", Moves::xchg).lockable();
        t.add("87 /r", "XCHG", "Ev,Gv", Moves::xchg).lockable();
        t.add("90+r", "XCHG", "Zv,rAX", Moves::xchgAccumulator);
        t.add("0F C0 /r", "XADD", "Eb,Gb", Moves::xadd).lockable().feature(Feature.I486);
        t.add("0F C1 /r", "XADD", "Ev,Gv", Moves::xadd).lockable().feature(Feature.I486);
        t.add("0F B0 /r", "CMPXCHG", "Eb,Gb", Moves::cmpxchg).lockable().feature(Feature.I486);
        t.add("0F B1 /r", "CMPXCHG", "Ev,Gv", Moves::cmpxchg).lockable().feature(Feature.I486);
        t.add("0F C7 /1", "CMPXCHG8B", "Mq", Moves::cmpxchg8b).lockable().feature(Feature.PENTIUM);
        // CMPXCHG16B is not announced by CPUID: there is no 16-byte compare-and-swap to build it on
        t.add("REX.W 0F C7 /1", "CMPXCHG16B", "Mdq", (c, i) -> {
            throw c.raise(CpuFault.UD);
        }).only64().ends();
    }

    private static void extensions(final InstructionTable t) {
        t.add("98", "CBW", "", (c, i) ->
            c.setRegister(Cpu.RAX, i.operandSize, Ops.signed(c.gpr[Cpu.RAX], i.operandSize / 2)));
        t.add("99", "CWD", "", (c, i) ->
            c.setRegister(Cpu.RDX, i.operandSize, Ops.signed(c.gpr[Cpu.RAX], i.operandSize) >> 63));
        t.add("9F", "LAHF", "", (c, i) ->
            c.gpr[Cpu.RAX] = c.gpr[Cpu.RAX] & ~0xff00L | (c.eflags() & 0xff) << 8);
        t.add("9E", "SAHF", "", (c, i) ->
            c.setArithmeticFlags(c.eflags() & Eflags.OF | (int) (c.gpr[Cpu.RAX] >> 8) & 0xd5));
        t.add("F8", "CLC", "", (c, i) -> c.setCf(false));
        t.add("F9", "STC", "", (c, i) -> c.setCf(true));
        t.add("F5", "CMC", "", (c, i) -> c.setCf(!c.cf()));
        t.add("FC", "CLD", "", (c, i) -> c.setDf(false));
        t.add("FD", "STD", "", (c, i) -> c.setDf(true));
    }

    private static void nops(final InstructionTable t) {
        t.add("0F 1F /0", "NOP", "Ev", Moves::nothing).feature(Feature.P6);
        for (int op = 0x18; op <= 0x1f; op++) {
            for (int digit = op == 0x1f ? 1 : 0; digit < 8; digit++) {
                final boolean prefetch = op == 0x18 && digit < 4;
                t.add("0F " + Ops.hex(op) + " /" + digit, prefetch ? "PREFETCH" : "NOP", "Ev", Moves::nothing)
                    .feature(Feature.P6);
            }
        }
        t.add("0F 0D /r", "PREFETCHW", "Ev", Moves::nothing).feature(Feature.P6);
    }

    private static void nothing(final Cpu c, final Insn i) {
        // hints have no architectural effect, not even the access
    }

    private static void mov(final Cpu c, final Insn i) {
        Ops.write(c, i, 0, Ops.read(c, i, 1));
    }

    private static void movsx(final Cpu c, final Insn i, final int from) {
        Ops.write(c, i, 0, Ops.readSigned(c, i, 1, from));
    }

    private static void xchg(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        final Operand s = i.operands[1];
        final long b = Ops.readRegister(c, s);
        if (!d.memory()) {
            final long a = Ops.readRegister(c, d);
            Ops.writeRegister(c, d, b);
            Ops.writeRegister(c, s, a);
            return;
        }
        // locked with or without the prefix
        final int size = d.size();
        final long linear = i.linear(c, size, true);
        long a;
        do {
            a = c.readForWrite(linear, size);
        } while (!c.cas(linear, size, a, b));
        Ops.writeRegister(c, s, a);
    }

    private static void xchgAccumulator(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        if (d.number() == Cpu.RAX) {
            // NOP: not even the upper half is cleared
            return;
        }
        xchg(c, i);
    }

    private static void xadd(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        final Operand s = i.operands[1];
        final int size = d.size();
        final long b = Ops.signed(Ops.readRegister(c, s), size);
        long a;
        long r;
        if (d.memory()) {
            final long linear = i.linear(c, size, true);
            do {
                a = Ops.signed(c.readForWrite(linear, size), size);
                r = Ops.signed(a + b, size);
            } while (!Ops.update(c, i, linear, size, a, r));
            Ops.writeRegister(c, s, a);
        } else {
            a = Ops.signed(Ops.readRegister(c, d), size);
            r = Ops.signed(a + b, size);
            Ops.writeRegister(c, s, a);
            Ops.writeRegister(c, d, r);
        }
        c.flagsAdd(size, a, b, r);
    }

    private static void cmpxchg(final Cpu c, final Insn i) {
        final Operand d = i.operands[0];
        final int size = d.size();
        final long accumulator = Ops.signed(c.gpr[Cpu.RAX], size);
        final long source = Ops.read(c, i, 1);
        long old;
        if (d.memory()) {
            old = Ops.signed(cmpxchgMemory(c, i, size, accumulator, source), size);
        } else {
            old = Ops.signed(Ops.readRegister(c, d), size);
            if (old == accumulator) {
                Ops.writeRegister(c, d, source);
            }
        }
        if (old != accumulator) {
            c.setRegister(Cpu.RAX, size, old);
        }
        c.flagsSub(size, accumulator, old, Ops.signed(accumulator - old, size));
    }

    /** The old value. On inequality it is stored back, as silicon does: the write rights are needed either way. */
    private static long cmpxchgMemory(final Cpu c, final Insn i, final int size, final long accumulator,
                                      final long source) {
        final long linear = i.linear(c, size, true);
        for (;;) {
            final long old = c.readForWrite(linear, size);
            if (Ops.signed(old, size) != accumulator) {
                return old;
            }
            if (Ops.update(c, i, linear, size, old, source)) {
                return old;
            }
        }
    }

    private static void cmpxchg8b(final Cpu c, final Insn i) {
        final long linear = i.linear(c, 8, true);
        final long expected = c.gpr[Cpu.RDX] << 32 | c.gpr[Cpu.RAX] & MASK32;
        final long update = c.gpr[Cpu.RCX] << 32 | c.gpr[Cpu.RBX] & MASK32;
        for (;;) {
            final long old = c.readForWrite(linear, 8);
            if (old != expected) {
                c.setRegister(Cpu.RAX, 4, old);
                c.setRegister(Cpu.RDX, 4, old >>> 32);
                c.setArithmeticFlags(c.eflags() & ~Eflags.ZF);
                return;
            }
            if (Ops.update(c, i, linear, 8, old, update)) {
                c.setArithmeticFlags(c.eflags() | Eflags.ZF);
                return;
            }
        }
    }

    private static void xlat(final Cpu c, final Insn i) {
        final long at = c.gpr[Cpu.RBX] + (c.gpr[Cpu.RAX] & 0xff) & i.addressMask;
        c.setRegister(Cpu.RAX, 1, c.read8(c.linear(i.seg, at, 1, false)));
    }

    private static void bound(final Cpu c, final Insn i) {
        final int size = i.operandSize;
        final long index = Ops.readSigned(c, i, 0, size);
        final long at = i.ea(c);
        final long low = Ops.signed(c.read(c.linear(i.seg, at, size, false), size), size);
        // below the lower bound the upper one is not even read
        if (index < low
            || index > Ops.signed(c.read(c.linear(i.seg, at + size & i.addressMask, size, false), size), size)) {
            throw c.raise(CpuFault.BR);
        }
    }
}
