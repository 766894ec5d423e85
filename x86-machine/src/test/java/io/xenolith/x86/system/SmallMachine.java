package io.xenolith.x86.system;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Mode;
import java.util.function.Consumer;

/**
 * A bare machine with tables at fixed places: GDT at 0x1000, IDT at 0x2000, TSS at 0x4000, code at 0x10000, stacks below
 * 0x30000 (ring 0) and 0x40000 (ring 3). Every interrupt gate leads to a HLT of its own, so that a run stops with the
 * vector in {@link #vector} and the frame on the stack.
 */
final class SmallMachine {
    static final int CODE0 = 0x08;
    static final int DATA0 = 0x10;
    static final int CODE3 = 0x1B;
    static final int DATA3 = 0x23;
    static final int TSS = 0x28;
    /** First selector that tests may define. */
    static final int FREE = 0x30;
    static final long GDT = 0x1000;
    static final long IDT = 0x2000;
    static final long TASK = 0x4000;
    static final long CODE = 0x10000;
    static final long STACK0 = 0x30000;
    static final long STACK3 = 0x40000;
    private static final long HANDLERS = 0x3000;
    private static final int FRAMES = 1024;

    final PrivateMemory memory = new PrivateMemory(FRAMES);
    final BareMetal bare = new BareMetal(memory);
    final Cpu cpu = bare.cpu();
    /** Why the last run ended. */
    BareMetal.Stop stop;

    SmallMachine() {
        descriptor(CODE0, 0, 0xFFFFF, 0x9B, 0xC);
        descriptor(DATA0, 0, 0xFFFFF, 0x93, 0xC);
        descriptor(CODE3, 0, 0xFFFFF, 0xFB, 0xC);
        descriptor(DATA3, 0, 0xFFFFF, 0xF3, 0xC);
        descriptor(TSS, TASK, 0x67, 0x8B, 0);
        put32(TASK + 4, STACK0);
        put32(TASK + 8, DATA0);
        for (int v = 0; v < 256; v++) {
            gate(v, 0x8E, CODE0, HANDLERS + v);
            Raw.putByte(address(HANDLERS + v), (byte) 0xF4);
        }
        cpu.gdtrBase = GDT;
        cpu.gdtrLimit = 0xFFF;
        cpu.idtrBase = IDT;
        cpu.idtrLimit = 0x7FF;
        cpu.tr.setFromDescriptor(TSS, get64(GDT + TSS));
        ring(0);
    }

    /** Puts the processor at the start of the code, in a ring, with that ring's stack. */
    void ring(final int ring) {
        final int code = ring == 0 ? CODE0 : CODE3;
        final int data = ring == 0 ? DATA0 : DATA3;
        for (int n = 0; n < 6; n++) {
            final int selector = n == Cpu.CS ? code : data;
            cpu.seg[n].setFromDescriptor(selector, get64(GDT + (selector & ~7)));
        }
        cpu.setCpl(ring);
        cpu.segmentsChanged();
        cpu.ip = CODE;
        cpu.gpr[Cpu.RSP] = ring == 0 ? STACK0 - 0x1000 : STACK3;
    }

    void descriptor(final int selector, final long base, final long limit, final int rights, final int flags) {
        put64(GDT + (selector & ~7), limit & 0xFFFF | (base & 0xFFFFFF) << 16 | (long) rights << 40
            | (limit >> 16 & 15) << 48 | (long) flags << 52 | (base >>> 24) << 56);
    }

    void gate(final int vector, final int rights, final int selector, final long offset) {
        put64(IDT + vector * 8L, gateBytes(rights, selector, offset, 0));
    }

    static long gateBytes(final int rights, final int selector, final long offset, final int parameters) {
        return offset & 0xFFFF | (long) selector << 16 | (long) parameters << 32 | (long) rights << 40
            | (offset >>> 16) << 48;
    }

    /** Assembles code, runs it to a HLT and returns this. */
    SmallMachine run(final Consumer<Assembler> code) {
        final Assembler a = new Assembler(Mode.BITS32, CODE);
        code.accept(a);
        a.hlt();
        final byte[] bytes = a.toBytes();
        // written from outside the processor, which must be told
        cpu.codeCache().invalidateAll();
        Raw.copyIn(bytes, 0, address(CODE), bytes.length);
        bare.setLimit(cpu.instructions + 100_000);
        stop = bare.run();
        return this;
    }

    /** The vector whose handler stopped the run, or -1 when the code itself did. */
    int vector() {
        final long at = cpu.ip - 1 - HANDLERS;
        return at >= 0 && at < 256 ? (int) at : -1;
    }

    /** Word {@code n} of the handler's stack: error code if any, EIP, CS, EFLAGS, ESP, SS. */
    int stack(final int n) {
        return Raw.getInt(address(cpu.seg[Cpu.SS].base() + cpu.sp() + 4L * n));
    }

    /** Vector and error code of the fault that stopped the run, as "#13(0x28)". */
    String fault() {
        return "#" + vector() + "(" + Integer.toHexString(stack(0)) + ")";
    }

    long address(final long physical) {
        return memory.addressOf(physical >>> 12) + (physical & 0xFFF);
    }

    void put32(final long physical, final long value) {
        Raw.putInt(address(physical), (int) value);
    }

    void put64(final long physical, final long value) {
        Raw.putLong(address(physical), value);
    }

    long get64(final long physical) {
        return Raw.getLong(address(physical));
    }
}
