package io.xenolith.hv.pv;

import static io.xenolith.hv.pv.PvTestRig.CODE;
import static io.xenolith.hv.pv.PvTestRig.CS;
import static io.xenolith.hv.pv.PvTestRig.DS;
import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.EAX;
import static io.xenolith.x86.asm.Reg.EBX;
import static io.xenolith.x86.asm.Reg.ECX;
import static io.xenolith.x86.asm.Reg.EDI;
import static io.xenolith.x86.asm.Reg.EDX;
import static io.xenolith.x86.asm.Reg.ESI;
import static io.xenolith.x86.asm.Reg.ESP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** Small 32-bit paravirtual guests: what each trap leaves on the stack, in the registers and in vcpu_info. */
class TrapGuestTest {
    private static final long DATA = 0x10000;
    private static final long ARGS = 0x11000;
    private static final int SHUTDOWN_MARK = 4;

    private PvTestRig rig;

    @BeforeEach
    void build() throws IOException {
        rig = new PvTestRig();
    }

    @AfterEach
    void remove() throws IOException {
        rig.close();
    }

    private void run(final Consumer<Assembler> body) {
        final Assembler a = new Assembler(Mode.BITS32, CODE);
        body.accept(a);
        rig.load(CODE, a.toBytes());
        rig.boot(CODE);
        rig.run();
    }

    private static void hypercall(final Assembler a, final int number) {
        a.mov(EAX, number);
        a.int_(0x82);
    }

    /** Ends the run with reason 4. */
    private static void shutdown(final Assembler a) {
        a.mov(abs(ARGS), EAX);
        a.mov(EAX, SHUTDOWN_MARK);
        a.mov(abs(ARGS + 0x100), EAX);
        a.mov(EBX, 2);
        a.mov(ECX, ARGS + 0x100);
        hypercall(a, 29);
        a.ud2();
    }

    private void assertShutdown() {
        assertEquals(SHUTDOWN_MARK, rig.services.shutdownReason, () -> "crash report: " + rig.crashText());
    }

    /** Registers one handler through set_trap_table; the table is at ARGS + 0x200. */
    private static void setTrap(final Assembler a, final int vector, final int flags, final Label handler) {
        a.mov(EAX, vector | flags << 8 | CS << 16);
        a.mov(abs(ARGS + 0x200), EAX);
        a.mov(EAX, handler);
        a.mov(abs(ARGS + 0x204), EAX);
        a.xor(EAX, EAX);
        a.mov(abs(ARGS + 0x208), EAX);
        a.mov(abs(ARGS + 0x20c), EAX);
        a.mov(EBX, ARGS + 0x200);
        hypercall(a, 0);
    }

    /** Copies n words of the stack to DATA. */
    private static void saveStack(final Assembler a, final int words) {
        a.mov(ESI, ESP);
        a.mov(EDI, DATA);
        a.mov(ECX, words);
        a.cld();
        a.rep();
        a.movsd();
    }

    private int word(final int i) {
        return rig.int32(DATA + i * 4L);
    }

    @Test
    void aHypercallReturnsItsResultAndKeepsTheOtherRegisters() {
        run(a -> {
            a.mov(EBX, 0);
            a.mov(ECX, 0x1234);
            a.mov(EDX, 0x5678);
            hypercall(a, 17);
            a.mov(abs(DATA), EAX);
            a.mov(abs(DATA + 4), ECX);
            a.mov(abs(DATA + 8), EDX);
            hypercall(a, 63);
            a.mov(abs(DATA + 12), EAX);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(4 << 16 | 17, word(0));
        assertEquals(0x1234, word(1));
        assertEquals(0x5678, word(2));
        assertEquals(-38, word(3), "an unknown number is -ENOSYS");
    }

    @Test
    void aPageFaultPushesErrorIpCsWithMaskAndFlags() {
        run(a -> {
            final Label handler = a.label("handler");
            setTrap(a, 14, 4, handler);
            a.mov(EDX, 0x3fff_0000);
            final Label at = a.mark("at");
            a.mov(EAX, mem(EDX));
            a.bind(handler);
            saveStack(a, 4);
            a.mov(EAX, at);
            a.mov(abs(DATA + 16), EAX);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0, word(0), "error code: read of a page that is not there, in supervisor mode");
        assertEquals(word(4), word(1), "eip is the faulting instruction");
        assertEquals(CS | 1 << 16, word(2), "cs, and the event mask that was set at boot");
        assertEquals(0, word(3) & 0x200, "IF in the frame is the inverted mask");
        assertEquals(0x3fff_0000, Raw.getInt(rig.sharedInfoAddress() + 8), "cr2 in vcpu_info");
        assertEquals(1, Raw.getByte(rig.sharedInfoAddress() + 1), "flag 4 of the trap masks events");
    }

    @Test
    void iretHypercallRestoresMaskAndContext() {
        run(a -> {
            final Label handler = a.label("handler");
            final Label done = a.label("done");
            setTrap(a, 6, 0, handler);
            a.mov(ESI, 0x77);
            a.ud2();
            a.bind(done);
            a.mov(abs(DATA), EAX);
            a.mov(abs(DATA + 4), ESI);
            a.mov(abs(DATA + 8), ESP);
            shutdown(a);
            a.bind(handler);
            a.mov(EAX, done);
            a.mov(mem(ESP), EAX);
            a.mov(EAX, mem(ESP, 8));
            a.or(EAX, 0x200);
            a.mov(mem(ESP, 8), EAX);
            a.mov(EAX, 0x55aa);
            a.push(EAX);
            a.mov(EAX, 23);
            a.int_(0x82);
        });
        assertShutdown();
        assertEquals(0x55aa, word(0), "eax comes from the frame");
        assertEquals(0x77, word(1));
        assertEquals((int)PvTestRig.STACK, word(2), "the frame is off the stack");
        assertEquals(0, Raw.getByte(rig.sharedInfoAddress() + 1), "IF in the frame opened the event mask");
    }

    @Test
    void aProgramInRing3CallsItsKernelThroughInt80() {
        rig.putPte(PvTestRig.L1_PFN, 0x20, Pte.of(rig.mfn(0x20), 7));
        run(a -> {
            final Label handler = a.label("handler");
            final Label user = a.label("user");
            setTrap(a, 0x80, 3, handler);
            a.mov(EBX, DS);
            a.mov(ECX, PvTestRig.STACK - 0x800);
            hypercall(a, 3);
            a.push(0xe033);
            a.push(0x20800);
            a.push(0x202);
            a.push(0xe02b);
            a.push(user);
            a.push(0);
            a.mov(EAX, 23);
            a.int_(0x82);
            a.bind(handler);
            // the return to ring 3 left no usable data segments: theirs were of ring 1
            a.mov(EAX, DS);
            a.mov(io.xenolith.x86.asm.Reg.DS, EAX);
            a.mov(io.xenolith.x86.asm.Reg.ES, EAX);
            saveStack(a, 5);
            a.mov(abs(DATA + 20), ESP);
            a.mov(abs(DATA + 24), EBX);
            shutdown(a);
            a.bind(user);
            a.mov(EBX, 0x1234);
            a.int_(0x80);
        });
        assertShutdown();
        assertEquals(0xe02b, word(1) & 0xffff, "cs of the program");
        assertEquals(0x20800, word(3), "its stack pointer");
        assertEquals(0xe033, word(4), "its stack segment");
        assertEquals((int)PvTestRig.STACK - 0x800 - 20, word(5), "the frame is on the kernel stack");
        assertEquals(0x1234, word(6));
    }

    @Test
    void aSoftwareInterruptWithoutPermissionIsAGeneralProtectionFault() {
        run(a -> {
            final Label handler = a.label("handler");
            setTrap(a, 13, 0, handler);
            a.int_(0x44);
            a.bind(handler);
            saveStack(a, 4);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0x44 * 8 + 2, word(0));
    }

    @Test
    void anEventIsDeliveredAtTheNextEntryAfterTheMaskIsOpened() {
        run(a -> {
            final Label event = a.label("event");
            a.mov(EBX, CS);
            a.mov(ECX, event);
            a.xor(EDX, EDX);
            a.xor(ESI, ESI);
            hypercall(a, 4);
            a.mov(EAX, 0);
            // shared_info is mapped at 0x1e0000 by the test
            a.mov(io.xenolith.x86.asm.Reg.ECX, 0x1e0000);
            a.db(0xc6, 0x41, 0x00, 0x01);
            a.db(0xc6, 0x41, 0x01, 0x00);
            a.mov(EBX, 0);
            hypercall(a, 17);
            a.ud2();
            a.bind(event);
            saveStack(a, 3);
            a.mov(abs(DATA + 12), EAX);
            shutdown(a);
        }, 0x1e0);
        assertShutdown();
        assertEquals(CS, word(1), "the saved mask is clear");
        assertEquals(0x200, word(2) & 0x200);
        assertEquals(4 << 16 | 17, word(3), "the hypercall had its result before the event came");
        assertEquals(1, Raw.getByte(rig.sharedInfoAddress() + 1), "entry masks events");
    }

    private void run(final Consumer<Assembler> body, final int sharedPfn) {
        rig.putPte(PvTestRig.L1_PFN, sharedPfn, Pte.of(rig.sharedInfoMfn(), Pte.P | Pte.RW | Pte.US));
        run(body);
    }

    @Test
    void aFaultWithoutHandlerEndsTheDomainWithAReport() {
        run(a -> a.mov(EAX, abs(0x3fff_0000)));
        assertEquals(3, rig.services.shutdownReason);
        assertTrue(rig.crashText().contains("unhandled exception: vector=14"), rig.crashText());
    }

    @Test
    void aFaultWhoseFrameCannotBeWrittenEndsTheDomain() {
        run(a -> {
            final Label handler = a.label("handler");
            setTrap(a, 6, 0, handler);
            a.mov(ESP, 0x3fff_0000);
            a.bind(handler);
            a.ud2();
        });
        assertEquals(3, rig.services.shutdownReason);
        assertTrue(rig.crashText().contains("double fault"), rig.crashText());
    }

    @Test
    void privilegedInstructionsOfTheKernelAreEmulated() {
        run(a -> {
            a.db(0x0f, 0x20, 0xd8);
            a.mov(abs(DATA), EAX);
            a.db(0x0f, 0x20, 0xe0);
            a.mov(abs(DATA + 4), EAX);
            a.mov(ECX, 0x277);
            a.rdmsr();
            a.mov(abs(DATA + 8), EAX);
            a.ud2();
            a.db('x', 'e', 'n');
            a.mov(EAX, 0);
            a.cpuid();
            a.mov(abs(DATA + 12), EBX);
            a.mov(EAX, 0x4000_0000);
            a.cpuid();
            a.mov(abs(DATA + 16), EBX);
            shutdown(a);
        });
        assertEquals(3, rig.services.shutdownReason, "the prefix is only for CPUID");
        final long l3 = rig.mfn(PvTestRig.L3_PFN);
        assertEquals((int)(l3 << 12 | l3 >>> 20), word(0));
        assertEquals(0x660, word(1));
        assertEquals(0x0007_0406, word(2));
    }

    @Test
    void forcedCpuidAnswersLikeTheInstruction() {
        run(a -> {
            a.mov(EAX, 0x4000_0000);
            a.ud2();
            a.db('x', 'e', 'n');
            a.cpuid();
            a.mov(abs(DATA), EBX);
            a.mov(EAX, 0x4000_0000);
            a.cpuid();
            a.mov(abs(DATA + 4), EBX);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0x566e_6558, word(0));
        assertEquals(word(0), word(1));
    }

    @Test
    void portsNeedTheIoPrivilegeLevel() {
        run(a -> {
            final Label handler = a.label("handler");
            final Label again = a.label("again");
            setTrap(a, 13, 0, handler);
            a.bind(again);
            a.in(io.xenolith.x86.asm.Reg.AL, 0x70);
            a.mov(abs(DATA + 4), EAX);
            shutdown(a);
            a.bind(handler);
            a.mov(EAX, mem(ESP));
            a.mov(abs(DATA), EAX);
            a.mov(EAX, 1);
            a.mov(abs(ARGS), EAX);
            a.mov(EBX, 6);
            a.mov(ECX, ARGS);
            hypercall(a, 33);
            a.mov(EAX, 0);
            a.jmp(again);
        });
        assertShutdown();
        assertEquals(0, word(0), "#GP(0) before the level was raised");
        assertEquals(0xff, word(1) & 0xff, "nothing is behind the port");
    }

    @Test
    void aStoreToAPageTableIsCarriedOutWhenTheGuestAsksForIt() {
        final long slot = (PvTestRig.L1_PFN << 12) + 0x40 * 8L;
        run(a -> {
            final Label handler = a.label("handler");
            setTrap(a, 14, 0, handler);
            a.mov(EBX, 0);
            a.mov(ECX, 2);
            hypercall(a, 21);
            // swaps the two halves of an entry in the order that a guest uses: low word away, high word, low word
            a.mov(EDX, slot);
            a.mov(EAX, 0);
            a.mov(mem(EDX), EAX);
            a.mov(mem(EDX, 4), EAX);
            a.mov(EAX, rig.mfn(0x41) << 12 | 3);
            a.mov(mem(EDX), EAX);
            a.mov(EAX, 7);
            a.mov(abs(ARGS + 0x300), EAX);
            a.mov(EAX, 0x40000);
            a.mov(abs(ARGS + 0x304), EAX);
            a.push(EDX);
            a.mov(EBX, ARGS + 0x300);
            a.mov(ECX, 1);
            a.mov(EDX, 0);
            a.mov(ESI, 0x7ff0);
            hypercall(a, 26);
            a.pop(EDX);
            a.mov(EAX, 0x1234);
            a.mov(abs(0x40000), EAX);
            // an entry that is refused is the guest's own page fault
            a.mov(EAX, rig.mfn(PvTestRig.L2_PFN) << 12 | 3);
            a.mov(mem(EDX), EAX);
            a.ud2();
            a.bind(handler);
            saveStack(a, 4);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0x1234, rig.int32(0x41000), "the store went to the frame of the new entry");
        assertEquals(3, word(0), "error code of the refused store");
        assertEquals((int)slot, Raw.getInt(rig.sharedInfoAddress() + 8), "its address");
        new Recount(rig).check("afterwards");
    }

    @Test
    void aReturnThatCannotBeMadeGoesToTheFailsafeCallback() {
        run(a -> {
            final Label failsafe = a.label("failsafe");
            a.xor(EBX, EBX);
            a.xor(ECX, ECX);
            a.mov(EDX, CS);
            a.mov(ESI, failsafe);
            hypercall(a, 4);
            a.push(0xe033);
            a.push(0x20800);
            a.push(0x202);
            a.push(0x4b);
            a.push(0x1234);
            a.push(0);
            a.mov(EAX, 23);
            a.int_(0x82);
            a.ud2();
            a.bind(failsafe);
            saveStack(a, 9);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(DS, word(0), "ds");
        assertEquals(DS, word(1), "es");
        assertEquals(0x1234, word(4), "eip that could not be entered");
        assertEquals(0x4b, word(5) & 0xffff, "its cs");
        assertEquals(0x20800, word(7));
        assertEquals(0xe033, word(8));
    }

    @Test
    void aReturnToRing0EndsTheDomain() {
        run(a -> {
            a.push(0x202);
            a.push(0xe008);
            a.push(0x1234);
            a.push(0);
            a.mov(EAX, 23);
            a.int_(0x82);
        });
        assertEquals(3, rig.services.shutdownReason);
        assertTrue(rig.crashText().contains("forbidden mode"), rig.crashText());
    }

    @Test
    void theLastFaultsAreInTheReport() {
        run(a -> {
            final Label handler = a.label("handler");
            setTrap(a, 6, 0, handler);
            a.ud2();
            a.bind(handler);
            a.mov(EAX, abs(0x3fff_0000));
        });
        assertEquals(3, rig.services.shutdownReason);
        assertTrue(rig.crashText().contains("0: vector=6"), rig.crashText());
        assertTrue(rig.crashText().contains("1: vector=14"), rig.crashText());
        assertTrue(rig.crashText().contains("address=3fff0000"), rig.crashText());
    }

    /** A guest's own GDT at page 0x30: entry 1 a call gate for programs, entry 2 data with a base. */
    private static void setGdt(final Assembler a, final PvTestRig rig, final Label gateTarget) {
        a.mov(EAX, gateTarget);
        a.and(EAX, 0xffff);
        a.or(EAX, CS << 16);
        a.mov(abs(0x30008), EAX);
        a.mov(EAX, 0xec01);
        a.mov(abs(0x3000c), EAX);
        a.mov(EAX, 0x8000_ffff);
        a.mov(abs(0x30010), EAX);
        a.mov(EAX, 0x00cf_f202);
        a.mov(abs(0x30014), EAX);
        a.mov(EBX, 0x30000);
        a.mov(ECX, rig.mfn(0x30) << 12 | 1);
        a.xor(EDX, EDX);
        a.mov(ESI, 2);
        hypercall(a, 14);
        a.mov(EAX, rig.mfn(0x30));
        a.mov(abs(ARGS), EAX);
        a.mov(EBX, ARGS);
        a.mov(ECX, 8);
        hypercall(a, 2);
        a.mov(abs(DATA + 0x80), EAX);
    }

    @Test
    void aProgramCallsItsKernelThroughACallGate() {
        rig.putPte(PvTestRig.L1_PFN, 0x20, Pte.of(rig.mfn(0x20), 7));
        run(a -> {
            final Label target = a.label("target");
            final Label user = a.label("user");
            setGdt(a, rig, target);
            a.mov(EBX, DS);
            a.mov(ECX, PvTestRig.STACK - 0x800);
            hypercall(a, 3);
            a.push(0xe033);
            a.push(0x20800);
            a.push(0x202);
            a.push(0xe02b);
            a.push(user);
            a.push(0);
            a.mov(EAX, 23);
            a.int_(0x82);
            a.bind(user);
            a.push(0x4321);
            a.callFar(0x0b, 0, 4);
            a.bind(target);
            a.mov(EAX, DS);
            a.mov(io.xenolith.x86.asm.Reg.DS, EAX);
            a.mov(io.xenolith.x86.asm.Reg.ES, EAX);
            saveStack(a, 5);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0, rig.int32(DATA + 0x80), "set_gdt");
        assertEquals(0xe02b, word(1), "cs of the program");
        assertEquals(0x4321, word(2), "the one parameter");
        assertEquals(0x20800 - 4, word(3), "its stack pointer");
        assertEquals(0xe033, word(4));
    }

    @Test
    void segmentsOfTheGuestsOwnTableHaveTheirBase() {
        run(a -> {
            final Label nowhere = a.label("nowhere");
            setGdt(a, rig, nowhere);
            a.mov(EAX, 0x1357);
            a.mov(abs(0x28010), EAX);
            a.mov(EAX, 0x10);
            a.mov(io.xenolith.x86.asm.Reg.FS, EAX);
            a.segmentPrefix(io.xenolith.x86.asm.Reg.FS);
            a.mov(EAX, abs(0x10));
            a.mov(abs(DATA), EAX);
            a.bind(nowhere);
            shutdown(a);
        });
        assertShutdown();
        assertEquals(0x1357, word(0), "fs has base 0x28000");
    }
}
