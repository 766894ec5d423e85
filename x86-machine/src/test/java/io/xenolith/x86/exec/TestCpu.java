package io.xenolith.x86.exec;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Mode;
import java.util.function.Consumer;

/**
 * A CPU with 4 MiB of memory for tests: code at {@link #CODE}, data at {@link #DATA}, a stack below {@link #STACK}. Code
 * ends with INT 0x99, or with the exception that the test is about.
 */
final class TestCpu {
    static final int CODE = 0x10000;
    static final int DATA = 0x20000;
    static final int STACK = 0x30000;
    /** Page directory and table when paging is on. */
    static final int DIRECTORY = 0x100000;
    static final int TABLE = 0x101000;
    /** Vector of the INT that ends a program. */
    static final int END = 0x99;

    final PrivateMemory memory = new PrivateMemory(1024);
    final RecordingEnvironment env = new RecordingEnvironment();
    final Cpu c;
    final Mode mode;

    TestCpu() {
        this(Mode.BITS32);
    }

    TestCpu(final Mode mode) {
        this(mode, CodeFrames.PRIVATE);
    }

    TestCpu(final Mode mode, final CodeFrames frames) {
        this.mode = mode;
        c = new Cpu(memory, env, frames);
        if (mode == Mode.BITS64) {
            enterLongMode();
        } else if (mode == Mode.BITS16) {
            c.seg[Cpu.CS].set(8, 0, 0xffff_ffffL, 0x809b);
            c.segmentsChanged();
        }
        c.gpr[Cpu.RSP] = STACK;
    }

    /** 4-level tables that map everything one to one with 2 MiB pages. */
    private void enterLongMode() {
        put64(DIRECTORY, TABLE | 7);
        put64(TABLE, 0x102000 | 7);
        put64(0x102000, 0x87);
        put64(0x102008, 0x200087);
        c.cr3 = DIRECTORY;
        c.mmu.loadCr3(DIRECTORY);
        c.cr4 = Cpu.CR4_PAE;
        c.efer = Cpu.EFER_LME | Cpu.EFER_LMA;
        c.cr0 |= Cpu.CR0_PG;
        c.controlChanged();
        c.seg[Cpu.CS].set(8, 0, 0xffff_ffffL, 0xa09b);
        c.segmentsChanged();
    }

    /** Turns 2-level paging on, everything mapped one to one, writable and for user and supervisor. */
    TestCpu paged() {
        put32(DIRECTORY, TABLE | 7);
        for (int page = 0; page < 1024; page++) {
            map(page << 12, page << 12, 7);
        }
        c.cr3 = DIRECTORY;
        c.mmu.loadCr3(DIRECTORY);
        c.cr0 |= Cpu.CR0_PG | Cpu.CR0_WP;
        c.controlChanged();
        return this;
    }

    void map(final int linear, final int physical, final int bits) {
        put32(TABLE + (linear >>> 12) * 4, physical | bits);
        c.mmu.flushPage(linear);
    }

    /** Runs a program, followed by INT {@link #END}; returns the vector it ended with. */
    int run(final Consumer<Assembler> program) {
        load(CODE, program);
        return runAt(CODE);
    }

    int runAt(final int ip) {
        env.vector = -1;
        c.ip = ip;
        c.run();
        return env.vector;
    }

    /** Assembles a program and the INT at an address. */
    int load(final int at, final Consumer<Assembler> program) {
        final Assembler a = new Assembler(mode, at);
        program.accept(a);
        a.db(0xcd, END);
        final byte[] bytes = a.toBytes();
        for (int k = 0; k < bytes.length; k++) {
            put8(at + k, bytes[k]);
        }
        c.codeCache().invalidateAll();
        return bytes.length;
    }

    long address(final long physical) {
        return memory.addressOf(physical >>> 12) + (physical & 0xfff);
    }

    void put8(final long at, final int v) {
        Raw.putByte(address(at), (byte) v);
    }

    void put32(final long at, final int v) {
        Raw.putInt(address(at), v);
    }

    void put64(final long at, final long v) {
        Raw.putLong(address(at), v);
    }

    int get8(final long at) {
        return Raw.getUnsignedByte(address(at));
    }

    int get32(final long at) {
        return Raw.getInt(address(at));
    }

    int eax() {
        return (int) c.gpr[Cpu.RAX];
    }

    int reg(final int number) {
        return (int) c.gpr[number];
    }

    void set(final int number, final long v) {
        c.gpr[number] = v;
    }

    /** The six arithmetic flags in the order CPAZSO, as letters or dots. */
    String flags() {
        return (c.cf() ? "C" : ".") + (c.pf() ? "P" : ".") + (c.af() ? "A" : ".") + (c.zf() ? "Z" : ".")
            + (c.sf() ? "S" : ".") + (c.of() ? "O" : ".");
    }
}
