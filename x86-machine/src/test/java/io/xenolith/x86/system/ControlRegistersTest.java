package io.xenolith.x86.system;

import static io.xenolith.x86.asm.Mem.abs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.asm.Reg;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ControlRegistersTest {
    private final SmallMachine m = new SmallMachine();

    private static Stream<Arguments> impossible() {
        return Stream.of(
            arguments("paging without protection", Reg.CR0, 0x80000030L),
            arguments("real mode, which does not exist here", Reg.CR0, 0x30L),
            arguments("not write-through without cache disable", Reg.CR0, 0x20000031L),
            arguments("virtual-8086 extensions", Reg.CR4, 1L),
            arguments("reserved bit", Reg.CR4, 0x80000000L),
            arguments("features not offered", Reg.CR4, 1L << 20));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("impossible")
    void impossibleValues(final String name, final Reg register, final long value) {
        final long cr0 = m.cpu.cr0;
        m.run(a -> {
            a.mov(Reg.EAX, value);
            a.mov(register, Reg.EAX);
        });
        assertEquals("#13(0)", m.fault());
        assertEquals(cr0, m.cpu.cr0);
        assertEquals(0, m.cpu.cr4);
    }

    @Test
    void reservedBitsOfDirectoryPointersAreFoundWhenCr3IsLoaded() {
        m.put64(0x20000, 0x21000 | 1 | 2);
        m.run(a -> {
            a.mov(Reg.EAX, Cpu.CR4_PAE);
            a.mov(Reg.CR4, Reg.EAX);
            a.mov(Reg.EAX, 0x20000);
            a.mov(Reg.CR3, Reg.EAX);
            a.mov(Reg.EAX, 0x80000031L);
            a.mov(Reg.CR0, Reg.EAX);
        });
        assertEquals("#13(0)", m.fault(), "paging is not entered");
        assertEquals(0, m.cpu.cr0 & Cpu.CR0_PG);
    }

    @Test
    void unknownModelSpecificRegister() {
        m.run(a -> {
            a.mov(Reg.ECX, 0x12345678);
            a.rdmsr();
        });
        assertEquals("#13(0)", m.fault());
    }

    @Test
    void generalDetectTrapsAccessAndSwitchesItselfOff() {
        m.run(a -> {
            a.mov(Reg.EAX, 1 << 13);
            a.mov(Reg.DR7, Reg.EAX);
            a.mov(Reg.EBX, Reg.DR0);
        });
        assertEquals(CpuFault.DB, m.vector());
        assertEquals(1 << 13, m.cpu.dr[6] & 1 << 13);
        assertEquals(0, m.cpu.dr[7] & 1 << 13);
        assertEquals(SmallMachine.CODE + 8, m.stack(0), "a fault: EIP is the access");
    }

    @Test
    void portBreakpointsNeedDebuggingExtensions() {
        for (final int cr4 : new int[] {0, 8}) {
            m.ring(0);
            m.cpu.dr[6] = 0xFFFF0FF0L;
            m.run(a -> {
                a.mov(Reg.EAX, cr4);
                a.mov(Reg.CR4, Reg.EAX);
                a.mov(Reg.EAX, 0x80);
                a.mov(Reg.DR3, Reg.EAX);
                a.mov(Reg.EAX, 1 << 6 | 2 << 28);
                a.mov(Reg.DR7, Reg.EAX);
                a.out(0x80, Reg.AL);
                a.nop();
            });
            assertEquals(cr4 == 0 ? -1 : CpuFault.DB, m.vector());
            assertEquals(cr4 == 0 ? 0 : 8, m.cpu.dr[6] & 15);
        }
    }

    @Test
    void timeStampCounterCanBeTakenFromRing3() {
        m.cpu.cr4 = Cpu.CR4_TSD;
        m.cpu.controlChanged();
        m.ring(3);
        m.run(a -> a.rdtsc());
        assertEquals("#13(0)", m.fault());
        m.ring(0);
        m.run(a -> a.rdtsc());
        assertEquals(-1, m.vector());
    }

    @Test
    void tablesStoreSilentlyInRing3() {
        m.ring(3);
        m.run(a -> {
            a.sgdt(abs(0x20000));
            a.sidt(abs(0x20010));
            a.smsw(Reg.EBX);
            a.str(Reg.CX);
            a.int_(0x50);
        });
        assertEquals(0x1000_0FFFL, m.get64(0x20000) & 0xFFFF_FFFF_FFFFL);
        assertEquals(0x2000_07FFL, m.get64(0x20010) & 0xFFFF_FFFF_FFFFL);
        assertEquals(m.cpu.cr0, m.cpu.gpr[Cpu.RBX]);
        assertEquals(SmallMachine.TSS, m.cpu.gpr[Cpu.RCX] & 0xFFFF);
    }

    @Test
    void cpuidOfAGuest() {
        final CpuidPolicy policy = CpuidPolicy.paravirtual(false, 40, 4 << 16 | 17, CpuidPolicy.TimeLeaf.native1to1(2_000_000));
        final int[] r = new int[4];
        policy.query(1, 0, 3, r);
        assertEquals(0x80000000, r[2], "only the hypervisor bit");
        assertEquals(0x0789C1F5, r[3] & ~(1 << 11), "the features of facts about PV guests");
        assertEquals(6, r[1] >>> 24, "APIC id is twice the number of the processor");
        policy.query(0x40000000, 0, 0, r);
        assertEquals(0x566E6558, r[1]);
        policy.query(0x40000001, 0, 0, r);
        assertEquals(0x40011, r[0]);
        policy.query(0x40000003, 0, 0, r);
        assertEquals(2_000_000, r[2]);
        policy.query(0x80000001, 0, 0, r);
        assertEquals(1 << 20, r[3], "no long mode for a 32-bit guest");
        policy.query(0x12345, 0, 0, r);
        assertEquals(0, r[0] | r[1] | r[2] | r[3]);
    }
}
