package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.SchedOp;
import io.xenolith.shm.abi.UvmFlags;
import io.xenolith.shm.abi.VcpuInfo;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * The trap table and what lies behind it. A part that expects a trap stores where to go on in {@link #resumeAt}; the
 * handler notes vector, error code and CR2 and goes there. A trap that nobody expects is printed and ends the domain.
 *
 * <pre>
 * stack in the handler, from ESP: edi esi ebp (esp) ebx edx ecx eax | vector | error | eip cs eflags [esp ss]
 * </pre>
 */
final class Traps {
    static final int DE = 0;
    static final int BP = 3;
    static final int UD = 6;
    static final int GP = 13;
    static final int PF = 14;
    private static final int AC = 17;
    private static final int SYSTEM_CALL = 0x80;
    /** Vectors that push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
    private static final int WITH_ERROR = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << GP | 1 << PF | 1 << AC;
    private static final int VECTORS = 20;
    private static final int DPL3 = 3;

    /** Offsets in the handler's frame. */
    static final int FRAME_EDX = 20;
    static final int FRAME_ECX = 24;
    static final int FRAME_EAX = 28;
    static final int FRAME_VECTOR = 32;
    static final int FRAME_ERROR = 36;
    static final int FRAME_EIP = 40;
    private static final int FRAME_CS = 44;

    final Label resumeAt;
    final Label lastVector;
    final Label lastError;
    final Label lastCr2;
    final Label lastCs;
    /** A page that the handler maps when it is touched, and how often that happened. */
    final Label lazyPage;
    final Label lazyFaults;
    /** System call handler, by {@link UserProgram}: EBP is the frame. */
    final Label systemCall;
    private final Label lazyFrame;
    private final Label writeError;
    private final Kernel k;
    private final Label table;
    private final Label common;
    private final Label[] stubs = new Label[VECTORS];
    private final Label systemCallStub;

    Traps(final Kernel k) {
        this.k = k;
        resumeAt = k.variable("resumeAt", 4);
        lastVector = k.variable("lastVector", 4);
        lastError = k.variable("lastError", 4);
        lastCr2 = k.variable("lastCr2", 4);
        lastCs = k.variable("lastCs", 4);
        lazyPage = k.page("lazyPage");
        lazyFaults = k.variable("lazyFaults", 4);
        lazyFrame = k.variable("lazyFrame", 4);
        writeError = k.variable("writeError", 4);
        table = k.label("trapTable");
        common = k.label("trap");
        systemCall = k.label("systemCall");
        systemCallStub = k.label("systemCallStub");
    }

    /** Registers the table. */
    void emitInit() {
        k.hypercall(Hypercall.SET_TRAP_TABLE, table);
    }

    void emit(final Label part) {
        stubs();
        handler();
        table();
        k.part(part, () -> {
            expectedTraps();
            pageFaults();
            k.say("     traps: #DE #BP #UD #GP taken and left by iret; page faults at ");
            k.mov(EAX, lazyPage);
            k.call(k.putHex);
            k.say(" mapped on demand, write to a read-only page gave error ");
            k.sayDecimal(at(writeError));
            k.say("\n");
        });
    }

    private void stubs() {
        for (int v = 0; v < VECTORS; v++) {
            stubs[v] = k.mark("vector" + v);
            if ((WITH_ERROR >> v & 1) == 0) {
                k.push(0);
            }
            k.push(v);
            k.jmp(common);
        }
        k.bind(systemCallStub);
        k.push(0);
        k.push(SYSTEM_CALL);
        k.jmp(common);
    }

    private void handler() {
        final Label leave = k.label("trapLeave");
        final Label notLazy = k.label("notLazy");
        final Label unexpected = k.label("unexpected");
        k.bind(common);
        k.pusha();
        k.cld();
        k.mov(EBP, ESP);
        k.cmp(mem(EBP, FRAME_VECTOR).dword(), SYSTEM_CALL);
        k.jcc(Cond.E, systemCall);
        k.mov(EBX, at(k.sharedInfo, VcpuInfo.X32.cr2));
        k.cmp(mem(EBP, FRAME_VECTOR).dword(), PF);
        k.jcc(Cond.NE, notLazy);
        k.mov(EAX, EBX);
        k.and(EAX, -Kernel.PAGE);
        k.alu(7, EAX, lazyPage);
        k.jcc(Cond.NE, notLazy);
        k.test(mem(EBP, FRAME_ERROR).dword(), 1);
        k.jcc(Cond.NZ, notLazy);
        k.inc(at(lazyFaults).dword());
        k.mov(EDX, at(lazyFrame));
        k.mov(ECX, Kernel.PTE_P | Kernel.PTE_RW | Kernel.PTE_A | Kernel.PTE_D);
        k.call(k.mapFrame);
        k.jmp(leave);
        k.bind(notLazy);
        note(unexpected);
        k.bind(leave);
        k.popa();
        k.add(ESP, 8);
        k.hypercallIret();
        k.bind(unexpected);
        sayUnexpected();
    }

    private void note(final Label unexpected) {
        k.mov(EAX, at(resumeAt));
        k.test(EAX, EAX);
        k.jcc(Cond.Z, unexpected);
        k.mov(at(resumeAt).dword(), 0);
        k.mov(ECX, mem(EBP, FRAME_EIP));
        k.mov(mem(EBP, FRAME_EIP), EAX);
        k.mov(EAX, mem(EBP, FRAME_VECTOR));
        k.mov(at(lastVector), EAX);
        k.mov(EAX, mem(EBP, FRAME_ERROR));
        k.mov(at(lastError), EAX);
        k.mov(EAX, mem(EBP, FRAME_CS));
        k.mov(at(lastCs), EAX);
        k.mov(at(lastCr2), EBX);
    }

    private void sayUnexpected() {
        k.say("FAIL unexpected trap ");
        k.sayDecimal(mem(EBP, FRAME_VECTOR));
        k.say(" error ");
        k.sayHex(mem(EBP, FRAME_ERROR));
        k.say(" eip ");
        k.sayHex(mem(EBP, FRAME_EIP));
        k.say(" cr2 ");
        k.sayHex(EBX);
        k.say("\n");
        Shutdown.emitShutdown(k, SchedOp.Shutdown.CRASH);
    }

    private void table() {
        k.align(4);
        k.bind(table);
        for (int v = 0; v < VECTORS; v++) {
            entry(v, v == BP ? DPL3 : 0, stubs[v]);
        }
        entry(SYSTEM_CALL, DPL3, systemCallStub);
        k.dd(0, 0);
    }

    private void entry(final int vector, final int flags, final Label handler) {
        k.db(vector, flags);
        k.dw(Kernel.KERNEL_CS);
        k.address(handler, 4);
    }

    /** Prepares for one trap; execution goes on at {@code next}. */
    void expect(final Label next) {
        k.mov(at(resumeAt).dword(), next);
        k.mov(at(lastVector).dword(), 0xFFFF);
    }

    /** The trap that must have happened. */
    void checkTrap(final int vector) {
        k.cmp(at(lastVector).dword(), vector);
        k.check(Cond.E);
    }

    private void expectedTraps() {
        trap(DE, () -> {
            k.xor(EDX, EDX);
            k.xor(ECX, ECX);
            k.mov(EAX, 1);
            k.div(ECX);
        });
        trap(BP, k::int3);
        trap(UD, k::ud2);
        trap(GP, k::hlt);
        trap(GP, () -> k.int_(0x55));
        k.mov(EAX, at(lastError));
        k.checkResult(0x55 * 8 + 2);
    }

    private void trap(final int vector, final Runnable cause) {
        final Label next = k.label();
        expect(next);
        cause.run();
        k.bind(next);
        checkTrap(vector);
    }

    /** The lazy page is unmapped first; then it is touched, unmapped and touched again, and made read-only. */
    private void pageFaults() {
        k.mov(EAX, lazyPage);
        k.call(k.frameOf);
        k.mov(at(lazyFrame), EAX);
        unmapLazy();
        k.mov(at(lazyPage, 8).dword(), 0x1234567);
        unmapLazy();
        k.cmp(at(lazyPage, 8).dword(), 0x1234567);
        k.check(Cond.E);
        k.cmp(at(lazyFaults).dword(), 2);
        k.check(Cond.E);
        k.mov(EAX, lazyPage);
        k.mov(EDX, at(lazyFrame));
        k.mov(ECX, Kernel.PTE_P | Kernel.PTE_A);
        k.call(k.mapFrame);
        k.checkResult(0);
        trap(PF, () -> k.mov(at(lazyPage, 12).dword(), 1));
        k.mov(EAX, at(lastCr2));
        k.sub(EAX, 12);
        k.alu(7, EAX, lazyPage);
        k.check(Cond.E);
        k.mov(EAX, at(lastError));
        k.mov(at(writeError), EAX);
        // present, write, supervisor
        k.checkResult(3);
        trap(PF, () -> k.mov(EAX, abs(0x1000)));
        k.cmp(at(lastCr2).dword(), 0x1000);
        k.check(Cond.E);
        k.cmp(at(lastError).dword(), 0);
        k.check(Cond.E);
    }

    private void unmapLazy() {
        k.hypercall(Hypercall.UPDATE_VA_MAPPING, lazyPage, 0, 0, UvmFlags.INVLPG);
        k.checkResult(0);
    }
}
