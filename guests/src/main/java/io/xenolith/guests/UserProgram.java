package io.xenolith.guests;

import static io.xenolith.guests.Kernel.PTE_A;
import static io.xenolith.guests.Kernel.PTE_D;
import static io.xenolith.guests.Kernel.PTE_P;
import static io.xenolith.guests.Kernel.PTE_RW;
import static io.xenolith.guests.Kernel.PTE_US;
import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.MmuextOp;
import io.xenolith.shm.abi.StartInfo;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mode;

/**
 * A program in ring 3, in an address range that the kernel gives page tables of its own. It calls the kernel through
 * int 0x80, which the hypervisor lets go straight to ring 1, and tries two things it may not do.
 *
 * <pre>
 * EAX  call
 * 0    count: returns how often it was called
 * 1    write: ECX bytes at EBX
 * 2    exit: EBX is the result
 * 3    expect: the next trap goes on at EBX
 * 4    lastTrap: vector in EAX, error code in EDX
 * </pre>
 */
final class UserProgram {
    private static final long TEXT = 0x0804_8000L;
    private static final long STACK = 0x0805_0000L;
    private static final int CALLS = 1000;
    private static final int COUNT = 0;
    private static final int WRITE = 1;
    private static final int EXIT = 2;
    private static final int EXPECT = 3;
    private static final int LAST_TRAP = 4;
    private static final int FRAME_EBX = 16;
    private static final int IF = 0x202;
    /** Present, read, from user mode. */
    private static final int USER_READ_ERROR = 5;

    private final Kernel k;
    private final Traps traps;
    private final Events events;
    private final Label textPage;
    private final Label stackPage;
    private final Label leafTable;
    private final Label directory;
    private final Label trapStack;
    private final Label savedEsp;
    private final Label counter;
    private final Label request;
    private final Label began;
    private final Label finished;
    private final Label blob;
    private final byte[] program = program();

    UserProgram(final Kernel k, final Traps traps, final Events events) {
        this.k = k;
        this.traps = traps;
        this.events = events;
        textPage = k.page("userText");
        stackPage = k.page("userStack");
        leafTable = k.page("userLeafTable");
        directory = k.page("userDirectory");
        trapStack = k.pages("trapStack", 2);
        savedEsp = k.variable("savedEsp", 4);
        counter = k.variable("userCalls", 4);
        request = k.variable("mmuUpdate", 16);
        began = k.variable("userBegan", 4);
        finished = k.label("userFinished");
        blob = k.label("userBlob");
    }

    void emit(final Label part) {
        k.align(16);
        k.bind(blob);
        k.db(program);
        systemCall();
        k.part(part, () -> {
            addressSpace();
            run();
            k.call(k.now);
            k.sub(EAX, at(began));
            k.xor(EDX, EDX);
            k.mov(ECX, CALLS);
            k.div(ECX);
            k.mov(ESI, EAX);
            k.say("     ring 3: ");
            k.sayDecimal(at(counter));
            k.say(" system calls through int 0x80, ");
            k.sayDecimal(ESI);
            k.say(" ns each; kernel page and CLI refused to it\n");
        });
    }

    // ---- the program ----

    private static byte[] program() {
        final Assembler u = new Assembler(Mode.BITS32, TEXT);
        final Label wrong = u.label("wrong");
        final Label message = u.label("message");
        final Label end = u.label("end");
        u.mov(EAX, WRITE);
        u.mov(EBX, message);
        u.mov(ECX, (long) "     hello from ring 3\n".length());
        u.int_(0x80);
        trap(u, wrong, Traps.PF, USER_READ_ERROR, () -> u.mov(EAX, abs(Kernel.VIRT_BASE + Kernel.LOAD_OFFSET)));
        trap(u, wrong, Traps.GP, 0, u::cli);
        u.mov(ESI, CALLS);
        final Label loop = u.mark("loop");
        u.mov(EAX, COUNT);
        u.int_(0x80);
        u.dec(ESI);
        u.jcc(Cond.NZ, loop);
        u.mov(EBX, EAX);
        u.bind(end);
        u.mov(EAX, EXIT);
        u.int_(0x80);
        u.bind(wrong);
        u.mov(EBX, -1);
        u.jmp(end);
        u.bind(message);
        u.ascii("     hello from ring 3\n");
        return u.toBytes();
    }

    /** Does what must not be done and compares the trap that comes of it. */
    private static void trap(
        final Assembler u, final Label wrong, final int vector, final int error, final Runnable deed) {
        final Label next = u.label();
        u.mov(EAX, EXPECT);
        u.mov(EBX, next);
        u.int_(0x80);
        deed.run();
        u.jmp(wrong);
        u.bind(next);
        u.mov(EAX, LAST_TRAP);
        u.int_(0x80);
        u.cmp(EAX, vector);
        u.jcc(Cond.NE, wrong);
        u.cmp(EDX, error);
        u.jcc(Cond.NE, wrong);
    }

    // ---- its address space ----

    private void addressSpace() {
        k.mov(ESI, blob);
        k.mov(EDI, textPage);
        k.mov(ECX, program.length);
        k.rep();
        k.movsb();
        entry(leafTable, index(TEXT, 12), textPage, PTE_P | PTE_US | PTE_A);
        entry(leafTable, index(STACK, 12), stackPage, PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
        entry(directory, index(TEXT, 21), leafTable, PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
        install();
        // refused as long as we can write to the tables ourselves
        k.test(EAX, EAX);
        k.check(Cond.S);
        readOnly(leafTable);
        readOnly(directory);
        install();
        k.checkResult(0);
        k.xor(EBP, EBP);
        k.mmuext(MmuextOp.TLB_FLUSH_LOCAL, EBP);
        k.checkResult(0);
        k.mov(EAX, at(textPage));
        k.cmp(EAX, abs(TEXT));
        k.check(Cond.E);
    }

    private static int index(final long address, final int shift) {
        return (int) (address >> shift) & 511;
    }

    /** Writes an entry into a page that is not yet a table. */
    private void entry(final Label table, final int index, final Label page, final int flags) {
        k.mov(EAX, page);
        k.call(k.frameOf);
        k.mov(EDX, EAX);
        k.shl(EAX, 12);
        k.or(EAX, flags);
        k.mov(at(table, 8L * index), EAX);
        k.shr(EDX, 20);
        k.mov(at(table, 8L * index + 4), EDX);
    }

    /** Puts the directory into the first slot of the pointer table: {machine address of the slot, value}. */
    private void install() {
        k.startInfo(EAX, StartInfo.X32.ptBase);
        k.call(k.frameOf);
        k.mov(EDX, EAX);
        k.shl(EAX, 12);
        k.mov(at(request), EAX);
        k.shr(EDX, 20);
        k.mov(at(request, 4), EDX);
        k.mov(EAX, directory);
        k.call(k.frameOf);
        k.mov(EDX, EAX);
        k.shl(EAX, 12);
        k.or(EAX, PTE_P);
        k.mov(at(request, 8), EAX);
        k.shr(EDX, 20);
        k.mov(at(request, 12), EDX);
        k.hypercall(Hypercall.MMU_UPDATE, request, 1, 0, Kernel.DOMID_SELF);
    }

    private void readOnly(final Label page) {
        k.mov(EAX, page);
        k.call(k.frameOf);
        k.mov(EDX, EAX);
        k.mov(EAX, page);
        k.mov(ECX, PTE_P | PTE_A);
        k.call(k.mapFrame);
        k.checkResult(0);
    }

    // ---- running it ----

    private void run() {
        k.mov(EAX, trapStack);
        k.add(EAX, 2 * Kernel.PAGE);
        k.mov(ECX, EAX);
        k.hypercall(Hypercall.STACK_SWITCH, Kernel.KERNEL_DS, ECX);
        k.checkResult(0);
        k.mov(at(savedEsp), ESP);
        k.mov(EAX, Kernel.USER_DS);
        k.mov(DS, EAX);
        k.mov(ES, EAX);
        k.push(Kernel.USER_DS);
        k.push(STACK + Kernel.PAGE);
        k.push(IF);
        k.push(Kernel.USER_CS);
        k.push(TEXT);
        k.hypercallIret();
        k.bind(finished);
        k.checkResult(CALLS);
    }

    /** Behind the trap handler's entry: EBP is the frame. Each call ends like any other trap. */
    private void systemCall() {
        final Label leave = k.label("systemCallLeave");
        k.bind(traps.systemCall);
        k.mov(EAX, mem(EBP, Traps.FRAME_EAX));
        call(COUNT, leave, () -> {
            final Label timed = k.label();
            k.cmp(at(counter).dword(), 0);
            k.jcc(Cond.NE, timed);
            k.call(k.now);
            k.mov(at(began), EAX);
            k.bind(timed);
            k.inc(at(counter).dword());
            k.mov(EAX, at(counter));
            k.mov(mem(EBP, Traps.FRAME_EAX), EAX);
        });
        call(WRITE, leave, () -> {
            k.mov(ESI, mem(EBP, FRAME_EBX));
            k.mov(EDI, mem(EBP, Traps.FRAME_ECX));
            final Label next = k.mark("writeNext");
            k.mov(AL, mem(ESI));
            k.call(k.putChar);
            k.inc(ESI);
            k.dec(EDI);
            k.jcc(Cond.NZ, next);
        });
        call(EXPECT, leave, () -> {
            k.mov(EAX, mem(EBP, FRAME_EBX));
            k.mov(at(traps.resumeAt), EAX);
        });
        call(LAST_TRAP, leave, () -> {
            k.mov(EAX, at(traps.lastVector));
            k.mov(mem(EBP, Traps.FRAME_EAX), EAX);
            k.mov(EAX, at(traps.lastError));
            k.mov(mem(EBP, Traps.FRAME_EDX), EAX);
        });
        // exit, and whatever else: back to the part that started the program
        k.mov(EBX, mem(EBP, FRAME_EBX));
        k.mov(EAX, Kernel.KERNEL_DS);
        k.mov(DS, EAX);
        k.mov(ES, EAX);
        k.mov(ESP, at(savedEsp));
        events.emitMask();
        k.mov(EAX, EBX);
        k.jmp(finished);
        k.bind(leave);
        k.popa();
        k.add(ESP, 8);
        k.hypercallIret();
    }

    private void call(final int number, final Label leave, final Runnable body) {
        final Label other = k.label();
        k.cmp(EAX, number);
        k.jcc(Cond.NE, other);
        body.run();
        k.jmp(leave);
        k.bind(other);
    }
}
