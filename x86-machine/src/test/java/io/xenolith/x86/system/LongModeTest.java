package io.xenolith.x86.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Interrupts, returns and fast system calls of 64-bit code, on a machine whose first gigabyte is mapped as it is. */
class LongModeTest {
    private static final int CODE0 = 0x08;
    private static final int DATA0 = 0x10;
    private static final int DATA3 = 0x1B;
    private static final int CODE3 = 0x23;
    private static final int TSS = 0x28;
    private static final int COMPATIBLE = 0x3B;
    private static final long GDT = 0x1000;
    private static final long IDT = 0x2000;
    private static final long HANDLERS = 0x3000;
    private static final long TASK = 0x4000;
    private static final long TABLES = 0x5000;
    private static final long CODE = 0x10000;
    private static final long STACK0 = 0x30008;
    private static final long STACK3 = 0x40000;
    private static final long STACK_IST = 0x50000;

    private final PrivateMemory memory = new PrivateMemory(512);
    private final BareMetal bare = new BareMetal(memory);
    private final Cpu cpu = bare.cpu();
    private BareMetal.Stop stop;

    @BeforeEach
    void enterLongMode() {
        put(GDT + CODE0, 0x00AF9B000000FFFFL);
        put(GDT + DATA0, 0x00CF93000000FFFFL);
        put(GDT + (DATA3 & ~7), 0x00CFF3000000FFFFL);
        put(GDT + (CODE3 & ~7), 0x00AFFB000000FFFFL);
        put(GDT + (COMPATIBLE & ~7), 0x00CFFB000000FFFFL);
        put(GDT + TSS, 0x0000_8B00_0000_0067L | TASK << 16);
        put(TASK + 4, STACK0);
        put(TASK + 0x24, STACK_IST);
        for (int v = 0; v < 256; v++) {
            gate(v, 0x8E, 0);
            Raw.putByte(address(HANDLERS + v), (byte) 0xF4);
        }
        put(TABLES, TABLES + 0x1000 | 7);
        put(TABLES + 0x1000, TABLES + 0x2000 | 7);
        for (int n = 0; n < 512; n++) {
            put(TABLES + 0x2000 + 8L * n, (long) n << 21 | 0x87);
        }
        cpu.gdtrBase = GDT;
        cpu.gdtrLimit = 0xFFF;
        cpu.idtrBase = IDT;
        cpu.idtrLimit = 0xFFF;
        cpu.tr.setFromDescriptor(TSS, Raw.getLong(address(GDT + TSS)));
        cpu.cr4 = Cpu.CR4_PAE;
        cpu.cr3 = TABLES;
        cpu.efer = Cpu.EFER_LME | Cpu.EFER_LMA | Cpu.EFER_SCE | Cpu.EFER_NXE;
        cpu.mmu.loadCr3(TABLES);
        cpu.cr0 |= Cpu.CR0_PG;
        assertTrue(cpu.controlChanged());
        ring(0);
    }

    private void ring(final int ring) {
        final int code = ring == 0 ? CODE0 : CODE3;
        cpu.seg[Cpu.CS].setFromDescriptor(code, Raw.getLong(address(GDT + (code & ~7))));
        final int data = ring == 0 ? DATA0 : DATA3;
        cpu.seg[Cpu.SS].setFromDescriptor(data, Raw.getLong(address(GDT + (data & ~7))));
        cpu.setCpl(ring);
        cpu.segmentsChanged();
        cpu.ip = CODE;
        cpu.gpr[Cpu.RSP] = ring == 0 ? 0x2F008 : STACK3;
    }

    private void gate(final int vector, final int rights, final int stackTable) {
        final long to = HANDLERS + vector;
        put(IDT + 16L * vector, SmallMachine.gateBytes(rights, CODE0, to, stackTable));
        put(IDT + 16L * vector + 8, to >>> 32);
    }

    private long address(final long physical) {
        return memory.addressOf(physical >>> 12) + (physical & 0xFFF);
    }

    private void put(final long physical, final long value) {
        Raw.putLong(address(physical), value);
    }

    private void run(final Consumer<Assembler> code) {
        final Assembler a = new Assembler(Mode.BITS64, CODE);
        code.accept(a);
        a.hlt();
        final byte[] bytes = a.toBytes();
        cpu.codeCache().invalidateAll();
        Raw.copyIn(bytes, 0, address(CODE), bytes.length);
        bare.setLimit(cpu.instructions + 10_000);
        stop = bare.run();
    }

    private int vector() {
        final long at = cpu.ip - 1 - HANDLERS;
        return at >= 0 && at < 256 ? (int) at : -1;
    }

    private long stack(final int n) {
        return Raw.getLong(address(cpu.gpr[Cpu.RSP] + 8L * n));
    }

    @Test
    void faultInRing0PushesAnAlignedFrame() {
        run(a -> a.ud2());
        assertEquals(CpuFault.UD, vector());
        assertEquals(0x2F000 - 40, cpu.gpr[Cpu.RSP], "aligned down to 16, then five words");
        assertEquals(CODE, stack(0));
        assertEquals(CODE0, stack(1));
        assertEquals(0x2F008, stack(3));
        assertEquals(DATA0, stack(4));
    }

    @Test
    void faultInRing3UsesTheStackOfTheTask() {
        ring(3);
        run(a -> a.hlt());
        assertEquals(CpuFault.GP, vector());
        assertEquals(0x30000 - 48, cpu.gpr[Cpu.RSP]);
        assertEquals(0, stack(0), "error code");
        assertEquals(CODE, stack(1));
        assertEquals(CODE3, stack(2));
        assertEquals(STACK3, stack(4));
        assertEquals(DATA3, stack(5));
        assertEquals(0, cpu.seg[Cpu.SS].selector(), "the inner stack segment is null");
    }

    @Test
    void interruptStackTable() {
        gate(CpuFault.UD, 0x8E, 1);
        run(a -> a.ud2());
        assertEquals(STACK_IST - 40, cpu.gpr[Cpu.RSP]);
    }

    @Test
    void returnGoesOutward() {
        run(a -> {
            final Label there = a.label("there");
            a.push(DATA3);
            a.push(STACK3 - 64);
            a.push(2);
            a.push(CODE3);
            a.push(there);
            a.iretq();
            a.bind(there);
            a.int_(0x40);
        });
        assertEquals(CpuFault.GP, vector(), "ring 3 may not use the gate");
        assertEquals(0x40 * 8 + 2, stack(0));
        assertEquals(CODE3, stack(2));
        assertEquals(STACK3 - 64, stack(4));
    }

    @Test
    void returnToCompatibilityMode() {
        run(a -> {
            a.push(DATA3);
            a.push(STACK3);
            a.push(2);
            a.push(COMPATIBLE);
            a.push(CODE + 0x100);
            a.iretq();
            a.org(CODE + 0x100);
            // inc eax, which 64-bit code reads as a prefix
            a.db(0x40, 0x40);
            a.ud2();
        });
        assertEquals(CpuFault.UD, vector());
        assertEquals(CODE + 0x102, stack(0));
        assertEquals(2, cpu.gpr[Cpu.RAX]);
        assertEquals(COMPATIBLE, stack(1));
    }

    @Test
    void nestedTaskReturnDoesNotExist() {
        cpu.setEflags(Eflags.NT | Eflags.ONE);
        run(a -> a.iretq());
        assertEquals(CpuFault.GP, vector());
        assertEquals(0, stack(0));
    }

    @Test
    void returnToAnAddressThatIsNotCanonical() {
        run(a -> {
            a.mov(Reg.RBX, 1L << 50);
            a.push(DATA3);
            a.push(STACK3);
            a.push(2);
            a.push(CODE3);
            a.push(Reg.RBX);
            a.iretq();
        });
        assertEquals(CpuFault.GP, vector());
        assertEquals(CODE0, stack(2), "the fault is ring 0's");
    }

    @Test
    void systemCallAndReturn() {
        run(a -> {
            writeMsr(a, 0xC0000081, (long) CODE0 << 32 | 0x0013L << 48);
            writeMsr(a, 0xC0000082, CODE + 0x200);
            writeMsr(a, 0xC0000084, Eflags.DF);
            a.mov(Reg.RCX, CODE + 0x100);
            a.mov(Reg.R11, 0x602);
            a.mov(Reg.RSP, STACK3);
            a.sysret64();
            a.org(CODE + 0x100);
            a.syscall();
            a.org(CODE + 0x200);
            a.mov(Reg.RBX, Reg.CS);
        });
        assertEquals(BareMetal.Stop.HALTED, stop);
        assertEquals(-1, vector());
        assertEquals(CODE0, cpu.gpr[Cpu.RBX]);
        assertEquals(CODE + 0x102, cpu.gpr[Cpu.RCX]);
        assertEquals(0x602, cpu.gpr[Cpu.R11]);
        assertEquals(0x202, cpu.systemFlags(), "the mask cleared DF");
    }

    private static void writeMsr(final Assembler a, final int index, final long value) {
        a.mov(Reg.ECX, index & 0xFFFF_FFFFL);
        a.mov(Reg.EAX, value & 0xFFFF_FFFFL);
        a.mov(Reg.EDX, value >>> 32);
        a.wrmsr();
    }

    @Test
    void swapGsExchangesBases() {
        run(a -> {
            writeMsr(a, 0xC0000101, 0x1111);
            writeMsr(a, 0xC0000102, 0xFFFF_8000_0000_0000L);
            a.swapgs();
        });
        assertEquals(0xFFFF_8000_0000_0000L, cpu.seg[Cpu.GS].base());
        assertEquals(0x1111, cpu.kernelGsBase);
    }

    @Test
    void nullStackSegmentIsForInnerRingsOfSixtyFourBitCode() {
        run(a -> {
            a.xor(Reg.EAX, Reg.EAX);
            a.mov(Reg.SS, Reg.AX);
            a.push(Reg.RAX);
            a.pop(Reg.RBX);
        });
        assertEquals(-1, vector());
        ring(3);
        run(a -> {
            a.xor(Reg.EAX, Reg.EAX);
            a.mov(Reg.SS, Reg.AX);
        });
        assertEquals(CpuFault.GP, vector());
    }

    @Test
    void pushedSelectorFillsItsSlot() {
        put(0x2F000, -1L);
        cpu.seg[Cpu.FS].setNull(3);
        run(a -> a.push(Reg.FS));
        assertEquals(3, stack(0));
    }

    @Test
    void pagingCannotBeLeftFromSixtyFourBitCode() {
        run(a -> {
            a.mov(Reg.RAX, Reg.CR0);
            a.and(Reg.EAX, 0x7FFFFFFF);
            a.mov(Reg.CR0, Reg.RAX);
        });
        assertEquals(CpuFault.GP, vector());
    }
}
