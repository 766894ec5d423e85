package io.xenolith.x86.silicon;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;
import static io.xenolith.x86.silicon.CaseLayout.*;

import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.ElfImage;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;

/**
 * The program that runs cases on the host's CPU: a static ELF64 executable without a library.
 *
 * <p>It lies above 4 GiB so that addresses of 32-bit code can hit nothing but {@link Windows}, the code area and one
 * stub page. A case that runs to its end leaves through a jump behind its bytes ({@link #exitCode}), one that faults
 * through a signal handler, which never returns: it takes the state from the signal frame and goes on with the next
 * case. Commands are eight bytes on standard input, {batch, number of cases}; the answer is one byte on standard
 * output. Before the first command it writes one byte: the shared file, descriptor {@link #SHARED_FD}, is ready.
 */
final class ChildProgram {
    /** Descriptor of the memory file in the child, for the parent to open through /proc. */
    static final int SHARED_FD = 3;

    /** Unlike the boundary values that addresses are made of. */
    private static final long BASE = 0x2B5A_1000_0000L;
    private static final int STACK_BYTES = 0x10000;
    private static final int ALT_STACK_BYTES = 0x20000;

    // System calls.
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int MMAP = 9;
    private static final int MPROTECT = 10;
    private static final int RT_SIGACTION = 13;
    private static final int EXIT = 60;
    private static final int FTRUNCATE = 77;
    private static final int SIGALTSTACK = 131;
    private static final int MODIFY_LDT = 154;
    private static final int MEMFD_CREATE = 319;

    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    /** MAP_SHARED, MAP_FIXED, MAP_POPULATE: a page not yet touched would make wild stores report "not present". */
    private static final int MAP_SHARED_FIXED = 0x8011;
    private static final int MAP_PRIVATE_FIXED_ANONYMOUS = 0x32;
    private static final int MODIFY_LDT_WRITE = 0x11;

    // SA_SIGINFO, SA_RESTORER, SA_ONSTACK, SA_NODEFER.
    private static final int ACTION_FLAGS = 0x4 | 0x0400_0000 | 0x0800_0000 | 0x4000_0000;
    private static final int[] SIGNALS = {4, 5, 7, 8, 11};

    // struct ucontext of x86-64.
    private static final int UC_GREGS = 40;
    /** Positions in the signal frame of rax, rcx, rdx, rbx, rbp, rsi, rdi, r8-r15, flags, rsp. */
    private static final int[] FRAME_ORDER = {13, 14, 12, 11, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7, 17, 15};
    private static final int FRAME_IP = 16;
    private static final int FRAME_SELECTORS = 18;
    private static final int FRAME_ERROR = 19;
    private static final int FRAME_TRAP = 20;
    private static final int FRAME_CR2 = 22;
    private static final int FRAME_FPSTATE = 23;

    private static final Reg[] POP_ORDER = {
        RAX, RCX, RDX, RBX, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15};

    private final Assembler a = new Assembler(Mode.BITS64, BASE);

    // Variables; after the code, on pages of their own so that stores do not disturb the instruction caches.
    private final Label command = a.label("command");
    private final Label slot = a.label("slot");
    private final Label left = a.label("left");
    private final Label outEnd = a.label("outEnd");
    private final Label savedRsp = a.label("savedRsp");
    private final Label farPointer = a.label("farPointer");
    private final Label ldtTable = a.label("ldtTable");
    private final Label action = a.label("action");
    private final Label altStack = a.label("altStack");
    private final Label name = a.label("name");
    private final Label bss = a.label("bss");

    private final Label batchLoop = a.label("batchLoop");
    private final Label saveCommon = a.label("saveCommon");
    private final Label handler = a.label("handler");
    private final Label exit = a.label("exit");
    private final Label nextCase = a.label("nextCase");
    private final Label die = a.label("die");
    private final byte[] elf;

    ChildProgram() {
        start();
        runBatches();
        leaveNormally();
        leaveBySignal();
        saveResult();
        variables();
        elf = link();
    }

    /** The executable file. */
    byte[] elf() {
        return elf.clone();
    }

    /** Whether an instruction pointer is where code that ran to its end arrives: at the exit or at the stub. */
    boolean isExit(final long ip) {
        return ip == a.address(exit) || ip == STUB_ENTRY;
    }

    /** The bytes that follow a case's instruction at {@code address} and lead back to the child. */
    static byte[] exitCode(final Mode mode, final long address) {
        final Assembler code = new Assembler(mode, address);
        if (mode == Mode.BITS64) {
            // jmp [rip + n]: changes no register and no flag.
            code.db(0xFF, 0x25);
            code.dd(STUB_BASE - (address + 6));
        } else {
            code.jmpFar(Segments.USER_CS64, STUB_ENTRY, 4);
        }
        return code.toBytes();
    }

    // ---- set-up ----

    private void start() {
        a.mov(RDI, name);
        a.xor(ESI, ESI);
        systemCall(MEMFD_CREATE);
        a.cmp(EAX, SHARED_FD);
        a.jcc(Cond.NE, die);
        a.mov(RDI, SHARED_FD);
        a.mov(RSI, FILE_BYTES);
        systemCall(FTRUNCATE);
        map(CODE_BASE, CODE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED_FIXED, SHARED_FD, 0);
        map(SLOTS_BASE, FILE_BYTES - CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED_FIXED, SHARED_FD, CODE_BYTES);
        map(Windows.BASE, Windows.PAGES * Windows.PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0);
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            protect(CODE_BASE + chunk * CHUNK_BYTES + CHUNK_CODE_BYTES, 0);
        }
        a.mov(AL, abs(STUB_BASE)); // present from now on, like the rest
        windows();
        localDescriptors();
        signals();
        a.lea(RSP, at(bss, STACK_BYTES));
        answer();
    }

    private void windows() {
        for (int page = 0; page < Windows.PAGES; page++) {
            final long address = Windows.BASE + page * Windows.PAGE;
            switch (Windows.rights(page)) {
                case NONE -> protect(address, 0);
                case READ -> {
                    fillConstant(page * Windows.PAGE);
                    protect(address, PROT_READ);
                }
                case WRITE -> {
                }
            }
        }
    }

    /** Computes {@link Windows#constant} for one page. */
    private void fillConstant(final int from) {
        a.mov(ECX, from);
        a.mov(RDX, 0x9E3779B97F4A7C15L);
        final Label loop = a.mark("fill" + from);
        a.mov(RAX, RCX);
        a.imul(RAX, RDX);
        a.shr(RAX, 56);
        a.mov(mem(RCX, Windows.BASE), AL);
        a.inc(ECX);
        a.cmp(ECX, from + Windows.PAGE);
        a.jcc(Cond.NE, loop);
    }

    private void localDescriptors() {
        int count = 0;
        for (int i = 0; i < Segments.entries(); i++) {
            if (Segments.entry(i) == null) {
                continue;
            }
            a.mov(EDI, MODIFY_LDT_WRITE);
            a.lea(RSI, at(ldtTable, 16L * count++));
            a.mov(EDX, 16);
            systemCall(MODIFY_LDT);
            dieUnlessZero();
        }
    }

    private void signals() {
        a.lea(RDI, at(altStack));
        a.xor(ESI, ESI);
        systemCall(SIGALTSTACK);
        dieUnlessZero();
        for (final int signal : SIGNALS) {
            a.mov(EDI, signal);
            a.lea(RSI, at(action));
            a.xor(EDX, EDX);
            a.mov(R10D, 8);
            systemCall(RT_SIGACTION);
            dieUnlessZero();
        }
    }

    private void map(
        final long address, final long length, final int rights, final int flags, final int fd, final int offset) {
        a.mov(RDI, address);
        a.mov(RSI, length);
        a.mov(EDX, rights);
        a.mov(R10D, flags);
        a.mov(R8, fd);
        a.mov(R9D, offset);
        systemCall(MMAP);
        a.test(RAX, RAX);
        a.jcc(Cond.S, die);
    }

    private void protect(final long address, final int rights) {
        a.mov(RDI, address);
        a.mov(ESI, Windows.PAGE);
        a.mov(EDX, rights);
        systemCall(MPROTECT);
        dieUnlessZero();
    }

    private void dieUnlessZero() {
        a.test(RAX, RAX);
        a.jcc(Cond.NZ, die);
    }

    private void systemCall(final int number) {
        a.mov(EAX, number);
        a.syscall();
    }

    private void answer() {
        a.mov(EDI, 1);
        a.lea(RSI, at(command));
        a.mov(EDX, 1);
        systemCall(WRITE);
    }

    // ---- running ----

    private void runBatches() {
        a.bind(batchLoop);
        a.xor(EDI, EDI);
        a.lea(RSI, at(command));
        a.mov(EDX, 8);
        systemCall(READ);
        a.cmp(RAX, 8);
        a.jcc(Cond.NE, die);
        a.mov(EAX, at(command));
        a.imul(RAX, RAX, BATCH_SLOTS * SLOT_BYTES);
        a.mov(RBX, SLOTS_BASE);
        a.add(RBX, RAX);
        a.mov(at(slot), RBX);
        a.mov(EAX, at(command, 4));
        a.mov(at(left), RAX);
        final Label caseLoop = a.mark("caseLoop");
        a.mov(RBX, at(slot));
        a.mov(RAX, SLOTS_BASE + CONTROL_OFFSET - CODE_BYTES + CURRENT);
        a.mov(mem(RAX), RBX);
        enterCase();
        a.bind(nextCase);
        a.add(at(slot).qword(), SLOT_BYTES);
        a.dec(at(left).qword());
        a.jcc(Cond.NZ, caseLoop);
        answer();
        a.jmp(batchLoop);
        a.bind(die);
        a.mov(EDI, EAX);
        systemCall(EXIT);
    }

    /** Loads the state of the slot at RBX and jumps to its code. */
    private void enterCase() {
        clearWindows();
        copySpots(true);
        a.fxrstor64(mem(RBX, FX));
        a.lea(RAX, mem(RBX, HALF_BYTES + RSP_AT + 8));
        a.mov(at(outEnd), RAX);
        a.mov(RAX, mem(RBX, IP_AT));
        a.mov(at(farPointer), RAX);
        segment(DS, DS_AT);
        segment(ES, ES_AT);
        segment(FS, FS_AT);
        segment(GS, GS_AT);
        segment(SS, SS_AT);
        basesOf64BitCode();
        a.mov(RSP, RBX);
        for (final Reg r : POP_ORDER) {
            a.pop(r);
        }
        a.popf();
        a.pop(RSP);
        a.jmpFar(at(farPointer).dword());
    }

    /** In 32-bit code the descriptors give the bases of FS and GS. */
    private void basesOf64BitCode() {
        final Label done = a.label("bases");
        a.cmp(mem(RBX, ENTRY_CS).word(), Segments.USER_CS64);
        a.jcc(Cond.NE, done);
        a.mov(RAX, mem(RBX, FS_BASE));
        a.db(0xF3, 0x48, 0x0F, 0xAE, 0xD0); // wrfsbase rax
        a.mov(RAX, mem(RBX, GS_BASE));
        a.db(0xF3, 0x48, 0x0F, 0xAE, 0xD8); // wrgsbase rax
        a.bind(done);
    }

    private void segment(final Reg r, final int field) {
        a.movzx(EAX, mem(RBX, field).word());
        a.mov(r, EAX);
    }

    /** So that no case sees what another stored beside the spots. */
    private void clearWindows() {
        a.xor(EAX, EAX);
        for (int page = 0; page < Windows.PAGES; page++) {
            if (Windows.rights(page) == Windows.Rights.WRITE) {
                a.mov(EDI, Windows.BASE + page * Windows.PAGE);
                a.mov(ECX, Windows.PAGE / 8);
                a.rep();
                a.stosq();
            }
        }
    }

    /** Copies the spots from the first half of the slot at RBX, or to its second half. */
    private void copySpots(final boolean in) {
        long offset = in ? MEMORY : HALF_BYTES + MEMORY;
        for (int i = 0; i < Windows.SPOT.length; i++) {
            for (int n = 0; n < Windows.SPOT_BYTES[i]; n += 16) {
                if (in) {
                    a.movups(XMM0, mem(RBX, offset));
                    a.movups(abs(Windows.SPOT[i] + n), XMM0);
                } else {
                    a.movups(XMM0, abs(Windows.SPOT[i] + n));
                    a.movups(mem(RBX, offset), XMM0);
                }
                offset += 16;
            }
        }
    }

    // ---- leaving ----

    /** Arrived here by the jump behind the case: nothing may be changed before it is saved. */
    private void leaveNormally() {
        a.bind(exit);
        a.mov(at(savedRsp), RSP);
        a.mov(RSP, at(outEnd));
        a.push(at(savedRsp).qword());
        a.pushf();
        for (int i = POP_ORDER.length - 1; i >= 0; i--) {
            a.push(POP_ORDER[i]);
        }
        a.lea(RSP, at(bss, STACK_BYTES));
        a.push(2);
        a.popf();
        a.mov(RBX, at(slot));
        a.mov(mem(RBX, HALF_BYTES + TRAP_AT).qword(), NO_TRAP);
        a.fxsave64(mem(RBX, HALF_BYTES + FX));
        a.mov(EAX, SS);
        a.mov(mem(RBX, HALF_BYTES + SS_AT), AX);
        a.jmp(saveCommon);
    }

    /** Signal handler: RDX is the ucontext. */
    private void leaveBySignal() {
        a.bind(handler);
        a.mov(RBX, at(slot));
        for (int i = 0; i < FRAME_ORDER.length; i++) {
            copyFrame(FRAME_ORDER[i], GPRS + 8 * i);
        }
        copyFrame(FRAME_IP, IP_AT);
        copyFrame(FRAME_TRAP, TRAP_AT);
        copyFrame(FRAME_ERROR, ERROR_AT);
        copyFrame(FRAME_CR2, CR2_AT);
        a.mov(AX, mem(RDX, UC_GREGS + 8 * FRAME_SELECTORS + 6));
        a.mov(mem(RBX, HALF_BYTES + SS_AT), AX);
        a.mov(AX, mem(RDX, UC_GREGS + 8 * FRAME_SELECTORS));
        a.mov(mem(RBX, HALF_BYTES + CS_AT), AX);
        a.mov(RSI, mem(RDX, UC_GREGS + 8 * FRAME_FPSTATE));
        a.lea(RDI, mem(RBX, HALF_BYTES + FX));
        a.mov(ECX, FX_BYTES / 8);
        a.rep();
        a.movsq();
        a.lea(RSP, at(bss, STACK_BYTES));
        a.push(2); // the kernel leaves AC as the case had it
        a.popf();
    }

    private void copyFrame(final int from, final int to) {
        a.mov(RAX, mem(RDX, UC_GREGS + 8 * from));
        a.mov(mem(RBX, HALF_BYTES + to), RAX);
    }

    private void saveResult() {
        a.bind(saveCommon);
        storeSegment(DS, DS_AT);
        storeSegment(ES, ES_AT);
        storeSegment(FS, FS_AT);
        storeSegment(GS, GS_AT);
        a.mov(EAX, Segments.USER_DS);
        a.mov(SS, EAX);
        copySpots(false);
        a.jmp(nextCase);
    }

    private void storeSegment(final Reg r, final int field) {
        a.mov(EAX, r);
        a.mov(mem(RBX, HALF_BYTES + field), AX);
    }

    // ---- data ----

    private void variables() {
        a.align(Windows.PAGE);
        for (final Label variable : new Label[] {command, slot, left, outEnd, savedRsp, farPointer}) {
            a.bind(variable);
            a.dq(0);
        }
        a.bind(ldtTable);
        for (int i = 0; i < Segments.entries(); i++) {
            final Segments.Entry e = Segments.entry(i);
            if (e != null) {
                a.dd(i, e.base(), e.limit(), e.userDescFlags());
            }
        }
        a.align(8);
        a.bind(action);
        a.address(handler, 8);
        a.dq(ACTION_FLAGS);
        a.address(handler, 8); // the restorer is never run
        a.dq(0);
        a.bind(altStack);
        a.reference(bss, STACK_BYTES, 8);
        a.dq(0, ALT_STACK_BYTES);
        a.bind(name);
        a.asciz("xenolith-cases");
        a.align(Windows.PAGE);
        a.bind(bss);
    }

    /** The page that 32-bit code and case exits go through; the model has a copy, because wild addresses may read it. */
    byte[] stub() {
        final Assembler stub = new Assembler(Mode.BITS64, STUB_BASE);
        final Label pointer = stub.mark("pointer");
        stub.dq(a.address(exit));
        stub.org(STUB_ENTRY);
        stub.jmp(at(pointer).qword());
        return stub.toBytes();
    }

    private byte[] link() {
        final byte[] stub = stub();
        final int all = ElfImage.READ | ElfImage.WRITE | ElfImage.EXECUTE;
        return new ElfImage(true, BASE)
            .load(BASE, a.toBytes(), a.position() + STACK_BYTES + ALT_STACK_BYTES, all)
            .load(STUB_BASE, stub, stub.length, ElfImage.READ | ElfImage.EXECUTE)
            .toBytes();
    }
}
