package io.xenolith.dom0.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.TestMemory;
import io.xenolith.shm.Raw;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.TreeMap;

/** The journal and the fixed records over plain memory. What kills leave is tested in KillPointTest. */
class JournalTest {
    private static final long BYTES = 64 << 10;

    /** A map that the journal keeps. */
    private static final class Kept implements Journal.Section {
        private final Journal journal;
        private final Map<String, String> map = new TreeMap<>();

        Kept(final Journal journal) {
            this.journal = journal;
            journal.register(3, this);
        }

        void put(final String k, final String v) {
            record(k, v);
            map.put(k, v);
        }

        private void record(final String k, final String v) {
            journal.begin(3).putString(k).putString(v);
            journal.end();
        }

        @Override
        public void replay(final ByteSource e) {
            map.put(e.getString(), e.getString());
        }

        @Override
        public void snapshot(final Journal to) {
            map.forEach(this::record);
        }
    }

    private final long memory = TestMemory.allocate(BYTES);

    private Kept open() {
        final Kept k = new Kept(new Journal(memory, BYTES));
        k.journal.recover();
        return k;
    }

    @Test
    void committedEntriesComeBackAndOthersDoNot() {
        final Kept k = open();
        k.put("a", "1");
        k.put("b", "2");
        k.journal.commit();
        k.put("c", "3");
        final Kept after = open();
        assertEquals(Map.of("a", "1", "b", "2"), after.map);
        after.put("d", "4");
        after.journal.commit();
        assertEquals(Map.of("a", "1", "b", "2", "d", "4"), open().map);
    }

    @Test
    void compactionKeepsTheStateAndTheBatchThatCausedIt() {
        final Kept k = open();
        for (int i = 0; i < 5_000; i++) {
            k.put("k" + i % 10, "value " + i);
            k.journal.commit();
            if (i % 500 == 0) {
                assertEquals(k.map, open().map);
            }
        }
        assertTrue(k.journal.compactions() > 5);
        assertEquals(k.map, open().map);
    }

    @Test
    void aStateThatIsTooLargeIsRefusedLoudly() {
        final Kept k = open();
        assertThrows(JournalException.class, () -> {
            for (int i = 0; ; i++) {
                k.put("k" + i, "x".repeat(100));
                k.journal.commit();
            }
        });
        // What was committed before is still there.
        assertTrue(open().map.size() > 200);
    }

    @Test
    void damageIsNoticed() {
        final Kept k = open();
        k.put("a", "1");
        k.journal.commit();
        final long firstBatch = memory + Journal.HEADER_BYTES + 64;
        Raw.putByte(firstBatch + 12, (byte) (Raw.getByte(firstBatch + 12) ^ 1));
        assertThrows(JournalException.class, this::open);
        Raw.putByte(firstBatch + 12, (byte) (Raw.getByte(firstBatch + 12) ^ 1));
        Raw.putInt(firstBatch, 1 << 20);
        assertThrows(JournalException.class, this::open);
        Raw.putLong(memory, 77);
        assertThrows(JournalException.class, this::open);
    }

    @Test
    void cellsBelongToOneLifeOfADomain() {
        final DomainCells cells = new DomainCells(TestMemory.allocate(DomainCells.BYTES));
        cells.claim(5, 1);
        cells.setStoreOut(5, -3);
        cells.setConsoleOut(5, 0x1234, 0x1_0000_0007L);
        cells.setConsoleIn(5, -1, 1024);
        cells.claim(5, 1);
        assertEquals(-3, cells.storeOut(5));
        assertEquals(0x1234, cells.consoleOutCons(5));
        assertEquals(7, cells.consoleLogLength(5));
        assertEquals(-1, cells.consoleInTaken(5));
        assertEquals(1024, cells.consoleInProd(5));
        cells.claim(5, 2);
        assertEquals(0, cells.storeOut(5));
        cells.claim(133, 3);
        assertEquals(0, cells.consoleInProd(133));
    }

    @Test
    void ringRecordsFillTheRoomAndComeBack() {
        final long region = TestMemory.allocate(17 * 4096);
        final RingRecords records = new RingRecords(region, 17 * 4096);
        final RingRecord a = records.create(RingRecords.KIND_BLOCK, 7, 51712, 32);
        final RingRecord b = records.create(RingRecords.KIND_BLOCK, 7, 51728, 128);
        a.setConnection(11, 9, 2, new int[]{8});
        b.markInFlight(3, 0x7fff_ffff);
        final RingRecord c = records.create(RingRecords.KIND_BLOCK, 8, -1, 256);
        assertEquals(3, new RingRecords(region, 17 * 4096).all().size());
        assertNull(records.create(RingRecords.KIND_BLOCK, 9, 1, 32), "16 pages hold 2 + 5 + 9");
        records.remove(b);
        final RingRecords.Found found = new RingRecords(region, 17 * 4096).all().get(1);
        assertEquals(8, found.domid());
        assertEquals(-1, found.device());
        assertEquals(9, a.remotePort());
        assertEquals(1, a.pages());
        final RingRecord again = records.create(RingRecords.KIND_BLOCK, 9, 1, 32);
        assertEquals(b.address(), again.address());
        assertEquals(RingRecord.FREE, again.state(3));
        assertTrue(c.entries() >= 256);
    }
}
