package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.ConsoleRing;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.MaptrackEntry;
import io.xenolith.shm.hv.SystemCounter;
import io.xenolith.shm.hv.ToolstackSlot;
import io.xenolith.shm.hv.VcpuRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HypervisorFileTest {
    private MachineDir dir;
    private HypervisorFile hv;

    @BeforeEach
    void makeMachine() throws IOException {
        dir = new MachineDir(Files.createTempDirectory(Path.of("/dev/shm"), "xenolith-test"));
        hv = Machine.create(dir, MachineOptions.ofMemory(16 << 20)).hv();
    }

    @AfterEach
    void removeMachine() throws IOException {
        dir.delete();
    }

    private long allocated() throws IOException {
        final Process p = new ProcessBuilder("stat", "-c", "%b %B", dir.hypervisor().toString()).start();
        final String[] words = new String(p.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim()
                .split(" ");
        return Long.parseLong(words[0]) * Long.parseLong(words[1]);
    }

    @Test
    void everyFixedPlaceCanBeWrittenWithoutCost() throws IOException {
        final long before = allocated();
        Raw.putLong(hv.header() + 4088, 1);
        Raw.putLong(hv.intent() + 4088, 1);
        Raw.putLong(hv.pcpu(63) + 56, 1);
        Raw.putLong(hv.toolstack(ToolstackSlot.SLOTS - 1) + 56, 1);
        Raw.putLong(hv.consoleRing() + ConsoleRing.LENGTH - 8, 1);
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++) {
            Raw.putLong(hv.domain(slot) + DomainRecord.LENGTH - 8, 1);
        }
        Raw.putLong(hv.frame(4095) + 24, 1);
        hv.count(SystemCounter.HOST_COPIES, 5);
        assertEquals(5, Raw.getLong(hv.counter(SystemCounter.HOST_COPIES)));
        assertEquals(before, allocated(), "all of it was reserved when the machine was made");
    }

    @Test
    void indicesOutsideAreRefused() {
        assertThrows(IndexOutOfBoundsException.class, () -> hv.domain(128));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.domain(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.pcpu(64));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.toolstack(16));
        assertThrows(BadFrameException.class, () -> hv.frame(4096));
        assertThrows(BadFrameException.class, () -> hv.frame(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.backPorts(0, EvtchnRecord.MAX_PORTS + 1));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.backDomain(0, 33));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.backDomain(128, 1));
    }

    @Test
    void domainTablesExistOnlyWhereBacked() throws IOException {
        final int slot = 127;
        final long before = allocated();
        assertThrows(IndexOutOfBoundsException.class, () -> hv.vcpu(slot, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.domainPage(slot));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.evtchn(slot, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.active(slot, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.maptrack(slot, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> hv.toolstackText(3));

        hv.backDomain(slot, 2);
        hv.backPorts(slot, 100);
        hv.backGrants(slot, 512);
        hv.backMaptrack(slot, 1);
        hv.backToolstackText(3);
        assertThrows(IndexOutOfBoundsException.class, () -> hv.vcpu(slot, 2));
        Raw.putLong(hv.vcpu(slot, 1) + VcpuRecord.LENGTH - 8, 7);
        Raw.putLong(hv.domainPage(slot), 7);
        // whole pages: 4096 / 32 ports, 4096 / 16 handles
        Raw.putLong(hv.evtchn(slot, 127), 7);
        assertThrows(IndexOutOfBoundsException.class, () -> hv.evtchn(slot, 128));
        assertTrue(hv.hasPort(slot, 127));
        assertFalse(hv.hasPort(slot, 128) || hv.hasPort(slot, -1));
        Raw.putLong(hv.active(slot, 511) + 8, 7);
        assertTrue(hv.hasGrant(slot, 511));
        assertFalse(hv.hasGrant(slot, 512) || hv.hasGrant(slot, -1));
        Raw.putLong(hv.maptrack(slot, 255), 7);
        Raw.putLong(hv.toolstackAnswer(3) + ToolstackSlot.TEXT_LENGTH - 8, 7);
        final long pages = 3 + 2 * 2 + 1 + 2 + 1 + 32;
        assertEquals(before + pages * 4096, allocated());
    }

    @Test
    void growthKeepsContentAndReleaseTakesAll() throws IOException {
        final long before = allocated();
        hv.backDomain(5, 1);
        hv.backPorts(5, 1);
        Raw.putLong(hv.evtchn(5, 100), 42);
        hv.backPorts(5, EvtchnRecord.MAX_PORTS);
        hv.backGrants(5, ActiveGrant.MAX_GRANTS);
        hv.backMaptrack(5, MaptrackEntry.MAX_HANDLES);
        assertEquals(42, Raw.getLong(hv.evtchn(5, 100)));
        Raw.putLong(hv.evtchn(5, EvtchnRecord.MAX_PORTS - 1) + 24, 43);
        hv.backPorts(5, 10); // smaller than before: nothing shrinks
        assertEquals(43, Raw.getLong(hv.evtchn(5, EvtchnRecord.MAX_PORTS - 1) + 24));
        hv.releaseDomain(5);
        assertEquals(before, allocated());
        assertThrows(IndexOutOfBoundsException.class, () -> hv.evtchn(5, 0));
        hv.backPorts(5, 128);
        assertEquals(0, Raw.getLong(hv.evtchn(5, 100)), "zero when backed anew");
        hv.releaseDomain(5);
    }

    @Test
    void neighboursDoNotOverlap() {
        hv.backDomain(3, 32);
        hv.backMaptrack(3, MaptrackEntry.MAX_HANDLES);
        hv.backGrants(3, ActiveGrant.MAX_GRANTS);
        hv.backPorts(3, EvtchnRecord.MAX_PORTS);
        hv.backDomain(4, 1);
        assertTrue(hv.domainPage(3) + 3 * 4096 <= hv.vcpu(3, 0));
        assertTrue(hv.vcpu(3, 31) + VcpuRecord.LENGTH <= hv.active(3, 0));
        assertTrue(hv.active(3, ActiveGrant.MAX_GRANTS - 1) + ActiveGrant.LENGTH <= hv.maptrack(3, 0));
        assertTrue(hv.maptrack(3, MaptrackEntry.MAX_HANDLES - 1) + MaptrackEntry.LENGTH <= hv.evtchn(3, 0));
        assertTrue(hv.evtchn(3, EvtchnRecord.MAX_PORTS - 1) + EvtchnRecord.LENGTH <= hv.domainPage(4));
        hv.releaseDomain(3);
        hv.releaseDomain(4);
    }

    @Test
    void consoleKeepsTheLatestText() {
        final long ring = hv.consoleRing();
        final byte[] line = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        ConsoleRing.append(ring, line, 2, 5);
        assertEquals("23456", new String(ConsoleRing.read(ring, 0), StandardCharsets.US_ASCII));
        assertEquals("56", new String(ConsoleRing.read(ring, 3), StandardCharsets.US_ASCII));
        assertEquals(0, ConsoleRing.read(ring, 5).length);
        for (int i = 0; i < 5000; i++) {
            ConsoleRing.append(ring, line, 0, line.length);
        }
        final byte[] all = ConsoleRing.read(ring, 0);
        assertEquals(ConsoleRing.TEXT_LENGTH, all.length);
        assertEquals('f', all[all.length - 1]);
        assertEquals('0', all[all.length - 16]);
        ConsoleRing.append(ring, new byte[ConsoleRing.TEXT_LENGTH + 100], 0, ConsoleRing.TEXT_LENGTH + 100);
        assertEquals(0, ConsoleRing.read(ring, 0)[0]);
    }
}
