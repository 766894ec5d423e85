package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;

/** Decimal adjustment. Flags that the manual leaves undefined are cleared, or follow the result. */
final class Bcd {
    private Bcd() {
    }

    static void register(final InstructionTable t) {
        t.add("27", "DAA", "", (c, i) -> decimal(c, 1)).not64().undefined(Eflags.OF);
        t.add("2F", "DAS", "", (c, i) -> decimal(c, -1)).not64().undefined(Eflags.OF);
        final int ascii = Eflags.OF | Eflags.SF | Eflags.ZF | Eflags.PF;
        t.add("37", "AAA", "", (c, i) -> ascii(c, 1)).not64().undefined(ascii);
        t.add("3F", "AAS", "", (c, i) -> ascii(c, -1)).not64().undefined(ascii);
        final int multiply = Eflags.OF | Eflags.AF | Eflags.CF;
        t.add("D4 ib", "AAM", "Ib", Bcd::aam).not64().undefined(multiply);
        t.add("D5 ib", "AAD", "Ib", Bcd::aad).not64().undefined(multiply);
    }

    private static void decimal(final Cpu c, final int sign) {
        final int old = (int) c.gpr[Cpu.RAX] & 0xff;
        final boolean oldCarry = c.cf();
        int al = old;
        boolean carry = false;
        final boolean adjust = (old & 0xf) > 9 || c.af();
        if (adjust) {
            al += 6 * sign;
            carry = oldCarry || (al & ~0xff) != 0;
        }
        if (old > 0x99 || oldCarry) {
            al += 0x60 * sign;
            carry = true;
        }
        finish(c, al, carry, adjust);
    }

    private static void finish(final Cpu c, final int al, final boolean carry, final boolean adjust) {
        c.setRegister(Cpu.RAX, 1, al);
        c.flagsShift((byte) al, carry, false);
        c.flagCarries |= adjust ? 8 : 0;
    }

    private static void ascii(final Cpu c, final int sign) {
        final int ax = (int) c.gpr[Cpu.RAX] & 0xffff;
        final boolean adjust = (ax & 0xf) > 9 || c.af();
        final int sum = adjust ? ax + sign * 0x106 : ax;
        c.setRegister(Cpu.RAX, 2, sum & 0xff0f);
        c.flagsShift((byte) (sum & 0xf), adjust, false);
        c.flagCarries |= adjust ? 8 : 0;
    }

    private static void aam(final Cpu c, final Insn i) {
        final int base = (int) i.imm & 0xff;
        if (base == 0) {
            throw c.raise(CpuFault.DE);
        }
        final int al = (int) c.gpr[Cpu.RAX] & 0xff;
        c.setRegister(Cpu.RAX, 2, al / base << 8 | al % base);
        c.flagsLogic((byte) (al % base));
    }

    private static void aad(final Cpu c, final Insn i) {
        final int ax = (int) c.gpr[Cpu.RAX] & 0xffff;
        final int r = (ax & 0xff) + (ax >> 8) * ((int) i.imm & 0xff) & 0xff;
        c.setRegister(Cpu.RAX, 2, r);
        c.flagsLogic((byte) r);
    }
}
