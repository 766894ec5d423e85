package io.xenolith.x86.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class MmuTest {
    private final TestMachine m = new TestMachine(64);

    private void fault(final long address, final int code, final Runnable access) {
        final TestMachine.Fault f = assertThrows(TestMachine.Fault.class, access::run);
        assertEquals(Long.toHexString(address) + "/" + code, Long.toHexString(f.address) + "/" + f.code);
    }

    @Test
    void withoutPagingLinearIsPhysical() {
        m.mmu.write32(0x5000, 0x12345678);
        assertEquals(0x12345678, m.get32(0x5000));
        assertEquals(0x5678, m.mmu.read16(0x5000));
        assertEquals(0x12, m.mmu.read8(0x5003));
    }

    @Test
    void physicalAddressesWithoutFrameReadAllOnesAndSwallowStores() {
        m.mmu.write32(0x10000000, 7);
        assertEquals(-1, m.mmu.read32(0x10000000));
        assertEquals(0xFF, m.mmu.read8(0x10000000));
        assertFalse(m.mmu.cas32(0x10000000, 0, 1));
    }

    @Test
    void legacyWalkSetsAccessedAndDirty() {
        m.put32(0x2000 + 5 * 4, 0x9007);
        m.put32(0x9004, 42);
        m.legacy();
        assertEquals(42, m.mmu.read32(0x5004));
        assertEquals(0x2027, m.get32(0x1000));
        assertEquals(0x9027, m.get32(0x2000 + 5 * 4));
        m.mmu.write32(0x5004, 43);
        assertEquals(0x9067, m.get32(0x2000 + 5 * 4));
        assertEquals(43, m.get32(0x9004));
    }

    @Test
    void notPresentReportsKindOfAccess() {
        m.legacy();
        fault(0x5004, 0, () -> m.mmu.read32(0x5004));
        fault(0x5004, 2, () -> m.mmu.write32(0x5004, 1));
        m.mmu.setUser(true);
        fault(0x5004, 4, () -> m.mmu.read32(0x5004));
        fault(0x5004, 6, () -> m.mmu.write32(0x5004, 1));
        fault(0x5004, 4, () -> m.mmu.fetchPhysical(0x5004));
        fault(0x800000, 4, () -> m.mmu.read8(0x800000));
    }

    @Test
    void userAndWriteBitsAreAnded() {
        m.put32(0x2000 + 5 * 4, 0x9005);
        m.put32(0x2000 + 6 * 4, 0xA003);
        m.legacy();
        m.mmu.setUser(true);
        assertEquals(0, m.mmu.read32(0x5000));
        fault(0x5000, 7, () -> m.mmu.write32(0x5000, 1));
        fault(0x6000, 5, () -> m.mmu.read32(0x6000));
        m.put32(0x1000, 0x2003);
        m.mmu.flushAll();
        fault(0x5000, 5, () -> m.mmu.read32(0x5000));
        m.put32(0x1000, 0x2005);
        m.put32(0x2000 + 5 * 4, 0x9007);
        m.mmu.flushAll();
        fault(0x5000, 7, () -> m.mmu.write32(0x5000, 1));
    }

    @Test
    void supervisorIgnoresReadOnlyUnlessWriteProtect() {
        m.put32(0x2000 + 5 * 4, 0x9001);
        m.legacy();
        fault(0x5000, 3, () -> m.mmu.write32(0x5000, 1));
        m.control(TestMachine.PG | TestMachine.PE, 0, 0);
        m.mmu.write32(0x5000, 77);
        assertEquals(77, m.get32(0x9000));
        m.control(TestMachine.PG | TestMachine.PE | TestMachine.WP, 0, 0);
        fault(0x5000, 3, () -> m.mmu.write32(0x5000, 1));
    }

    @Test
    void systemAccessesAreSupervisorAtEveryLevel() {
        m.put32(0x2000 + 5 * 4, 0x9003);
        m.legacy();
        m.mmu.setUser(true);
        m.mmu.writeSystem32(0x5000, 9);
        assertEquals(9, m.mmu.readSystem32(0x5000));
        assertTrue(m.mmu.user());
        fault(0x5000, 5, () -> m.mmu.read32(0x5000));
        fault(0x7000, 0, () -> m.mmu.readSystem32(0x7000));
        assertTrue(m.mmu.user());
    }

    @Test
    void fourMegabytePages() {
        m.put32(0x1000 + 4, 0x000000E7 & ~0x60);
        m.cr3(0x1000);
        m.control(TestMachine.PG | TestMachine.PE, TestMachine.PSE, 0);
        m.put32(0x9008, 5);
        assertEquals(5, m.mmu.read32(0x409008));
        assertEquals(0xA7, m.get32(0x1004));
        m.mmu.write8(0x40A000, 1);
        assertEquals(0xE7, m.get32(0x1004));
        m.put32(0x1004, 0x0020_0087);
        m.mmu.flushPage(0x400000);
        fault(0x409008, 9, () -> m.mmu.read32(0x409008));
        m.control(TestMachine.PG | TestMachine.PE, 0, 0);
        m.put32(0x1004, 0x2087);
        m.put32(0x2000 + 9 * 4, 0x9001);
        assertEquals(5, m.mmu.read32(0x409008), "without CR4.PSE bit 7 means nothing");
    }

    @Test
    void paePointersAreReadWithCr3() {
        m.put64(0x3000 + 5 * 8, 0x9003);
        m.pae(0);
        m.put32(0x9000, 11);
        assertEquals(11, m.mmu.read32(0x5000));
        m.put64(0x1000, 0);
        m.mmu.flushAll();
        assertEquals(11, m.mmu.read32(0x5000), "the pointers are registers");
        assertTrue(m.mmu.reloadPointers());
        fault(0x5000, 0, () -> m.mmu.read32(0x5000));
        m.put64(0x1000, 0x2003);
        assertFalse(m.mmu.loadCr3(0x1000), "reserved bit in a pointer");
        m.mmu.rereadPointers(true);
        assertEquals(11, m.mmu.read32(0x5000), "as an ordinary level, rights bits are allowed");
    }

    @Test
    void noExecute() {
        m.put64(0x3000 + 5 * 8, 0x9007L | 1L << 63);
        m.pae(TestMachine.NXE);
        assertEquals(0, m.mmu.read32(0x5000));
        fault(0x5000, 0x11, () -> m.mmu.fetchPhysical(0x5000));
        fault(0x6000, 0x10, () -> m.mmu.fetchPhysical(0x6000));
        m.control(TestMachine.PG | TestMachine.PE | TestMachine.WP, TestMachine.PAE, 0);
        fault(0x5000, 9, () -> m.mmu.read32(0x5000));
        fault(0x6000, 0, () -> m.mmu.fetchPhysical(0x6000));
    }

    @Test
    void reservedAddressBits() {
        m.put64(0x3000 + 5 * 8, 0x9007L | 1L << 41);
        m.put64(0x3000 + 6 * 8, 0x9007L | 1L << 55);
        m.pae(0);
        fault(0x5000, 9, () -> m.mmu.read32(0x5000));
        fault(0x6000, 9, () -> m.mmu.read32(0x6000));
        m.fourLevel(0);
        m.put64(0x4000 + 5 * 8, 0x9007L | 1L << 41);
        m.put64(0x4000 + 6 * 8, 0x9007L | 1L << 55);
        m.mmu.flushAll();
        fault(0x5000, 9, () -> m.mmu.read32(0x5000));
        assertEquals(0, m.mmu.read32(0x6000), "bits 52 to 62 are the system's own in long mode");
    }

    @Test
    void fourLevelWalkWithLargePages() {
        m.put64(0x4000 + 5 * 8, 0x9007);
        m.fourLevel(TestMachine.NXE);
        m.mmu.write64(0x5008, 0x1122334455667788L);
        assertEquals(0x1122334455667788L, m.get64(0x9008));
        assertEquals(0x2027, m.get64(0x1000));
        assertEquals(0x9067, m.get64(0x4000 + 5 * 8));
        m.put64(0x3000 + 8, 0x87);
        assertEquals(0x1122334455667788L, m.mmu.read64(0x209008));
        m.put64(0x3000 + 16, 0x2087);
        fault(0x400000, 9, () -> m.mmu.read8(0x400000));
        m.put64(0x2000 + 8, 0x87);
        fault(0x40000000, 9, () -> m.mmu.read8(0x40000000));
        m.mmu.setGigabytePages(true);
        assertEquals(0x1122334455667788L, m.mmu.read64(0x40009008L));
    }

    @Test
    void straddlingStoreChecksBothPagesFirst() {
        m.put32(0x2000 + 5 * 4, 0x9007);
        m.put32(0x2000 + 6 * 4, 0xB005);
        m.legacy();
        m.put32(0x9FFC, 0);
        fault(0x6000, 3, () -> m.mmu.write32(0x5FFE, -1));
        assertEquals(0, m.get32(0x9FFC));
        m.put32(0x2000 + 6 * 4, 0xB007);
        m.mmu.flushAll();
        m.mmu.write32(0x5FFE, 0x44332211);
        assertEquals(0x22110000, m.get32(0x9FFC));
        assertEquals(0x4433, m.get32(0xB000));
        assertEquals(0x44332211, m.mmu.read32(0x5FFE));
        assertTrue(m.mmu.cas32(0x5FFE, 0x44332211, 0x01020304));
        assertFalse(m.mmu.cas32(0x5FFE, 0x44332211, 0));
        assertEquals(0x01020304, m.mmu.read32(0x5FFE));
        assertEquals(0, m.mmu.hostForWrite(0x5FFE, 4), "no single host address");
    }

    @Test
    void addressesWrapAtFourGigabytes() {
        m.put32(0x1000 + 1023 * 4, 0x2007);
        m.put32(0x2000 + 1023 * 4, 0x9007);
        m.put32(0x2000, 0xA007);
        m.legacy();
        m.mmu.write32(0xFFFF_FFFEL, 0x44332211);
        assertEquals(0x2211, m.get32(0x9FFC) >>> 16);
        assertEquals(0x4433, m.get32(0xA000));
    }

    @Test
    void translationsStayUntilFlushed() {
        m.put32(0x2000 + 5 * 4, 0x9067);
        m.legacy();
        m.put32(0x9000, 1);
        m.put32(0xA000, 2);
        assertEquals(1, m.mmu.read32(0x5000));
        m.put32(0x2000 + 5 * 4, 0xA067);
        assertEquals(1, m.mmu.read32(0x5000));
        m.mmu.flushPage(0x5FFF);
        assertEquals(2, m.mmu.read32(0x5000));
    }

    @Test
    void globalTranslationsSurviveCr3() {
        m.put32(0x2000 + 5 * 4, 0x9167);
        m.put32(0x2000 + 6 * 4, 0x9067);
        m.legacy();
        m.control(TestMachine.PG | TestMachine.PE, TestMachine.PGE, 0);
        m.mmu.read32(0x5000);
        m.mmu.read32(0x6000);
        m.put32(0x2000 + 5 * 4, 0);
        m.put32(0x2000 + 6 * 4, 0);
        m.cr3(0x1000);
        assertEquals(0, m.mmu.read32(0x5000));
        fault(0x6000, 0, () -> m.mmu.read32(0x6000));
        m.mmu.flushAll();
        fault(0x5000, 0, () -> m.mmu.read32(0x5000));
    }

    @Test
    void storesToFramesWithCodeAreAnnounced() {
        m.put32(0x2000 + 5 * 4, 0x9067);
        m.legacy();
        m.mmu.write32(0x5000, 1);
        m.code.add(9L);
        m.mmu.protectFrame(9);
        m.mmu.write32(0x5010, 2);
        m.mmu.write8(0x5013, 2);
        assertEquals(List.of("9:16:4", "9:19:1"), m.codeStores);
        assertEquals(0, m.mmu.hostForWrite(0x5010, 4));
        m.code.clear();
        m.mmu.write32(0x5010, 3);
        assertEquals(2, m.codeStores.size());
        assertEquals(3, m.get32(0x9010));
    }

    @Test
    void dataBreakpointsWatchBytes() {
        m.put32(0x2000 + 5 * 4, 0x9067);
        m.legacy();
        final long[] dr = new long[8];
        dr[1] = 0x5006;
        dr[2] = 0x5010;
        dr[7] = 1 << 2 | 1 << 4 | 3 << 20 | 1 << 22 | 1 << 24 | 3 << 26;
        m.mmu.armBreakpoints(dr);
        m.mmu.read32(0x5000);
        m.mmu.read32(0x5010);
        assertEquals(0, m.hits, "DR2 watches stores only");
        m.mmu.read32(0x5004);
        assertEquals(2, m.hits);
        m.hits = 0;
        m.mmu.write8(0x5013, 1);
        assertEquals(4, m.hits);
        m.hits = 0;
        dr[1] = 0x5004;
        dr[7] = 1 << 2 | 3 << 20;
        m.mmu.armBreakpoints(dr);
        m.mmu.read16(0x5005);
        m.mmu.write8(0x5003, 1);
        assertEquals(0, m.hits, "neighbours of a one-byte breakpoint");
        m.mmu.read16(0x5003);
        assertEquals(2, m.hits);
        m.hits = 0;
        dr[7] = 0;
        m.mmu.armBreakpoints(dr);
        m.mmu.write8(0x5004, 1);
        assertEquals(0, m.hits);
    }

    @Test
    void interceptorSeesStoresAndMayRefuse() {
        m.put32(0x2000 + 5 * 4, 0x9005);
        m.legacy();
        m.put32(0x9008, 10);
        final StringBuilder seen = new StringBuilder();
        m.mmu.intercept(0x5123, new StoreInterceptor() {
            @Override
            public int store(final long linear, final int size, final long value) {
                seen.append("s").append(size).append(Long.toHexString(linear)).append('=').append(value).append(' ');
                return value == 99 ? REFUSED : STORED;
            }

            @Override
            public int compareExchange(final long linear, final int size, final long expected, final long update) {
                seen.append("c").append(expected).append('>').append(update).append(' ');
                return expected == 10 ? STORED : DIFFERENT;
            }
        });
        m.mmu.write32(0x5008, 5);
        assertEquals(10, m.mmu.readForWrite32(0x5008));
        assertTrue(m.mmu.cas32(0x5008, 10, 11));
        assertFalse(m.mmu.cas32(0x5008, 12, 11));
        fault(0x5008, 3, () -> m.mmu.write32(0x5008, 99));
        assertEquals("s45008=5 c10>11 c12>11 s45008=99 ", seen.toString());
        m.mmu.endIntercept();
        fault(0x5008, 3, () -> m.mmu.write32(0x5008, 5));
        fault(0x5008, 3, () -> m.mmu.readForWrite32(0x5008));
        assertEquals(10, m.get32(0x9008));
    }

    @Test
    void probeLeavesNoTrace() {
        m.put32(0x2000 + 5 * 4, 0x9005);
        m.legacy();
        assertEquals(0x9123, m.mmu.probe(0x5123, Mmu.READ, true));
        assertEquals(-1 - 7, m.mmu.probe(0x5123, Mmu.WRITE_ACCESS, true));
        assertEquals(-1 - 4, m.mmu.probe(0x6123, Mmu.READ, true));
        assertEquals(0x9005, m.get32(0x2000 + 5 * 4));
        assertEquals(0x2007, m.get32(0x1000));
    }
}
