package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.PrivilegedOp;

/**
 * IN, OUT, INS and OUTS. At a level within IOPL, or with the ports' bits clear in the task's I/O map, the environment's
 * port is used; otherwise the environment is asked, and the string forms, once allowed, do their elements by its IN and OUT.
 */
final class PortIo {

    private PortIo() {
    }

    static void in(final Cpu c, final int port, final int size) {
        if (!allowed(c, port, size)) {
            c.privileged(PrivilegedOp.IN, port, size);
            return;
        }
        DebugRegisters.notePortAccess(c, port, size);
        c.setRegister(Cpu.RAX, size, c.env.readPort(c, port, size));
    }

    static void out(final Cpu c, final int port, final int size) {
        if (!allowed(c, port, size)) {
            c.privileged(PrivilegedOp.OUT, port, size);
            return;
        }
        DebugRegisters.notePortAccess(c, port, size);
        c.env.writePort(c, port, size, c.register(Cpu.RAX, size));
    }

    /** INS with or without a repeat prefix; registers are exact whenever it faults. Privilege comes before the count. */
    static void ins(final Cpu c, final Insn i, final int size) {
        final int port = port(c);
        final boolean direct = allowed(c, port, size);
        if (!direct) {
            c.privileged(PrivilegedOp.INS, port, size);
        }
        while (due(c, i)) {
            final long linear = c.linear(Cpu.ES, c.gpr[Cpu.RDI] & i.addressMask, size, true);
            c.mmu.checkWrite(linear, size);
            DebugRegisters.notePortAccess(c, port, size);
            c.write(linear, size, direct ? c.env.readPort(c, port, size) : emulatedIn(c, port, size));
            advance(c, i, Cpu.RDI, size);
            if (done(c, i)) {
                return;
            }
        }
    }

    /** OUTS with or without a repeat prefix. */
    static void outs(final Cpu c, final Insn i, final int size) {
        final int port = port(c);
        final boolean direct = allowed(c, port, size);
        if (!direct) {
            c.privileged(PrivilegedOp.OUTS, port, size);
        }
        while (due(c, i)) {
            final long linear = c.linear(i.seg, c.gpr[Cpu.RSI] & i.addressMask, size, false);
            final long value = c.read(linear, size);
            DebugRegisters.notePortAccess(c, port, size);
            if (direct) {
                c.env.writePort(c, port, size, value);
            } else {
                emulatedOut(c, port, size, value);
            }
            advance(c, i, Cpu.RSI, size);
            if (done(c, i)) {
                return;
            }
        }
    }

    /** One element by the environment's IN, whose result comes in the accumulator, which INS leaves alone. */
    private static long emulatedIn(final Cpu c, final int port, final int size) {
        final long accumulator = c.gpr[Cpu.RAX];
        c.privileged(PrivilegedOp.IN, port, size);
        final long value = c.register(Cpu.RAX, size);
        c.gpr[Cpu.RAX] = accumulator;
        return value;
    }

    private static void emulatedOut(final Cpu c, final int port, final int size, final long value) {
        final long accumulator = c.gpr[Cpu.RAX];
        c.setRegister(Cpu.RAX, size, value);
        try {
            c.privileged(PrivilegedOp.OUT, port, size);
        } finally {
            c.gpr[Cpu.RAX] = accumulator;
        }
    }

    private static boolean due(final Cpu c, final Insn i) {
        return i.rep == 0 || (c.gpr[Cpu.RCX] & i.addressMask) != 0;
    }

    /** Counts an element; true when it was the only one. */
    private static boolean done(final Cpu c, final Insn i) {
        if (i.rep == 0) {
            return true;
        }
        c.setRegister(Cpu.RCX, i.addressSize, c.gpr[Cpu.RCX] - 1);
        return false;
    }

    private static void advance(final Cpu c, final Insn i, final int register, final int size) {
        c.setRegister(register, i.addressSize, c.gpr[register] + (c.df() ? -size : size));
    }

    static int port(final Cpu c) {
        return (int) c.gpr[Cpu.RDX] & 0xFFFF;
    }

    private static boolean allowed(final Cpu c, final int port, final int size) {
        return c.cpl() <= c.iopl() || TaskState.portsAllowed(c, port, size);
    }

    /** CLI and STI need I/O privilege; anything less asks the environment. */
    static void setInterrupts(final Cpu c, final boolean on) {
        if (c.cpl() > c.iopl()) {
            c.privileged(on ? PrivilegedOp.STI : PrivilegedOp.CLI, 0, 0);
            return;
        }
        if (on && (c.systemFlags() & io.xenolith.x86.Eflags.IF) == 0) {
            c.shadow();
        }
        c.setIf(on);
    }

    /** HLT. */
    static void halt(final Cpu c) {
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.HLT, 0, 0);
            return;
        }
        c.env.halt(c);
    }

    /** RDPMC: no counter is implemented, so every index is invalid. */
    static void readCounter(final Cpu c) {
        if (c.cpl() != 0 && (c.cr4 & Cpu.CR4_PCE) == 0) {
            c.privileged(PrivilegedOp.RDPMC, 0, 0);
            return;
        }
        throw c.raise(CpuFault.GP, 0);
    }
}
