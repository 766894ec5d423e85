package io.xenolith.shm.hv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The hypervisor's own structures: packed words come apart again, and nothing overlaps what it should not. */
class HvLayoutTest {
    @Test
    void frameOwnerWord() {
        final long w = FrameRecord.owner(0xFFFF, 0x8001, FrameRecord.STATE_DYING,
                FrameRecord.FLAG_CODE | FrameRecord.FLAG_DIRTY);
        assertEquals(FrameRecord.NO_OWNER, FrameRecord.domid(w));
        assertEquals(0x8001, FrameRecord.incarnation(w));
        assertEquals(FrameRecord.STATE_DYING, FrameRecord.state(w));
        assertEquals(FrameRecord.FLAG_CODE | FrameRecord.FLAG_DIRTY, FrameRecord.flags(w));
    }

    @Test
    void frameTypeWord() {
        final long w = FrameRecord.typeInfo(FrameRecord.TYPE_L3, FrameRecord.TYPE_PINNED, -1);
        assertEquals(FrameRecord.TYPE_L3, FrameRecord.type(w));
        assertEquals(-1, FrameRecord.typeCount(w));
        assertEquals(FrameRecord.TYPE_PINNED, w & FrameRecord.TYPE_PINNED);
        assertEquals(0, w & FrameRecord.TYPE_VALIDATED);
    }

    @Test
    void bindingWord() {
        final long w = EvtchnRecord.binding(EvtchnRecord.STATE_INTERDOMAIN, EvtchnRecord.FLAG_XEN, 0xFFFE, 0x7FF0,
                0xFFFF);
        assertEquals(EvtchnRecord.STATE_INTERDOMAIN, EvtchnRecord.state(w));
        assertEquals(EvtchnRecord.FLAG_XEN, EvtchnRecord.flags(w));
        assertEquals(0xFFFE, EvtchnRecord.vcpu(w));
        assertEquals(0x7FF0, EvtchnRecord.remote(w));
        assertEquals(0xFFFF, EvtchnRecord.incarnation(w));
        assertEquals(3, EvtchnRecord.vcpu(EvtchnRecord.withVcpu(w, 3)));
        assertEquals(w, EvtchnRecord.withVcpu(EvtchnRecord.withVcpu(w, 3), 0xFFFE));
    }

    @Test
    void pinsWord() {
        final long w = ActiveGrant.pins(0x7FEF, 0xFFFF, 0xFFFF, 0x8000);
        assertEquals(0x7FEF, ActiveGrant.domid(w));
        assertEquals(0xFFFF, ActiveGrant.incarnation(w));
        assertEquals(0xFFFF, ActiveGrant.reads(w));
        assertEquals(0x8000, ActiveGrant.writes(w));
        final long two = ActiveGrant.pins(1, 1, 0, 0) + 2 * ActiveGrant.ONE_READ + ActiveGrant.ONE_WRITE;
        assertEquals(ActiveGrant.pins(1, 1, 2, 1), two);
    }

    @Test
    void partyWordIsNeverNobody() {
        assertNotEquals(Party.NOBODY, Party.of(0, 0, 0));
        final long w = Party.of(0x7FEF, 31, 0xFFFF);
        assertEquals(0x7FEF, Party.domid(w));
        assertEquals(31, Party.vcpu(w));
        assertEquals(0xFFFF, Party.incarnation(w));
    }

    @Test
    void identityAndRunWords() {
        final long id = DomainRecord.identity(5, 0xFFFF, DomainRecord.STATE_LIVE, DomainRecord.FLAG_PRIVILEGED);
        assertEquals(5, DomainRecord.domid(id));
        assertEquals(0xFFFF, DomainRecord.incarnation(id));
        assertEquals(DomainRecord.STATE_LIVE, DomainRecord.state(id));
        assertEquals(127, DomainRecord.slot(255));
        final long run = RunWord.of(RunWord.IN_GUEST, -1);
        assertEquals(-1, RunWord.epoch(run));
        assertEquals(RunWord.IN_GUEST, RunWord.state(run));
        assertTrue(RunWord.isRunning(run) && !RunWord.isQuiescent(run));
        assertTrue(RunWord.isQuiescent(RunWord.of(RunWord.RING0, 1)) && RunWord.isRunning(RunWord.of(RunWord.RING0, 1)));
        assertTrue(RunWord.isQuiescent(RunWord.of(RunWord.PARKED, 1)) && !RunWord.isRunning(RunWord.of(RunWord.PARKED, 1)));
        assertTrue(RunWord.isQuiescent(0));
    }

    @Test
    void structuresFitTheirPlaces() {
        assertTrue(Header.STOP_REASON + Header.STOP_REASON_LENGTH <= Header.LENGTH);
        assertTrue(Header.FLAGS + 8 <= Header.HYPERVISOR_DOORBELL);
        assertTrue(VcpuRecord.FAULT_COUNT + 4 <= VcpuRecord.MAILBOX);
        assertTrue(VcpuRecord.WATCHDOGS + 16 <= VcpuRecord.VCPU_INFO_MFN);
        assertTrue(VcpuRecord.TIME_AREA_MADDR + 8 <= VcpuRecord.KERNEL_TABLE_MFN);
        assertTrue(VcpuRecord.VIRQ_PORTS + VcpuRecord.VIRQS * 4 <= VcpuRecord.POLL_PORTS);
        assertTrue(VcpuRecord.CONTEXT + VcpuRecord.CONTEXT_LENGTH <= VcpuRecord.LENGTH);
        assertTrue(RegisterDump.CPL + 4 <= RegisterDump.LENGTH);
        assertTrue(DomainRecord.CONSOLE_MFN + 8 <= DomainRecord.GRANT_VERSION);
        assertTrue(DomainRecord.MAPTRACK_USED + 4 <= DomainRecord.GRANT_FRAME_MFNS);
        assertTrue(DomainRecord.NAME_HINT + DomainRecord.NAME_HINT_LENGTH <= DomainRecord.LENGTH);
        assertTrue(DomainPage.IOBITMAP_PORTS + 4 <= DomainPage.LENGTH);
        assertEquals(8192, DomainPage.FIFO_ARRAY);
        assertTrue(IntentRecord.RESULT + 8 <= IntentRecord.LIST);
        assertEquals(4096, IntentRecord.LENGTH);
        assertEquals(960, Mailbox.LENGTH);
        assertEquals(32, FrameRecord.LENGTH);
        assertEquals(32, EvtchnRecord.LENGTH);
        assertEquals(16, ActiveGrant.LENGTH);
        assertTrue(PcpuSlot.END <= PcpuSlot.LENGTH);
        assertTrue(ToolstackSlot.BACKED + 4 <= ToolstackSlot.LENGTH);
    }

    @Test
    void naturalAlignment() {
        for (final int longField : new int[] {Header.FREE_FRAMES, Header.TSC_FREQUENCY, Header.HYPERVISOR_RUN,
            FrameRecord.BUSY, DomainRecord.SHARED_INFO_MFN, DomainRecord.HYPERCALLS, DomainRecord.COUNTERS,
            DomainRecord.CONSOLE_MFN, VcpuRecord.RUNSTATE_SINCE, VcpuRecord.PERIODIC_PERIOD, VcpuRecord.WATCHDOGS,
            VcpuRecord.FIFO_CONTROL_MFN, VcpuRecord.GDT_FRAMES, VcpuRecord.REGISTER_DUMP, VcpuRecord.LAST_FAULTS,
            VcpuRecord.MAILBOX, Mailbox.RESULT, Mailbox.ARGS, Mailbox.PAYLOAD, EvtchnRecord.SENDS,
            IntentRecord.ARGS, IntentRecord.LIST, ToolstackSlot.START_TIME, DomainPage.E820, DomainPage.IOBITMAP,
            VcpuRecord.CONTEXT}) {
            assertEquals(0, longField % 8, "offset " + longField);
        }
    }

    @Test
    void regionsArePageAligned() {
        for (final long region : new long[] {Regions.COUNTERS, Regions.INTENT, Regions.PCPUS, Regions.TOOLSTACK,
            Regions.CONSOLE, Regions.DOMAINS, Regions.TOOLSTACK_TEXTS, Regions.DOMAIN_AREAS, Regions.AREA_VCPUS,
            Regions.AREA_GRANTS, Regions.AREA_MAPTRACK, Regions.AREA_PORTS, Regions.AREA_LENGTH, Regions.FRAMES}) {
            assertEquals(0, region % 4096);
        }
        assertTrue(Regions.TOOLSTACK + ToolstackSlot.SLOTS * ToolstackSlot.LENGTH <= Regions.CONSOLE);
    }

    @Test
    void hashDependsOnTheConstants() {
        assertEquals(LayoutHash.compute(LayoutHash.layouts()), LayoutHash.value());
        assertNotEquals(LayoutHash.compute(One.class), LayoutHash.compute(Two.class));
        assertNotEquals(LayoutHash.compute(Header.class), LayoutHash.compute(Header.class, Mailbox.class));
        assertNotEquals(LayoutHash.compute(Mailbox.class, Header.class),
                LayoutHash.compute(Header.class, Mailbox.class));
    }

    static final class One {
        public static final int A = 0;
        public static final int B = 4;

        private One() {
        }
    }

    static final class Two {
        public static final int A = 0;
        public static final int B = 8;

        private Two() {
        }
    }

    @Test
    void counterIdsAreRefusedWhenTaken() {
        assertThrows(IllegalStateException.class,
                () -> Ids.requireDistinct(Bad.class, Bad.values(), Bad::sameId, Bad::name, 10));
        assertThrows(IllegalStateException.class,
                () -> Ids.requireDistinct(Bad.class, Bad.values(), Bad::ordinal, b -> "same", 10));
        assertThrows(IllegalStateException.class,
                () -> Ids.requireDistinct(Bad.class, Bad.values(), Bad::ordinal, Bad::name, 1));
        Ids.requireDistinct(Bad.class, Bad.values(), Bad::ordinal, Bad::name, 2);
        assertEquals(2, DomainCounter.EMULATED.id());
        assertTrue(SystemCounter.values().length > 0);
    }

    private enum Bad {
        A, B;

        int sameId() {
            return 1;
        }
    }
}
