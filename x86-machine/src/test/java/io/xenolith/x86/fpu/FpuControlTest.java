package io.xenolith.x86.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Availability, exception delivery and state images: what user mode on silicon shows only in part. */
class FpuControlTest {
    private static final int[] FLD1 = {0xd9, 0xe8};
    private static final int[] FLDZ = {0xd9, 0xee};
    private static final int[] FDIVP = {0xde, 0xf9};
    private static final int[] FWAIT = {0x9b};
    private static final int[] FNSTSW_AX = {0xdf, 0xe0};
    private static final int[] FNCLEX = {0xdb, 0xe2};
    private static final int[] FNINIT = {0xdb, 0xe3};
    private static final int[] PADDB_MM = {0x0f, 0xfc, 0xc1};
    private static final int[] EMMS = {0x0f, 0x77};
    private static final int[] ADDPS = {0x0f, 0x58, 0xc1};
    private static final int[] ADDPS_MEMORY = {0x0f, 0x58, 0x03};
    private static final int[] LDMXCSR = {0x0f, 0xae, 0x13};
    private static final int[] FXSAVE = {0x0f, 0xae, 0x03};
    private static final int[] FXRSTOR = {0x0f, 0xae, 0x0b};
    private static final int NONE = -1;

    private final FpuMachine machine = new FpuMachine();
    private final Cpu cpu = machine.cpu;

    @BeforeEach
    void start() {
        cpu.gpr[Cpu.RBX] = FpuCase.OPERAND;
        machine.run(FNINIT);
    }

    private void setCr0(long bits) {
        cpu.cr0 |= bits;
        cpu.controlChanged();
    }

    private void clearCr0(long bits) {
        cpu.cr0 &= ~bits;
        cpu.controlChanged();
    }

    private void clearCr4(long bits) {
        cpu.cr4 &= ~bits;
        cpu.controlChanged();
    }

    /** 1.0 / 0.0 with the zero-divide exception not masked. */
    private void divideByZero() {
        cpu.fpu.setControl(0x37b);
        assertEquals(NONE, machine.run(FLD1));
        assertEquals(NONE, machine.run(FLDZ));
        assertEquals(NONE, machine.run(FDIVP));
    }

    @Test
    void exceptionIsDeliveredAtTheNextWaitingInstruction() {
        divideByZero();
        assertTrue(cpu.fpu.pending());
        assertEquals(0, cpu.fpu.significand[cpu.fpu.physical(0)], "operands stay");
        assertEquals(NONE, machine.run(FNSTSW_AX));
        assertEquals(0x8084, cpu.gpr[Cpu.RAX] & 0x80bf);
        assertEquals(CpuFault.MF, machine.run(FLD1));
        assertEquals(CpuFault.MF, machine.run(FWAIT));
        assertEquals(CpuFault.MF, machine.run(PADDB_MM));
        assertEquals(NONE, machine.run(FNCLEX));
        assertEquals(NONE, machine.run(FLD1));
    }

    @Test
    void pointersOfTheFaultingInstructionAreKept() {
        divideByZero();
        assertEquals(FpuCase.CODE, cpu.fpu.lastIp);
        assertEquals(0x6f9, cpu.fpu.lastOpcode);
    }

    @Test
    void withoutNumericErrorTheInstructionProceeds() {
        divideByZero();
        clearCr0(Cpu.CR0_NE);
        assertEquals(NONE, machine.run(FLD1));
    }

    @Test
    void unmaskingAnExceptionMakesItPending() {
        cpu.fpu.setStatusWord(FpuState.ZE);
        assertEquals(false, cpu.fpu.pending());
        cpu.fpu.setControl(0x37b);
        assertTrue(cpu.fpu.pending());
    }

    @Test
    void taskSwitchedAndEmulation() {
        setCr0(Cpu.CR0_TS);
        assertEquals(CpuFault.NM, machine.run(FLD1));
        assertEquals(CpuFault.NM, machine.run(PADDB_MM));
        assertEquals(CpuFault.NM, machine.run(ADDPS));
        assertEquals(CpuFault.NM, machine.run(FXSAVE));
        assertEquals(NONE, machine.run(FWAIT));
        setCr0(Cpu.CR0_MP);
        assertEquals(CpuFault.NM, machine.run(FWAIT));
        clearCr0(Cpu.CR0_TS);
        setCr0(Cpu.CR0_EM);
        assertEquals(CpuFault.NM, machine.run(FLD1));
        assertEquals(CpuFault.UD, machine.run(PADDB_MM));
        assertEquals(CpuFault.UD, machine.run(ADDPS));
        assertEquals(NONE, machine.run(FWAIT));
    }

    @Test
    void sseNeedsTheSystemsConsent() {
        clearCr4(Cpu.CR4_OSFXSR);
        assertEquals(CpuFault.UD, machine.run(ADDPS));
        assertEquals(CpuFault.UD, machine.run(LDMXCSR));
        assertEquals(NONE, machine.run(PADDB_MM));
    }

    @Test
    void unmaskedSimdExceptionLeavesTheDestination() {
        cpu.fpu.mxcsr = 0x1f80 & ~(FpuState.IE << 7);
        cpu.fpu.xmm[0] = 0x7f80_0001L;
        cpu.fpu.xmm[1] = 0;
        assertEquals(CpuFault.XM, machine.run(ADDPS));
        assertEquals(0x7f80_0001L, cpu.fpu.xmm[0]);
        assertEquals(FpuState.IE, cpu.fpu.mxcsr & FpuState.EXCEPTIONS);
        clearCr4(Cpu.CR4_OSXMMEXCPT);
        assertEquals(CpuFault.UD, machine.run(ADDPS));
    }

    @Test
    void reservedBitsAndAlignment() {
        Raw.putInt(machine.dataAddress() + 256, 0x10000);
        assertEquals(CpuFault.GP, machine.run(LDMXCSR));
        assertEquals(FpuState.MXCSR_DEFAULT, cpu.fpu.mxcsr);
        cpu.gpr[Cpu.RBX] = FpuCase.OPERAND + 4;
        assertEquals(CpuFault.GP, machine.run(ADDPS_MEMORY));
        assertEquals(CpuFault.GP, machine.run(FXSAVE));
        assertEquals(CpuFault.GP, machine.run(FXRSTOR));
    }

    @Test
    void mmxEntersAndLeavesItsState() {
        machine.run(FLD1);
        assertEquals(7, cpu.fpu.top);
        assertEquals(NONE, machine.run(PADDB_MM));
        assertEquals(0, cpu.fpu.top);
        assertEquals(0xff, cpu.fpu.abridgedTags());
        assertEquals(0xffff, cpu.fpu.signExponent[0]);
        assertEquals(NONE, machine.run(EMMS));
        assertEquals(0xffff, cpu.fpu.tagWord());
    }

    @Test
    void imageComesBackAsItWas() {
        machine.run(FLD1);
        cpu.fpu.xmm[5] = 0x0123_4567_89ab_cdefL;
        cpu.fpu.mxcsr = 0x7fbf;
        assertEquals(NONE, machine.run(FXSAVE));
        FpuCase saved = FpuCase.of(cpu, machine.dataAddress());
        machine.run(FNINIT);
        cpu.fpu.xmm[5] = 0;
        cpu.fpu.mxcsr = FpuState.MXCSR_DEFAULT;
        assertEquals(NONE, machine.run(FXRSTOR));
        assertEquals("-", FpuCase.of(cpu, machine.dataAddress()).changes(saved));
    }

    @Test
    void resetAndInitialStates() {
        FpuState state = new FpuState();
        assertEquals(0x40, state.control);
        assertEquals(0x5555, state.tagWord());
        state.init();
        assertEquals(0x37f, state.control);
        assertEquals(0xffff, state.tagWord());
    }
}
