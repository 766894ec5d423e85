package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.InstructionTable;

/** Software interrupts, and the encodings that are undefined on purpose. */
final class Traps {
    private Traps() {
    }

    static void register(final InstructionTable t) {
        t.add("CC", "INT3", "", (c, i) -> c.softwareInterrupt(CpuFault.BP)).ends();
        t.add("CD ib", "INT", "Ib", (c, i) -> c.softwareInterrupt((int) i.imm & 0xff)).ends();
        t.add("CE", "INTO", "", Traps::into).not64().ends();
        t.add("F1", "INT1", "", (c, i) -> c.softwareInterrupt(CpuFault.DB)).ends();
        t.add("0F 0B", "UD2", "", Traps::undefined).ends();
        t.add("0F B9 /r", "UD1", "Gv,Ev", Traps::undefined).ends();
        t.add("0F FF /r", "UD0", "Gv,Ev", Traps::undefined).ends();
        t.add("D6", "SALC", "", (c, i) -> c.setRegister(Cpu.RAX, 1, -c.carry())).not64();
    }

    private static void undefined(final Cpu c, final Insn i) {
        throw c.raise(CpuFault.UD);
    }

    private static void into(final Cpu c, final Insn i) {
        if (c.of()) {
            c.softwareInterrupt(CpuFault.OF);
        }
    }
}
