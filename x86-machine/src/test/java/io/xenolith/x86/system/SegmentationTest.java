package io.xenolith.x86.system;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.mem;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.asm.Reg;
import org.junit.jupiter.api.Test;

/** Limits and rights of segments, which QEMU does not check and so cannot be compared with. */
class SegmentationTest {
    private static final int SEGMENT = SmallMachine.FREE;
    private final SmallMachine m = new SmallMachine();

    private String load(final int selector, final long offset, final int size) {
        m.ring(0);
        m.run(a -> {
            a.mov(Reg.EAX, selector);
            a.mov(Reg.ES, Reg.AX);
            if (size == 1) {
                a.mov(Reg.BL, abs(offset).seg(Reg.ES));
            } else {
                a.mov(Reg.EBX, abs(offset).seg(Reg.ES));
            }
        });
        return m.vector() < 0 ? "ok" : m.fault();
    }

    private String store(final int selector, final long offset) {
        m.ring(0);
        m.run(a -> {
            a.mov(Reg.EAX, selector);
            a.mov(Reg.ES, Reg.AX);
            a.mov(abs(offset).seg(Reg.ES).byte_(), 1);
        });
        return m.vector() < 0 ? "ok" : m.fault();
    }

    @Test
    void byteGranularLimit() {
        m.descriptor(SEGMENT, 0x20000, 0x0FFF, 0x93, 4);
        assertEquals("ok", load(SEGMENT, 0xFFF, 1));
        assertEquals("ok", load(SEGMENT, 0xFFC, 4));
        assertEquals("#13(0)", load(SEGMENT, 0xFFD, 4));
        assertEquals("#13(0)", load(SEGMENT, 0x1000, 1));
        assertEquals("#13(0)", load(SEGMENT, 0xFFFFFFFDL, 4));
    }

    @Test
    void pageGranularLimit() {
        m.descriptor(SEGMENT, 0x20000, 1, 0x93, 0xC);
        assertEquals("ok", load(SEGMENT, 0x1FFF, 1));
        assertEquals("#13(0)", load(SEGMENT, 0x2000, 1));
    }

    @Test
    void expandDown() {
        m.descriptor(SEGMENT, 0, 0x1FFFF, 0x97, 4);
        assertEquals("#13(0)", load(SEGMENT, 0x1FFFF, 1));
        assertEquals("#13(0)", load(SEGMENT, 0x1FFFE, 4));
        assertEquals("ok", load(SEGMENT, 0x20000, 4));
        assertEquals("ok", load(SEGMENT, 0xFFFFFFFCL, 4));
        m.descriptor(SEGMENT, 0, 0x0FFF, 0x97, 0);
        assertEquals("#13(0)", load(SEGMENT, 0x0FFF, 1));
        assertEquals("ok", load(SEGMENT, 0xFFFF, 1));
        assertEquals("#13(0)", load(SEGMENT, 0xFFFF, 4), "without B it ends at 64 KiB");
    }

    @Test
    void rightsOfTypes() {
        m.descriptor(SEGMENT, 0, 0xFFFFF, 0x91, 0xC);
        assertEquals("ok", load(SEGMENT, 0x20000, 4));
        assertEquals("#13(0)", store(SEGMENT, 0x20000));
        m.descriptor(SEGMENT, 0, 0xFFFFF, 0x9B, 0xC);
        assertEquals("ok", load(SEGMENT, 0x20000, 4));
        assertEquals("#13(0)", store(SEGMENT, 0x20000));
        m.descriptor(SEGMENT, 0, 0xFFFFF, 0x99, 0xC);
        assertEquals("#13(" + Integer.toHexString(SEGMENT) + ")", load(SEGMENT, 0, 4), "execute-only cannot be loaded");
    }

    @Test
    void nullSegmentsFaultWhenUsed() {
        assertEquals("#13(0)", load(0, 0x20000, 1));
        assertEquals("#13(0)", load(3, 0x20000, 1));
    }

    @Test
    void stackSegmentLimitIsAStackFault() {
        m.descriptor(SEGMENT, 0x20000, 0x0FFF, 0x93, 4);
        m.run(a -> {
            a.mov(Reg.EAX, SEGMENT);
            a.mov(Reg.SS, Reg.AX);
            a.mov(Reg.ESP, 0x800);
            a.mov(Reg.EBP, 0x1000);
            a.mov(Reg.EAX, mem(Reg.EBP));
        });
        assertEquals("#12(0)", m.fault());
    }

    @Test
    void pushAcrossTheLimitIsAStackFaultAndMovesNothing() {
        m.descriptor(SEGMENT, 0x20000, 0x0FFF, 0x97, 4);
        m.gate(12, 0x85, TASKED, 0);
        prepareTask();
        m.run(a -> {
            a.mov(Reg.EAX, SEGMENT);
            a.mov(Reg.SS, Reg.AX);
            a.mov(Reg.ESP, 0x1002);
            a.push(Reg.EAX);
        });
        assertEquals(0x1002, io.xenolith.shm.Raw.getInt(m.address(SmallMachine.TASK + 0x38)), "ESP in the old task");
        assertEquals(TASKED, m.cpu.tr.selector());
    }

    private static final int TASKED = SmallMachine.FREE + 8;

    private void prepareTask() {
        final long tss = 0x5000;
        m.descriptor(TASKED, tss, 0x67, 0x89, 0);
        m.put32(tss + 0x20, 0x3000 + 12);
        m.put32(tss + 0x24, 2);
        m.put32(tss + 0x38, 0x2F000);
        for (int n = 0; n < 6; n++) {
            m.put32(tss + 0x48 + 4L * n, n == Cpu.CS ? SmallMachine.CODE0 : SmallMachine.DATA0);
        }
    }

    @Test
    void fetchBeyondTheCodeLimit() {
        m.descriptor(SEGMENT, 0, SmallMachine.CODE + 0xF, 0x9B, 4);
        m.run(a -> {
            a.jmpFar(SEGMENT, SmallMachine.CODE + 7, 4);
            a.fill(32, 0x90);
        });
        assertEquals("#13(0)", m.fault());
        assertEquals(SmallMachine.CODE + 0x10, m.stack(1));
    }

    @Test
    void jumpBeyondTheCodeLimit() {
        m.descriptor(SEGMENT, 0, 0x1FFFF, 0x9B, 4);
        m.run(a -> a.jmpFar(SEGMENT, 0x20000, 4));
        assertEquals("#13(0)", m.fault());
        assertEquals(SmallMachine.CODE, m.stack(1), "the fault is the jump's");
    }

    @Test
    void accessedBitIsSetByLoading() {
        m.descriptor(SEGMENT, 0, 0xFFFFF, 0x92, 0xC);
        assertEquals("ok", load(SEGMENT, 0x20000, 1));
        assertEquals(0x93, (int) (m.get64(SmallMachine.GDT + SEGMENT) >>> 40) & 0xFF);
    }

    @Test
    void pushedSelectorKeepsTheUpperHalfOfItsSlot() {
        m.put32(SmallMachine.STACK0 - 0x1004, 0xABCD_1234L);
        m.run(a -> a.push(Reg.DS));
        assertEquals(0xABCD_0010, m.stack(0));
    }
}
