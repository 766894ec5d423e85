package io.xenolith.x86.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Faults, decoding, block cache, stepping: what surrounds the single instruction. */
class ControlTest {
    private final TestCpu t = new TestCpu();

    @Test
    void lockNeedsAMemoryDestinationThatMayBeLocked() {
        t.set(Cpu.RBX, TestCpu.DATA);
        assertEquals(TestCpu.END, t.run(p -> p.db(0xf0, 0x01, 0x03)));
        assertEquals(CpuFault.UD, t.run(p -> p.db(0xf0, 0x01, 0xc3)));
        assertEquals(CpuFault.UD, t.run(p -> p.db(0xf0, 0x03, 0x03)));
        assertEquals(CpuFault.UD, t.run(p -> p.db(0xf0, 0x89, 0x03)));
        assertEquals(CpuFault.UD, t.run(p -> p.db(0xf0, 0x39, 0x03)));
        assertEquals(CpuFault.UD, t.run(p -> p.db(0xf0, 0x90)));
    }

    @Test
    void fifteenBytesAreTheLimit() {
        final int[] longest = new int[15];
        java.util.Arrays.fill(longest, 0x66);
        longest[14] = 0x90;
        assertEquals(TestCpu.END, t.run(p -> p.db(longest)));
        assertEquals(CpuFault.GP, t.run(p -> {
            p.db(0x66);
            p.db(longest);
        }));
        assertEquals(TestCpu.CODE, t.c.ip);
    }

    @Test
    void faultingInstructionInsideABlockIsPrecise() {
        t.paged();
        t.map(TestCpu.DATA, 0, 0);
        t.set(Cpu.RBX, TestCpu.DATA + 4);
        final int vector = t.run(p -> {
            p.mov(Reg.EAX, 1);
            p.mov(Reg.ECX, 2);
            p.db(0x03, 0x03);
            p.mov(Reg.EAX, 3);
        });
        assertEquals(CpuFault.PF, vector);
        assertEquals(TestCpu.CODE + 10, t.c.ip);
        assertEquals(1, t.eax());
        assertEquals(TestCpu.DATA + 4, t.c.cr2);
        assertEquals(0, t.env.errorCode);
    }

    @Test
    void readModifyWriteFaultsAsAWrite() {
        t.paged();
        t.map(TestCpu.DATA, TestCpu.DATA, 5);
        t.set(Cpu.RBX, TestCpu.DATA);
        t.c.setEflags(Eflags.ZF);
        assertEquals(CpuFault.PF, t.run(p -> p.db(0x01, 0x03)));
        assertEquals(3, t.env.errorCode);
        assertTrue(t.c.zf());
    }

    @Test
    void fetchAcrossPagesFaultsAtTheSecond() {
        t.paged();
        final int at = TestCpu.CODE + 0xffe;
        t.put8(at, 0xb8);
        t.map(TestCpu.CODE + 0x1000, 0, 0);
        assertEquals(CpuFault.PF, t.runAt(at));
        assertEquals(at, t.c.ip);
        assertEquals(TestCpu.CODE + 0x1000, t.c.cr2);
        t.map(TestCpu.CODE + 0x1000, TestCpu.CODE + 0x2000, 7);
        t.put8(at + 1, 0x78);
        t.put8(TestCpu.CODE + 0x2000, 0x56);
        t.put8(TestCpu.CODE + 0x2001, 0x34);
        t.put8(TestCpu.CODE + 0x2002, 0x12);
        t.put8(TestCpu.CODE + 0x2003, 0xcd);
        t.put8(TestCpu.CODE + 0x2004, TestCpu.END);
        assertEquals(TestCpu.END, t.runAt(at));
        assertEquals(0x12345678, t.eax());
        // another frame behind the second page: not the same instruction
        t.map(TestCpu.CODE + 0x1000, TestCpu.CODE + 0x3000, 7);
        t.put32(TestCpu.CODE + 0x3000, 0xcd0000aa);
        t.put8(TestCpu.CODE + 0x3004, TestCpu.END);
        assertEquals(TestCpu.END, t.runAt(at));
        assertEquals(0xaa78, t.eax());
    }

    @Test
    void codeMayChangeItselfWithinTheBlock() {
        // mov byte [next + 1], 7; next: mov al, 1
        assertEquals(TestCpu.END, t.run(p -> {
            p.db(0xc6, 0x05);
            p.dd(TestCpu.CODE + 8);
            p.db(7);
            p.db(0xb0, 1);
        }));
        assertEquals(7, t.eax());
        t.put8(TestCpu.CODE + 8, 1);
        t.c.codeCache().invalidate(TestCpu.CODE >> 12);
        assertEquals(TestCpu.END, t.runAt(TestCpu.CODE));
        assertEquals(7, t.eax());
    }

    @Test
    void codeMayBeChangedThroughAnAlias() {
        t.paged();
        final int alias = 0x40000;
        t.map(alias, TestCpu.CODE, 7);
        t.load(TestCpu.CODE, p -> p.mov(Reg.EAX, 1));
        t.runAt(TestCpu.CODE);
        assertEquals(1, t.eax());
        // a second program stores into the first through the alias and jumps to it
        t.load(0x50000, p -> {
            p.db(0xc7, 0x05);
            p.dd(alias + 1, 2);
            p.mov(Reg.EDX, TestCpu.CODE);
            p.jmp(Reg.EDX);
        });
        t.runAt(TestCpu.CODE);
        assertEquals(TestCpu.END, t.runAt(0x50000));
        assertEquals(2, t.eax());
    }

    @Test
    void framesAreMarkedWhileTheyHoldCode() {
        final Set<Long> marked = new HashSet<>();
        final TestCpu m = new TestCpu(Mode.BITS32, new CodeFrames() {
            @Override
            public boolean mark(final long mfn) {
                return marked.add(mfn);
            }

            @Override
            public void unmark(final long mfn) {
                marked.remove(mfn);
            }
        });
        m.run(p -> p.mov(Reg.EAX, 1));
        assertEquals(Set.of((long) TestCpu.CODE >> 12), marked);
        m.c.codeCache().invalidate(TestCpu.CODE >> 12);
        assertTrue(marked.isEmpty());
    }

    @Test
    void framesThatMayNotBeMarkedAreNotCached() {
        final TestCpu m = new TestCpu(Mode.BITS32, new CodeFrames() {
            @Override
            public boolean mark(final long mfn) {
                return false;
            }

            @Override
            public void unmark(final long mfn) {
                throw new AssertionError("unmark");
            }
        });
        m.load(TestCpu.CODE, p -> p.mov(Reg.EAX, 1));
        m.runAt(TestCpu.CODE);
        // a store that nobody announced
        m.put8(TestCpu.CODE + 1, 5);
        assertEquals(TestCpu.END, m.runAt(TestCpu.CODE));
        assertEquals(5, m.eax());
        assertFalse(m.c.codeCache().holdsCode(TestCpu.CODE >> 12));
    }

    @Test
    void repeatedMoveFaultsWithTheIterationsDone() {
        t.paged();
        t.map(TestCpu.DATA + 0x1000, 0, 0);
        t.put32(TestCpu.DATA - 0x2000, 0x11223344);
        t.set(Cpu.RSI, TestCpu.DATA - 0x2000);
        t.set(Cpu.RDI, TestCpu.DATA + 0xff4);
        t.set(Cpu.RCX, 10);
        assertEquals(CpuFault.PF, t.run(p -> p.db(0xf3, 0xa5)));
        assertEquals(TestCpu.CODE, t.c.ip);
        assertEquals(7, t.reg(Cpu.RCX));
        assertEquals(TestCpu.DATA - 0x2000 + 12, t.reg(Cpu.RSI));
        assertEquals(TestCpu.DATA + 0x1000, t.reg(Cpu.RDI));
        assertEquals(0x11223344, t.get32(TestCpu.DATA + 0xff4));
        assertEquals(2, t.env.errorCode);
        // mapped now, the rest is done
        t.map(TestCpu.DATA + 0x1000, TestCpu.DATA + 0x1000, 7);
        assertEquals(TestCpu.END, t.runAt(TestCpu.CODE));
        assertEquals(0, t.reg(Cpu.RCX));
    }

    @Test
    void overlappingMoveRepeatsThePattern() {
        t.put8(TestCpu.DATA, 0x5a);
        t.set(Cpu.RSI, TestCpu.DATA);
        t.set(Cpu.RDI, TestCpu.DATA + 1);
        t.set(Cpu.RCX, 100);
        t.run(p -> p.db(0xf3, 0xa4));
        assertEquals(0x5a, t.get8(TestCpu.DATA + 100));
        assertEquals(0, t.get8(TestCpu.DATA + 101));
    }

    @Test
    void fillAndScanAndCompare() {
        t.set(Cpu.RDI, TestCpu.DATA + 3);
        t.set(Cpu.RAX, 0x41);
        t.set(Cpu.RCX, 5000);
        t.run(p -> p.db(0xf3, 0xaa));
        assertEquals(0x41, t.get8(TestCpu.DATA + 3));
        assertEquals(0x41, t.get8(TestCpu.DATA + 3 + 4999));
        assertEquals(0, t.get8(TestCpu.DATA + 3 + 5000));
        assertEquals(TestCpu.DATA + 5003, t.reg(Cpu.RDI));
        t.set(Cpu.RDI, TestCpu.DATA + 3);
        t.set(Cpu.RCX, 0xffffffffL);
        t.run(p -> p.db(0xf3, 0xae));
        assertEquals(TestCpu.DATA + 3 + 5001, t.reg(Cpu.RDI));
        t.set(Cpu.RSI, TestCpu.DATA + 3);
        t.set(Cpu.RDI, TestCpu.DATA + 4);
        t.set(Cpu.RCX, 6000);
        t.run(p -> p.db(0xf3, 0xa6));
        assertEquals(1000, t.reg(Cpu.RCX));
        assertFalse(t.c.zf());
    }

    @Test
    void backwardMove() {
        t.put32(TestCpu.DATA, 1);
        t.put32(TestCpu.DATA + 4, 2);
        t.set(Cpu.RSI, TestCpu.DATA + 4);
        t.set(Cpu.RDI, TestCpu.DATA + 8);
        t.set(Cpu.RCX, 2);
        t.run(p -> p.db(0xfd, 0xf3, 0xa5, 0xfc));
        assertEquals(1, t.get32(TestCpu.DATA + 4));
        assertEquals(2, t.get32(TestCpu.DATA + 8));
        assertEquals(TestCpu.DATA, t.reg(Cpu.RDI));
    }

    @Test
    void attentionInterruptsARepeatedInstructionBetweenChunks() {
        t.set(Cpu.RDI, TestCpu.DATA);
        t.set(Cpu.RCX, 0x8000);
        t.load(TestCpu.CODE, p -> p.db(0xf3, 0xaa));
        Raw.putInt(t.c.attentionAddress, 1);
        t.runAt(TestCpu.CODE);
        assertEquals(1, t.env.attentions);
        assertEquals(TestCpu.CODE, t.c.ip);
        assertEquals(0x8000, t.reg(Cpu.RCX));
        t.c.step();
        assertEquals(TestCpu.CODE, t.c.ip);
        assertTrue(t.reg(Cpu.RCX) < 0x8000 && t.reg(Cpu.RCX) > 0);
        Raw.putInt(t.c.attentionAddress, 0);
        assertEquals(TestCpu.END, t.runAt(TestCpu.CODE));
        assertEquals(0, t.reg(Cpu.RCX));
    }

    @Test
    void trapFlagTrapsAfterTheNextInstruction() {
        t.load(TestCpu.CODE, p -> p.db(0x9d, 0x40, 0x40));
        t.set(Cpu.RSP, TestCpu.STACK - 4);
        t.put32(TestCpu.STACK - 4, Eflags.TF | Eflags.ONE);
        assertEquals(CpuFault.DB, t.runAt(TestCpu.CODE));
        assertEquals(TestCpu.CODE + 2, t.c.ip);
        assertEquals(1 << 14, t.c.dr[6] & 1 << 14);
    }

    @Test
    void shadowDelaysTheTrapByOneInstruction() {
        t.load(TestCpu.CODE, p -> p.db(0x40, 0x40, 0x40));
        t.c.setEflags(Eflags.TF);
        t.c.ip = TestCpu.CODE;
        t.c.shadow();
        t.c.step();
        assertEquals(CpuFault.DB, t.env.vector);
        assertEquals(TestCpu.CODE + 1, t.c.ip);
    }

    @Test
    void dataBreakpointTrapsAfterTheAccess() {
        t.c.dr[0] = TestCpu.DATA;
        t.c.dr[7] = 1 | 3 << 16 | 3 << 18;
        t.c.debugRegistersChanged();
        t.set(Cpu.RBX, TestCpu.DATA);
        assertEquals(CpuFault.DB, t.run(p -> p.db(0x40, 0x8b, 0x03, 0x40)));
        assertEquals(TestCpu.CODE + 3, t.c.ip);
        assertEquals(1, t.c.dr[6] & 15);
    }

    @Test
    void instructionBreakpointFaultsBefore() {
        t.c.dr[1] = TestCpu.CODE + 1;
        t.c.dr[7] = 4;
        t.c.debugRegistersChanged();
        assertEquals(CpuFault.DB, t.run(p -> p.db(0x40, 0x40, 0x40)));
        assertEquals(TestCpu.CODE + 1, t.c.ip);
        assertEquals(2, t.c.dr[6] & 15);
        t.c.setEflags(t.c.eflags() | Eflags.RF);
        assertEquals(TestCpu.END, t.runAt(TestCpu.CODE + 1));
    }

    @Test
    void enterNestsFrames() {
        t.set(Cpu.RBP, TestCpu.STACK + 0x20);
        t.put32(TestCpu.STACK + 0x1c, 0x111);
        t.put32(TestCpu.STACK + 0x18, 0x222);
        t.set(Cpu.RSP, TestCpu.STACK);
        t.run(p -> p.enter(0x10, 3));
        assertEquals(TestCpu.STACK - 4, t.reg(Cpu.RBP));
        assertEquals(TestCpu.STACK - 0x20, t.reg(Cpu.RSP));
        assertEquals(TestCpu.STACK + 0x20, t.get32(TestCpu.STACK - 4));
        assertEquals(0x111, t.get32(TestCpu.STACK - 8));
        assertEquals(0x222, t.get32(TestCpu.STACK - 12));
        assertEquals(TestCpu.STACK - 4, t.get32(TestCpu.STACK - 16));
        t.run(p -> p.leave());
        assertEquals(TestCpu.STACK, t.reg(Cpu.RSP));
        assertEquals(TestCpu.STACK + 0x20, t.reg(Cpu.RBP));
    }

    @Test
    void popToMemoryUsesTheNewStackPointer() {
        t.put32(TestCpu.STACK, 0x77);
        // pop [esp + 4]
        t.run(p -> p.db(0x8f, 0x44, 0x24, 4));
        assertEquals(0x77, t.get32(TestCpu.STACK + 8));
        assertEquals(TestCpu.STACK + 4, t.reg(Cpu.RSP));
        t.run(p -> p.db(0x54));
        assertEquals(TestCpu.STACK + 4, t.get32(TestCpu.STACK));
    }

    @Test
    void segmentLimitsFault() {
        t.c.seg[Cpu.DS].set(16, TestCpu.DATA, 0xff, 0x4093);
        t.c.segmentsChanged();
        t.put32(TestCpu.DATA + 0xfc, 0x1234);
        t.set(Cpu.RBX, 0xfc);
        t.run(p -> p.db(0x8b, 0x03));
        assertEquals(0x1234, t.eax());
        t.set(Cpu.RBX, 0xfd);
        assertEquals(CpuFault.GP, t.run(p -> p.db(0x8b, 0x03)));
        assertEquals(0, t.env.errorCode);
        t.c.seg[Cpu.SS].set(16, 0, 0xff, 0x4097);
        t.c.segmentsChanged();
        t.set(Cpu.RSP, 0x100);
        assertEquals(CpuFault.SS, t.run(p -> p.db(0x50)));
        assertEquals(0x100, t.reg(Cpu.RSP));
    }

    @Test
    void codeSegmentLimitFaults() {
        t.c.seg[Cpu.CS].set(8, 0, TestCpu.CODE + 3, 0x409b);
        t.c.segmentsChanged();
        assertEquals(CpuFault.GP, t.run(p -> p.db(0x40, 0x40, 0xb8, 1, 0, 0, 0)));
        assertEquals(TestCpu.CODE + 2, t.c.ip);
        assertEquals(2, t.eax());
        // a jump beyond faults at the jump
        assertEquals(CpuFault.GP, t.run(p -> p.db(0x41, 0xeb, 0x10)));
        assertEquals(TestCpu.CODE + 1, t.c.ip);
    }

    @Test
    void sixteenBitCodeAndAddresses() {
        final TestCpu w = new TestCpu(Mode.BITS16);
        w.c.seg[Cpu.CS].set(8, TestCpu.CODE, 0xffff, 0x9b);
        w.c.seg[Cpu.DS].set(16, TestCpu.DATA, 0xffff, 0x93);
        w.c.segmentsChanged();
        w.set(Cpu.RBX, 0xabcd1000L);
        w.set(Cpu.RSI, 0x10);
        w.put32(TestCpu.DATA + 0x1014, 0x55667788);
        // mov ax, [bx + si + 4]
        w.load(TestCpu.CODE, p -> p.db(0x8b, 0x40, 4));
        assertEquals(TestCpu.END, w.runAt(0));
        assertEquals(0x7788, w.eax());
        // 66: mov eax
        w.load(TestCpu.CODE, p -> p.db(0x66, 0x8b, 0x40, 4));
        assertEquals(TestCpu.END, w.runAt(0));
        assertEquals(0x55667788, w.eax());
    }

    @Test
    void userLevelFlagsCannotBeRaised() {
        t.c.setCpl(3);
        t.c.setEflags(0);
        t.set(Cpu.RSP, TestCpu.STACK - 4);
        t.put32(TestCpu.STACK - 4, Eflags.IF | Eflags.IOPL | Eflags.CF | Eflags.ID);
        t.run(p -> p.db(0x9d));
        assertEquals(Eflags.CF | Eflags.ID | Eflags.ONE, t.c.eflags());
    }

    @Test
    void interceptedStoresGoElsewhere() {
        final long[] seen = new long[2];
        t.paged();
        t.map(TestCpu.DATA, TestCpu.DATA, 5);
        t.put32(TestCpu.DATA, 42);
        t.set(Cpu.RBX, TestCpu.DATA);
        t.set(Cpu.RAX, 5);
        t.load(TestCpu.CODE, p -> p.db(0x89, 0x03));
        t.c.ip = TestCpu.CODE;
        final boolean done = t.c.stepIntercepting(TestCpu.DATA, new io.xenolith.x86.mmu.StoreInterceptor() {
            @Override
            public int store(final long linear, final int size, final long value) {
                seen[0] = linear;
                seen[1] = value;
                return STORED;
            }

            @Override
            public int compareExchange(final long linear, final int size, final long expected, final long update) {
                return REFUSED;
            }
        });
        assertTrue(done);
        assertEquals(TestCpu.DATA, seen[0]);
        assertEquals(5, seen[1]);
        assertEquals(42, t.get32(TestCpu.DATA));
        assertEquals(TestCpu.CODE + 2, t.c.ip);
        t.c.ip = TestCpu.CODE;
        t.c.step();
        assertEquals(CpuFault.PF, t.env.vector);
    }
}
