package io.xenolith.x86.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Arithmetic with expected values worked out from the manual's descriptions. Flags in the order CPAZSO. */
class ArithmeticTest {
    private final TestCpu t = new TestCpu();

    @ParameterizedTest
    @CsvSource({
        // operation, a, b, carry in, result, flags
        "0, 7fffffff, 1, 0, 80000000, .PA.SO", "0, ffffffff, 1, 0, 0, CPAZ..", "0, 1, 2, 0, 3, .P....",
        "2, ffffffff, 0, 1, 0, CPAZ..", "2, 7fffffff, ffffffff, 1, 7fffffff, CPA...",
        "5, 0, 1, 0, ffffffff, CPA.S.", "5, 80000000, 1, 0, 7fffffff, .PA..O", "5, 5, 5, 0, 0, .P.Z..",
        "3, 0, ffffffff, 1, 0, CPAZ..", "3, 10, f, 1, 0, .PAZ..", "3, 80000000, 7fffffff, 1, 0, .PAZ.O",
        "4, f0f0, ff00, 0, f000, .P....", "1, 80000000, 1, 0, 80000001, ....S.", "6, ff, ff, 0, 0, .P.Z..",
        "7, 3, 4, 0, 3, CPA.S."})
    void thirtyTwoBits(final int op, final String a, final String b, final int carry, final String result,
                       final String flags) {
        for (final boolean memory : new boolean[] {false, true}) {
            t.c.setEflags(carry);
            t.set(Cpu.RAX, Long.parseLong(a, 16));
            t.set(Cpu.RCX, Long.parseLong(b, 16));
            t.set(Cpu.RBX, TestCpu.DATA);
            t.put32(TestCpu.DATA, (int) Long.parseLong(a, 16));
            // op eax, ecx or op [ebx], ecx
            assertEquals(TestCpu.END, t.run(p -> p.db(op * 8 + 1, memory ? 0x0b : 0xc8)));
            assertEquals((int) Long.parseLong(result, 16), memory ? t.get32(TestCpu.DATA) : t.eax());
            assertEquals(flags, t.flags());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 7f, 1, 80, ..A.SO", "0, ff, 1, 0, CPAZ..", "5, 80, 1, 7f, ..A..O", "5, 0, 80, 80, C...SO",
        "7, 1, 2, 1, CPA.S."})
    void eightBitsInHighRegister(final int op, final String a, final String b, final String result,
                                 final String flags) {
        t.set(Cpu.RAX, Long.parseLong(a, 16) << 8 | 0x11220033);
        t.set(Cpu.RCX, Long.parseLong(b, 16));
        // op ah, cl
        assertEquals(TestCpu.END, t.run(p -> p.db(op * 8, 0xcc)));
        assertEquals(Integer.parseInt(result, 16) << 8 | 0x11220033, t.eax());
        assertEquals(flags, t.flags());
    }

    @Test
    void incrementKeepsCarry() {
        t.c.setEflags(Eflags.CF);
        t.set(Cpu.RAX, 0x7fffffff);
        t.run(p -> p.inc(Reg.EAX));
        assertEquals("CPA.SO", t.flags());
        t.c.setEflags(0);
        t.set(Cpu.RAX, 0);
        t.run(p -> p.dec(Reg.EAX));
        assertEquals(".PA.S.", t.flags());
        t.c.setEflags(Eflags.CF);
        t.set(Cpu.RAX, 0x80);
        t.run(p -> p.db(0xfe, 0xc8));
        assertEquals("C.A..O", t.flags());
    }

    @Test
    void everyFlagCombinationSurvivesASetAndARead() {
        for (int bits = 0; bits < 64; bits++) {
            int f = Eflags.ONE;
            final int[] masks = {Eflags.CF, Eflags.PF, Eflags.AF, Eflags.ZF, Eflags.SF, Eflags.OF};
            for (int k = 0; k < 6; k++) {
                f |= (bits >> k & 1) != 0 ? masks[k] : 0;
            }
            t.c.setEflags(f);
            assertEquals(f, t.c.eflags());
            t.c.setCf(!t.c.cf());
            assertEquals(f ^ Eflags.CF, t.c.eflags());
        }
    }

    @ParameterizedTest
    @CsvSource({
        // group digit, count, value, carry in, result, carry and overflow
        "0, 1, 80000000, 0, 1, CO", "0, 4, f0000001, 0, 1f, C", "1, 1, 1, 0, 80000000, CO", "1, 8, ff, 0, ff000000, C",
        "2, 1, 80000000, 1, 1, CO", "2, 31, 3, 0, 80000000, C", "3, 1, 1, 1, 80000000, CO", "3, 4, f, 1, f0000000, C",
        "4, 1, c0000000, 0, 80000000, C", "4, 31, 3, 0, 80000000, C", "5, 1, 80000001, 0, 40000000, CO",
        "5, 31, ffffffff, 0, 1, C", "7, 1, 80000001, 0, c0000000, C", "7, 31, 80000000, 0, ffffffff, .",
        "4, 32, 5, 1, 5, C"})
    void shifts(final int op, final int count, final String value, final int carry, final String result,
                final String expected) {
        for (final boolean byCl : new boolean[] {false, true}) {
            t.c.setEflags(carry);
            t.set(Cpu.RAX, Long.parseLong(value, 16));
            t.set(Cpu.RCX, count);
            assertEquals(TestCpu.END, t.run(p -> {
                if (byCl) {
                    p.db(0xd3, 0xc0 | op << 3);
                } else {
                    p.db(0xc1, 0xc0 | op << 3, count);
                }
            }));
            assertEquals((int) Long.parseLong(result, 16), t.eax());
            assertEquals(expected.contains("C"), t.c.cf());
            if (count == 1) {
                assertEquals(expected.contains("O"), t.c.of());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 9, 80, 1", "16, 17, 8000, 1", "32, 0, 80000000, 1"})
    void rotateThroughCarryComesBackAfterSizePlusOne(final int bits, final int count, final String value,
                                                     final int carry) {
        t.c.setEflags(carry);
        t.set(Cpu.RAX, Long.parseLong(value, 16));
        t.run(p -> {
            if (bits == 8) {
                p.db(0xc0, 0xd0, count);
            } else if (bits == 16) {
                p.db(0x66, 0xc1, 0xd8, count);
            } else {
                p.db(0xc1, 0xd8, count);
            }
        });
        assertEquals((int) Long.parseLong(value, 16), t.eax());
        assertEquals(carry == 1, t.c.cf());
    }

    @Test
    void doubleShifts() {
        t.set(Cpu.RAX, 0x12345678);
        t.set(Cpu.RDX, 0x9abcdef0);
        t.run(p -> p.db(0x0f, 0xa4, 0xd0, 8));
        assertEquals(0x3456789a, t.eax());
        t.set(Cpu.RAX, 0x12345678);
        t.run(p -> p.db(0x0f, 0xac, 0xd0, 12));
        assertEquals(0xef012345, t.eax());
        assertEquals(false, t.c.cf());
    }

    @Test
    void multiplication() {
        t.set(Cpu.RAX, 0xffffffffL);
        t.set(Cpu.RCX, 0xffffffffL);
        t.run(p -> p.db(0xf7, 0xe1));
        assertEquals(1, t.eax());
        assertEquals(0xfffffffe, t.reg(Cpu.RDX));
        assertEquals(true, t.c.cf() && t.c.of());
        t.set(Cpu.RAX, 0xffffffffL);
        t.run(p -> p.db(0xf7, 0xe9));
        assertEquals(1, t.eax());
        assertEquals(0, t.reg(Cpu.RDX));
        assertEquals(false, t.c.cf() || t.c.of());
        t.set(Cpu.RAX, 0x1234_0080L);
        t.set(Cpu.RCX, 2);
        t.run(p -> p.db(0xf6, 0xe9));
        assertEquals(0x1234ff00, t.eax());
        assertEquals(true, t.c.cf());
    }

    @Test
    void division() {
        t.set(Cpu.RDX, 1);
        t.set(Cpu.RAX, 5);
        t.set(Cpu.RCX, 0x10);
        t.run(p -> p.db(0xf7, 0xf1));
        assertEquals(0x10000000, t.eax());
        assertEquals(5, t.reg(Cpu.RDX));
        t.set(Cpu.RAX, 0xfff9);
        t.set(Cpu.RCX, 2);
        t.run(p -> p.db(0xf6, 0xf9));
        // -7 / 2 = -3 remainder -1
        assertEquals(0xfffd, t.eax());
    }

    @ParameterizedTest
    @CsvSource({"0, 5, 0", "10, 0, 10", "80000000, 0, ffffffff"})
    void divisionErrors(final String high, final String low, final String divisor) {
        t.set(Cpu.RDX, Long.parseLong(high, 16));
        t.set(Cpu.RAX, Long.parseLong(low, 16));
        t.set(Cpu.RCX, Long.parseLong(divisor, 16));
        assertEquals(CpuFault.DE, t.run(p -> p.db(0xf7, 0xf9)));
        assertEquals(TestCpu.CODE, t.c.ip);
        assertEquals((int) Long.parseLong(low, 16), t.eax());
    }

    @ParameterizedTest
    @CsvSource({
        // opcode, ax, flags in, ax after, carry, adjust
        "27, 79, 10, 7f, false, true", "27, 79, 0, 79, false, false", "27, 9a, 0, 0, true, true", "27, 2e, 0, 34, false, true",
        "2f, 47, 17, e1, true, true", "2f, 1, 1, a1, true, false",
        "37, 0f, 0, 105, true, true", "37, 4, 0, 4, false, false", "3f, 1ff, 0, 9, true, true"})
    void decimalAdjust(final String opcode, final String ax, final String flags, final String after,
                       final boolean carry, final boolean adjust) {
        t.c.setEflags(Integer.parseInt(flags, 16));
        t.set(Cpu.RAX, Integer.parseInt(ax, 16));
        t.run(p -> p.db(Integer.parseInt(opcode, 16)));
        assertEquals(after, Integer.toHexString(t.eax()));
        assertEquals(carry, t.c.cf());
        assertEquals(adjust, t.c.af());
    }

    @Test
    void asciiMultiplyAndDivide() {
        t.set(Cpu.RAX, 0x3f);
        t.run(p -> p.db(0xd4, 10));
        assertEquals(0x603, t.eax());
        t.run(p -> p.db(0xd5, 10));
        assertEquals(0x3f, t.eax());
        assertEquals(CpuFault.DE, t.run(p -> p.db(0xd4, 0)));
    }

    @Test
    void bitStringsReachBeyondTheOperand() {
        t.set(Cpu.RBX, TestCpu.DATA + 8);
        t.put32(TestCpu.DATA + 4, 0);
        t.set(Cpu.RCX, -31 & 0xffffffffL);
        // bts [ebx], ecx: bit 1 of the doubleword below
        t.run(p -> p.db(0x0f, 0xab, 0x0b));
        assertEquals(2, t.get32(TestCpu.DATA + 4));
        assertEquals(false, t.c.cf());
        t.set(Cpu.RCX, 0x1000 * 8 + 5);
        t.put32(TestCpu.DATA + 0x1008, 0x20);
        t.run(p -> p.db(0x0f, 0xb3, 0x0b));
        assertEquals(0, t.get32(TestCpu.DATA + 0x1008));
        assertEquals(true, t.c.cf());
    }

    @Test
    void compareAndExchange() {
        t.set(Cpu.RBX, TestCpu.DATA);
        t.put32(TestCpu.DATA, 7);
        t.set(Cpu.RAX, 7);
        t.set(Cpu.RCX, 9);
        t.run(p -> p.db(0xf0, 0x0f, 0xb1, 0x0b));
        assertEquals(9, t.get32(TestCpu.DATA));
        assertEquals(true, t.c.zf());
        t.run(p -> p.db(0xf0, 0x0f, 0xb1, 0x0b));
        assertEquals(9, t.eax());
        assertEquals(false, t.c.zf());
        t.put64(TestCpu.DATA, 0x1122334455667788L);
        t.set(Cpu.RDX, 0x11223344);
        t.set(Cpu.RAX, 0x55667788);
        t.set(Cpu.RCX, 0xaabbccddL);
        t.c.gpr[Cpu.RBX] = 0x1;
        t.set(Cpu.RSI, TestCpu.DATA);
        t.run(p -> p.db(0xf0, 0x0f, 0xc7, 0x0e));
        assertEquals(1, t.get32(TestCpu.DATA));
        assertEquals(0xaabbccdd, t.get32(TestCpu.DATA + 4));
        assertEquals(true, t.c.zf());
    }

    @Test
    void sixtyFourBits() {
        final TestCpu w = new TestCpu(Mode.BITS64);
        w.set(Cpu.RAX, Long.MAX_VALUE);
        w.set(Cpu.R8, 1);
        // add rax, r8
        assertEquals(TestCpu.END, w.run(p -> p.db(0x4c, 0x01, 0xc0)));
        assertEquals(Long.MIN_VALUE, w.c.gpr[Cpu.RAX]);
        assertEquals(".PA.SO", w.flags());
        // mov eax, eax clears the upper half
        w.run(p -> p.db(0x89, 0xc0));
        assertEquals(0, w.c.gpr[Cpu.RAX]);
        // mov rax, [rip + 0]: the INT that follows
        w.run(p -> p.db(0x48, 0x8b, 0x05, 0, 0, 0, 0));
        assertEquals(0x99cd, w.c.gpr[Cpu.RAX] & 0xffff);
        // mul rcx
        w.set(Cpu.RAX, -1);
        w.set(Cpu.RCX, -1);
        w.run(p -> p.db(0x48, 0xf7, 0xe1));
        assertEquals(1, w.c.gpr[Cpu.RAX]);
        assertEquals(-2, w.c.gpr[Cpu.RDX]);
        // and back: div rcx
        w.run(p -> p.db(0x48, 0xf7, 0xf1));
        assertEquals(-1, w.c.gpr[Cpu.RAX]);
        assertEquals(0, w.c.gpr[Cpu.RDX]);
    }

    @Test
    void nonCanonicalAddresses() {
        final TestCpu w = new TestCpu(Mode.BITS64);
        w.set(Cpu.RBX, 0x0000_8000_0000_0000L);
        assertEquals(CpuFault.GP, w.run(p -> p.db(0x48, 0x8b, 0x03)));
        w.set(Cpu.RBP, 0x0000_8000_0000_0000L);
        assertEquals(CpuFault.SS, w.run(p -> p.db(0x48, 0x8b, 0x45, 0)));
        w.set(Cpu.RSP, 0x0000_8000_0000_0000L);
        assertEquals(CpuFault.SS, w.run(p -> p.db(0x58)));
        w.set(Cpu.RSP, 0x0000_8000_0000_0008L);
        assertEquals(CpuFault.SS, w.run(p -> p.db(0x53)));
    }
}
