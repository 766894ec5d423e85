package io.xenolith.x86.system;

import static io.xenolith.x86.asm.Mem.abs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Reg;
import org.junit.jupiter.api.Test;

/** What the comparison with QEMU leaves out because QEMU departs from the manual there. */
class InterruptDeliveryTest {
    private static final int FREE = SmallMachine.FREE;
    private final SmallMachine m = new SmallMachine();

    @Test
    void faultsPushTheResumeFlagTrapsDoNot() {
        m.run(a -> a.ud2());
        assertEquals(CpuFault.UD, m.vector());
        assertEquals(Eflags.RF, m.stack(2) & Eflags.RF);
        m.ring(0);
        m.run(a -> a.int3());
        assertEquals(CpuFault.BP, m.vector());
        assertEquals(0, m.stack(2) & Eflags.RF);
    }

    @Test
    void errorCodesTellExternalEvents() {
        m.gate(6, 0x0E, SmallMachine.CODE0, 0);
        m.run(a -> a.ud2());
        assertEquals("#11(33)", m.fault(), "gate 6 absent while an exception is delivered");
        m.ring(0);
        m.run(a -> a.int_(6));
        assertEquals("#11(32)", m.fault(), "the same by INT 6");
    }

    @Test
    void interruptOfRing3NeedsAnOpenGate() {
        m.ring(3);
        m.run(a -> a.int_(0x50));
        assertEquals("#13(282)", m.fault());
        m.gate(0x50, 0xEE, SmallMachine.CODE0, 0x3050);
        m.ring(3);
        m.run(a -> a.int_(0x50));
        assertEquals(0x50, m.vector());
        assertEquals(SmallMachine.STACK3, m.stack(3));
        assertEquals(SmallMachine.DATA3, m.stack(4));
    }

    @Test
    void doubleFaultTable() {
        assertTrue(BareMetal.doubles(CpuFault.GP, CpuFault.NP));
        assertTrue(BareMetal.doubles(CpuFault.PF, CpuFault.GP));
        assertTrue(BareMetal.doubles(CpuFault.PF, CpuFault.PF));
        assertTrue(BareMetal.doubles(CpuFault.DE, CpuFault.SS));
        assertEquals(false, BareMetal.doubles(CpuFault.GP, CpuFault.PF));
        assertEquals(false, BareMetal.doubles(CpuFault.UD, CpuFault.GP));
        assertEquals(false, BareMetal.doubles(CpuFault.DB, CpuFault.PF));
    }

    @Test
    void faultInTheDoubleFaultHandlerShutsDown() {
        m.cpu.idtrLimit = 0;
        m.run(a -> a.ud2());
        assertEquals(BareMetal.Stop.TRIPLE_FAULT, m.stop);
    }

    @Test
    void callGateToConformingCodeKeepsTheLevel() {
        final int conforming = FREE;
        final int gate = FREE + 8;
        m.descriptor(conforming, 0, 0xFFFFF, 0x9F, 0xC);
        m.put64(SmallMachine.GDT + gate, SmallMachine.gateBytes(0xEC, conforming, SmallMachine.CODE + 0x100, 0));
        m.ring(3);
        m.run(a -> {
            a.callFar(gate | 3, 0, 4);
            a.org(SmallMachine.CODE + 0x100);
            a.mov(Reg.EAX, Reg.CS);
            a.int_(0x50);
        });
        assertEquals(3, m.cpu.gpr[Cpu.RAX] & 3);
        assertEquals("#13(282)", m.fault(), "and ring 3 it still is");
    }

    @Test
    void jumpThroughGateToAbsentCodeIsNotPresent() {
        final int absent = FREE;
        final int gate = FREE + 8;
        m.descriptor(absent, 0, 0xFFFFF, 0x1B, 0xC);
        m.put64(SmallMachine.GDT + gate, SmallMachine.gateBytes(0x8C, absent, SmallMachine.CODE, 0));
        m.run(a -> a.jmpFar(gate, 0, 4));
        assertEquals("#11(30)", m.fault());
    }

    @Test
    void outerStackSegmentAbsentIsAStackFaultAndPresentIsMarked() {
        final int stack = FREE | 3;
        m.descriptor(stack, 0, 0xFFFFF, 0x73, 0xC);
        returnTo(stack);
        assertEquals("#12(30)", m.fault());
        m.descriptor(stack, 0, 0xFFFFF, 0xF2, 0xC);
        m.ring(0);
        returnTo(stack);
        assertEquals(0xF3, (int) (m.get64(SmallMachine.GDT + FREE) >>> 40) & 0xFF);
    }

    private void returnTo(final int stack) {
        m.run(a -> {
            final Label there = a.label("there");
            a.push(stack);
            a.push(SmallMachine.STACK3);
            a.push(SmallMachine.CODE3);
            a.push(there);
            a.retf();
            a.bind(there);
            a.int_(0x50);
        });
    }

    @Test
    void virtual8086ModeIsRefused() {
        m.run(a -> {
            a.push(Eflags.VM | 2);
            a.push(SmallMachine.CODE0);
            a.push(SmallMachine.CODE);
            a.iretd();
        });
        assertEquals("#13(0)", m.fault());
    }

    @Test
    void taskGateInTheInterruptTableMustNameTheGlobalTable() {
        m.gate(0x50, 0x85, 4, 0);
        m.run(a -> a.int_(0x50));
        assertEquals("#13(4)", m.fault());
    }

    @Test
    void loadingTheTaskRegisterWithNull() {
        m.run(a -> {
            a.xor(Reg.EAX, Reg.EAX);
            a.ltr(Reg.AX);
        });
        assertEquals("#13(0)", m.fault());
    }

    @Test
    void externalInterruptKeepsThePointer() {
        m.cpu.setEflags(Eflags.IF | Eflags.ONE);
        m.bare.interrupt(0x60);
        assertEquals(0x3060, m.cpu.ip);
        assertEquals(SmallMachine.CODE, m.stack(0));
        assertEquals(Eflags.IF | Eflags.ONE, m.stack(2));
        assertEquals(0, m.cpu.systemFlags() & Eflags.IF, "an interrupt gate clears IF");
    }

    @Test
    void fastSystemCallAndReturn() {
        m.run(a -> {
            a.mov(Reg.ECX, 0x174);
            a.xor(Reg.EDX, Reg.EDX);
            a.mov(Reg.EAX, SmallMachine.CODE0);
            a.wrmsr();
            a.mov(Reg.ECX, 0x175);
            a.mov(Reg.EAX, 0x2E000);
            a.wrmsr();
            a.mov(Reg.ECX, 0x176);
            a.mov(Reg.EAX, SmallMachine.CODE + 0x100);
            a.wrmsr();
            a.mov(Reg.ECX, SmallMachine.STACK3);
            a.mov(Reg.EDX, SmallMachine.CODE + 0x80);
            a.sysexit();
            a.org(SmallMachine.CODE + 0x80);
            a.mov(Reg.EBX, Reg.CS);
            a.mov(abs(SmallMachine.STACK3 - 4).dword(), 77);
            a.sysenter();
            a.org(SmallMachine.CODE + 0x100);
            a.mov(Reg.EDX, Reg.CS);
        });
        assertEquals(-1, m.vector());
        assertEquals(SmallMachine.CODE3, m.cpu.gpr[Cpu.RBX]);
        assertEquals(SmallMachine.CODE0, m.cpu.gpr[Cpu.RDX]);
        assertEquals(0x2E000, m.cpu.gpr[Cpu.RSP]);
    }
}
