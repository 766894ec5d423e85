package io.xenolith.hv.pv;

import static io.xenolith.hv.pv.PvTestRig.CODE;
import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.EAX;
import static io.xenolith.x86.asm.Reg.ECX;
import static io.xenolith.x86.asm.Reg.EDX;
import static io.xenolith.x86.asm.Reg.R11;
import static io.xenolith.x86.asm.Reg.RAX;
import static io.xenolith.x86.asm.Reg.RCX;
import static io.xenolith.x86.asm.Reg.RDI;
import static io.xenolith.x86.asm.Reg.RDX;
import static io.xenolith.x86.asm.Reg.RSI;
import static io.xenolith.x86.asm.Reg.RSP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Raw;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mode;
import java.io.IOException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Small 64-bit paravirtual guests: kernel and user both in ring 3, told apart by their page tables. */
class TrapGuest64Test {
    private static final long DATA = 0x10000;
    private static final long ARGS = 0x11000;
    private static final int SHUTDOWN_MARK = 4;
    private static final long KERNEL_STACK = PvTestRig.STACK - 0x800;

    private PvTestRig rig;

    @BeforeEach
    void build() throws IOException {
        rig = new PvTestRig(true);
    }

    @AfterEach
    void remove() throws IOException {
        rig.close();
    }

    private void run(final Consumer<Assembler> body) {
        final Assembler a = new Assembler(Mode.BITS64, CODE);
        body.accept(a);
        rig.load(CODE, a.toBytes());
        rig.boot(CODE);
        rig.run();
    }

    private static void hypercall(final Assembler a, final int number) {
        a.mov(EAX, number);
        a.syscall();
    }

    private static void shutdown(final Assembler a) {
        a.mov(EAX, SHUTDOWN_MARK);
        a.mov(abs(ARGS + 0x100), EAX);
        a.mov(RDI, 2);
        a.mov(RSI, ARGS + 0x100);
        hypercall(a, 29);
        a.ud2();
    }

    private void assertShutdown() {
        assertEquals(SHUTDOWN_MARK, rig.services.shutdownReason, () -> "crash report: " + rig.crashText());
    }

    private long word(final int i) {
        return Raw.getLong(rig.host(DATA + i * 8L));
    }

    private static void save(final Assembler a, final int i, final io.xenolith.x86.asm.Reg reg) {
        a.mov(abs(DATA + i * 8L), reg);
    }

    /** Registers one handler; the table is at ARGS + 0x200. */
    private static void setTrap(final Assembler a, final int vector, final int flags, final Label handler) {
        a.mov(EAX, vector | flags << 8 | 0xe033 << 16);
        a.mov(abs(ARGS + 0x200), EAX);
        a.lea(RAX, io.xenolith.x86.asm.Mem.at(handler));
        a.mov(abs(ARGS + 0x208), RAX);
        a.mov(RAX, 0);
        a.mov(abs(ARGS + 0x218), RAX);
        a.mov(RDI, ARGS + 0x200);
        hypercall(a, 0);
    }

    private static void saveFrame(final Assembler a, final int words) {
        for (int i = 0; i < words; i++) {
            a.mov(RAX, mem(RSP, i * 8L));
            save(a, i, RAX);
        }
    }

    @Test
    void syscallIsAHypercallInTheKernel() {
        run(a -> {
            a.mov(RDI, 0);
            a.mov(EDX, 0x1234);
            hypercall(a, 17);
            final Label next = a.mark("next");
            save(a, 0, RAX);
            save(a, 1, RCX);
            a.lea(RAX, io.xenolith.x86.asm.Mem.at(next));
            save(a, 2, RAX);
            save(a, 3, RDX);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(4 << 16 | 17, word(0));
        assertEquals(word(2), word(1), "rcx is the return address");
        assertEquals(0x1234, word(3));
    }

    @Test
    void aFaultInTheKernelPushesRcxR11AndAKernelSelector() {
        run(a -> {
            final Label handler = a.label("handler");
            setTrap(a, 14, 4, handler);
            a.mov(RCX, 0x1111);
            a.mov(R11, 0x2222);
            a.mov(RDX, 0x3fff_0000L);
            a.mov(RAX, mem(RDX));
            a.bind(handler);
            saveFrame(a, 8);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0x1111, word(0));
        assertEquals(0x2222, word(1));
        assertEquals(0, word(2), "error code: no user bit, although the ring is 3");
        assertEquals(0xe030 | 1L << 32, word(4), "cs of the kernel, and the event mask");
        assertEquals(PvTestRig.STACK, word(6));
        assertEquals(0xe02b, word(7));
        assertEquals(0x3fff_0000L, Raw.getLong(rig.sharedInfoAddress() + 16), "cr2 in vcpu_info");
    }

    @Test
    void kernelPagesGetTheUserBitAndAreRememberedAsTheKernels() {
        run(TrapGuest64Test::shutdown);
        assertShutdown();
        final long pte = rig.pte(PvTestRig.L1_PFN, 0x50);
        assertEquals(Pte.P | Pte.RW | Pte.US | Pte.A | Pte.G, pte & 0xfff, "a page of user and kernel");
        final long kernel = Pte.of(rig.mfn(0x51), Pte.P | Pte.RW);
        assertEquals(0, rig.call(14, 0x51000, kernel, 0));
        assertEquals(kernel | Pte.US | Pte.GUEST_KERNEL, rig.pte(PvTestRig.L1_PFN, 0x51));
        new Recount(rig).check("afterwards");
    }

    @Test
    void userModeHasItsOwnTableAndCallsByTheRegisteredEntry() {
        run(a -> {
            final Label entry = a.label("entry");
            final Label user = a.label("user");
            a.mov(RDI, 0xe02b);
            a.mov(RSI, KERNEL_STACK);
            hypercall(a, 3);
            a.mov(RAX, 2);
            a.mov(abs(ARGS), RAX);
            a.lea(RAX, io.xenolith.x86.asm.Mem.at(entry));
            a.mov(abs(ARGS + 8), RAX);
            a.mov(RDI, 0);
            a.mov(RSI, ARGS);
            hypercall(a, 30);
            a.mov(RAX, 15);
            a.mov(abs(ARGS + 0x20), RAX);
            a.mov(RAX, rig.mfn(PvTestRig.ROOT_64_PFN));
            a.mov(abs(ARGS + 0x28), RAX);
            a.mov(RDI, ARGS + 0x20);
            a.mov(RSI, 1);
            a.mov(RDX, 0);
            a.mov(io.xenolith.x86.asm.Reg.R10, 0x7ff0);
            hypercall(a, 26);
            save(a, 8, RAX);
            a.push(0xe02b);
            a.mov(RAX, 0x20800);
            a.push(RAX);
            a.push(0x202);
            a.push(0xe033);
            a.lea(RAX, io.xenolith.x86.asm.Mem.at(user));
            a.push(RAX);
            a.push(0);
            a.push(0);
            a.push(0);
            a.push(0x99);
            a.mov(EAX, 23);
            a.syscall();
            a.bind(entry);
            save(a, 9, RAX);
            saveFrame(a, 7);
            shutdown(a);
            a.bind(user);
            a.mov(ECX, 5);
            a.syscall();
        });
        assertShutdown();
        assertEquals(0, word(8), "the user table is accepted");
        assertEquals(0x99, word(9), "rax is the program's, out of the iret frame");
        assertEquals(0xe033, word(3) & 0xffff, "cs of the program");
        assertEquals(0x20800, word(5), "its stack pointer");
        assertEquals(0xe02b, word(6));
        assertEquals(word(2), word(0), "rcx is where the program goes on");
    }
}
