package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.PrivilegedOp;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;

/** Instructions that call upon the environment: software interrupts, system calls, ports, CPUID, the time stamp. */
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
        t.add("0F 05", "SYSCALL", "", Traps::syscall).only64().ends().feature(Feature.SYSCALL);
        t.add("0F 34", "SYSENTER", "", Traps::sysenter).ends().feature(Feature.SYSENTER);
        t.add("0F A2", "CPUID", "", (c, i) -> c.env.cpuid(c)).ends().feature(Feature.PENTIUM);
        t.add("0F 31", "RDTSC", "", Traps::rdtsc).ends().feature(Feature.PENTIUM);
        t.add("E4 ib", "IN", "AL,Ib", (c, i) -> in(c, i.imm & 0xff, 1)).privileged().ends();
        t.add("E5 ib", "IN", "eAX,Ib", (c, i) -> in(c, i.imm & 0xff, wide(i))).privileged().ends();
        t.add("EC", "IN", "AL,DX", (c, i) -> in(c, c.gpr[Cpu.RDX] & 0xffff, 1)).privileged().ends();
        t.add("ED", "IN", "eAX,DX", (c, i) -> in(c, c.gpr[Cpu.RDX] & 0xffff, wide(i))).privileged().ends();
        t.add("E6 ib", "OUT", "Ib,AL", (c, i) -> out(c, i.imm & 0xff, 1)).privileged().ends();
        t.add("E7 ib", "OUT", "Ib,eAX", (c, i) -> out(c, i.imm & 0xff, wide(i))).privileged().ends();
        t.add("EE", "OUT", "DX,AL", (c, i) -> out(c, c.gpr[Cpu.RDX] & 0xffff, 1)).privileged().ends();
        t.add("EF", "OUT", "DX,eAX", (c, i) -> out(c, c.gpr[Cpu.RDX] & 0xffff, wide(i))).privileged().ends();
        t.add("D6", "SALC", "", (c, i) -> c.setRegister(Cpu.RAX, 1, -c.carry())).not64();
    }

    private static int wide(final Insn i) {
        return Math.min(i.operandSize, 4);
    }

    private static void undefined(final Cpu c, final Insn i) {
        throw c.raise(CpuFault.UD);
    }

    private static void into(final Cpu c, final Insn i) {
        if (c.of()) {
            c.softwareInterrupt(CpuFault.OF);
        }
    }

    private static void syscall(final Cpu c, final Insn i) {
        if ((c.efer & Cpu.EFER_SCE) == 0) {
            throw c.raise(CpuFault.UD);
        }
        c.env.syscall(c);
        c.transferred();
    }

    private static void sysenter(final Cpu c, final Insn i) {
        c.env.sysenter(c);
        c.transferred();
    }

    private static void rdtsc(final Cpu c, final Insn i) {
        if ((c.cr4 & Cpu.CR4_TSD) != 0 && c.cpl() != 0) {
            c.privileged(PrivilegedOp.RDTSC, 0, 0);
            return;
        }
        final long t = c.env.rdtsc(c);
        c.setRegister(Cpu.RAX, 4, t);
        c.setRegister(Cpu.RDX, 4, t >>> 32);
    }

    /** Ports are the environment's at any privilege level: it knows the I/O permissions and the devices. */
    private static void in(final Cpu c, final long port, final int size) {
        c.privileged(PrivilegedOp.IN, port, size);
    }

    private static void out(final Cpu c, final long port, final int size) {
        c.privileged(PrivilegedOp.OUT, port, size);
    }
}
