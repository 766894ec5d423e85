package io.xenolith.x86.fpu;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;

/**
 * What happens before and after an x87 instruction: #NM, the exception left by an earlier instruction, and the pointers to the last
 * instruction.
 *
 * <p>With CR0.NE clear, silicon reports through its FERR# pin, and a PC's board answers with interrupt 13 and the IGNNE# pin. No
 * such board is modelled: the pin is taken as asserted, so that the instruction proceeds, as a PC does once its handler has
 * acknowledged.
 */
final class X87Gate {
    private X87Gate() {
    }

    /** Arithmetic and data movement: waits for earlier exceptions, updates the last-instruction pointers. */
    static Exec waiting(Exec body) {
        return (c, i) -> {
            check(c);
            body.exec(c, i);
            leave(c, i);
        };
    }

    /** Control instructions that wait: pointers stay. */
    static Exec control(Exec body) {
        return (c, i) -> {
            check(c);
            body.exec(c, i);
        };
    }

    /** Control instructions that do not wait. */
    static Exec noWait(Exec body) {
        return (c, i) -> {
            available(c);
            body.exec(c, i);
        };
    }

    /** #NM when the unit is not at this task's disposal, #MF when an exception is pending. */
    static void check(Cpu c) {
        available(c);
        pendingException(c);
    }

    private static void available(Cpu c) {
        if ((c.cr0 & (Cpu.CR0_EM | Cpu.CR0_TS)) != 0) {
            throw c.raise(CpuFault.NM);
        }
    }

    /** #MF for an exception left by an earlier instruction. */
    static void pendingException(Cpu c) {
        if (c.fpu.pending() && (c.cr0 & Cpu.CR0_NE) != 0) {
            throw c.raise(CpuFault.MF);
        }
    }

    private static void leave(Cpu c, Insn i) {
        FpuState fpu = c.fpu;
        fpu.lastIp = c.ip;
        if (fpu.pending()) {
            fpu.lastOpcode = (i.row.encoding().opcode() & 7) << 8 | i.mod << 6 | (i.reg & 7) << 3 | i.rm & 7;
            if (i.isMemory()) {
                fpu.lastDp = i.ea(c);
            }
        }
    }

    /** FWAIT. */
    static void await(Cpu c) {
        long both = Cpu.CR0_MP | Cpu.CR0_TS;
        if ((c.cr0 & both) == both) {
            throw c.raise(CpuFault.NM);
        }
        pendingException(c);
    }
}
