package io.xenolith.dom0.blkback;

import static io.xenolith.dom0.MockBlockFront.BACK;
import static io.xenolith.dom0.MockBlockFront.FRONT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.MockBlockFront;
import io.xenolith.dom0.MockBlockFront.Response;
import io.xenolith.dom0.MockBlockFront.Segment;
import io.xenolith.dom0.Rig;
import io.xenolith.dom0.TestMemory;
import io.xenolith.dom0.xenstore.LocalStore;
import io.xenolith.shm.Raw;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Devices from their xenstore nodes to their sectors, with a front-end that writes raw bytes. */
class BlockBackendTest {
    private static final long JOURNAL = 1 << 20;
    private static final int SECTORS = 2048;
    private static final int DATA = 32;

    @TempDir
    private Path dir;
    private long memory;
    private long guest;
    private Path image;
    private byte[] content;
    private Rig rig;
    private LocalStore store;
    private MockBlockFront front;

    @BeforeEach
    void makeDisk() throws IOException {
        memory = TestMemory.allocate(Rig.bytes(JOURNAL));
        guest = Rig.guest(memory, JOURNAL);
        image = dir.resolve("disk.img");
        content = new byte[SECTORS * 512];
        new Random(1).nextBytes(content);
        Files.write(image, content);
        rig = new Rig(memory, JOURNAL, dir).start();
        store = rig.store.local();
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void connect(final String mode, final boolean wide, final int order) {
        MockBlockFront.createNodes(store, image.toString(), mode);
        rig.settle();
        assertEquals("2", store.read(BACK + "/state"));
        front = new MockBlockFront(guest, wide, order);
        front.publish(store);
        rig.settle();
        assertEquals("4", store.read(BACK + "/state"));
    }

    private void restart() {
        rig.close();
        rig = new Rig(memory, JOURNAL, dir).start();
        store = rig.store.local();
    }

    private List<Response> answers(final int n) {
        final List<Response> all = new ArrayList<>();
        rig.ports.raise(Rig.DOMID, MockBlockFront.PORT);
        rig.until(() -> {
            all.addAll(front.take());
            return all.size() >= n;
        });
        return all;
    }

    private Response answer() {
        return answers(1).get(0);
    }

    private byte[] page(final int gref) {
        final byte[] b = new byte[4096];
        Raw.copyOut(guest + gref * 4096L, b, 0, b.length);
        return b;
    }

    private static Segment whole(final int gref) {
        return new Segment(gref, 0, 7);
    }

    // ---- data ----

    @ParameterizedTest
    @CsvSource({"false,0", "true,0", "false,2", "true,1", "true,4"})
    void readsInBothAbisAndRingSizes(final boolean wide, final int order) {
        connect("r", wide, order);
        for (int round = 0; round < 3 * front.slots(); round++) {
            final long sector = round * 8L % (SECTORS - 8);
            front.put(0, 0x1234_5678_9abc_0000L + round, sector, List.of(whole(DATA)));
            assertEquals(new Response(0x1234_5678_9abc_0000L + round, 0, 0), answer());
            assertArrayEquals(Arrays.copyOfRange(content, (int) sector * 512, (int) sector * 512 + 4096), page(DATA));
        }
        assertEquals(1 << order, rig.pages.pinned());
    }

    @Test
    void readsPartsOfPages() {
        connect("r", false, 0);
        Raw.fill(guest + DATA * 4096L, 3 * 4096L, (byte) 0x55);
        front.put(0, 1, 5, List.of(new Segment(DATA, 3, 4), new Segment(DATA + 1, 7, 7), new Segment(DATA + 2, 0, 0)));
        assertEquals(0, answer().status());
        assertArrayEquals(Arrays.copyOfRange(content, 5 * 512, 7 * 512), Arrays.copyOfRange(page(DATA), 3 * 512, 5 * 512));
        assertArrayEquals(Arrays.copyOfRange(content, 7 * 512, 8 * 512), Arrays.copyOfRange(page(DATA + 1), 7 * 512, 4096));
        assertArrayEquals(Arrays.copyOfRange(content, 8 * 512, 9 * 512), Arrays.copyOfRange(page(DATA + 2), 0, 512));
        assertEquals(0x55, page(DATA)[2 * 512 + 511]);
        assertEquals(0x55, page(DATA)[5 * 512]);
    }

    @Test
    void writesFlushesAndBarriers() throws IOException {
        connect("w", true, 0);
        for (int i = 0; i < 4; i++) {
            Raw.fill(guest + (DATA + i) * 4096L, 4096, (byte) (0x10 + i));
            front.put(1, i, i * 8L, List.of(whole(DATA + i)));
        }
        front.put(3, 10, 0, List.of());
        front.put(2, 11, 64, List.of(whole(DATA)));
        front.put(2, 12, 0, List.of());
        front.put(1, 13, 72, List.of(whole(DATA + 1)));
        final List<Response> all = answers(8);
        assertTrue(all.stream().allMatch(r -> r.status() == 0), all.toString());
        assertEquals(13, all.get(7).id());
        assertEquals(11, all.get(5).id());
        assertEquals(2, all.get(5).operation());
        final byte[] now = Files.readAllBytes(image);
        assertEquals(0x12, now[16 * 512]);
        assertEquals(0x10, now[64 * 512]);
        assertEquals(0x11, now[72 * 512]);
    }

    @Test
    void indirectRequestsAndDiscards() throws IOException {
        connect("w", true, 0);
        final List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            segments.add(whole(DATA + i));
        }
        front.putIndirect(0, 5, 16, 31, segments);
        assertEquals(new Response(5, 0, 0), answer());
        assertArrayEquals(Arrays.copyOfRange(content, (16 + 19 * 8) * 512, (16 + 20 * 8) * 512), page(DATA + 19));
        front.putDiscard(6, 8, 16);
        assertEquals(new Response(6, 5, 0), answer());
        final byte[] now = Files.readAllBytes(image);
        assertArrayEquals(new byte[16 * 512], Arrays.copyOfRange(now, 8 * 512, 24 * 512));
        assertEquals(content[24 * 512], now[24 * 512]);
        assertEquals("1", store.read(BACK + "/feature-discard"));
    }

    // ---- refusals ----

    @Test
    void aReadOnlyDiskStaysAsItIs() throws IOException {
        connect("r", false, 0);
        assertEquals("4", store.read(BACK + "/info"));
        front.put(1, 1, 0, List.of(whole(DATA)));
        assertEquals(-1, answer().status());
        front.put(2, 2, 0, List.of(whole(DATA)));
        assertEquals(-1, answer().status());
        front.putDiscard(3, 0, 8);
        assertEquals(-2, answer().status());
        assertArrayEquals(content, Files.readAllBytes(image));
    }

    @Test
    void nonsenseIsAnsweredWithAnError() {
        connect("w", false, 0);
        final List<Segment> twelve = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            twelve.add(whole(DATA));
        }
        refused(0, 0, List.of(new Segment(DATA, 5, 4)), -1);
        refused(0, 0, List.of(new Segment(DATA, 0, 8)), -1);
        refused(0, 0, List.of(new Segment(DATA, 255, 255)), -1);
        refused(0, 0, List.of(), -1);
        refused(0, 0, twelve, -1);
        refused(0, SECTORS, List.of(whole(DATA)), -1);
        refused(0, SECTORS - 7, List.of(whole(DATA)), -1);
        refused(1, -1, List.of(whole(DATA)), -1);
        refused(0, Long.MAX_VALUE, List.of(whole(DATA)), -1);
        refused(0, 0, List.of(whole(9999)), -1);
        refused(0, 0, List.of(whole(DATA), whole(-1)), -1);
        refused(4, 0, List.of(), -2);
        refused(77, 0, List.of(whole(DATA)), -2);
        rig.pages.readOnly = DATA;
        refused(0, 0, List.of(whole(DATA)), -1);
        assertEquals(1, rig.pages.pinned());
        front.putIndirect(0, 1, 0, 9999, List.of());
        assertEquals(-1, answer().status());
        front.putIndirect(6, 1, 0, 31, List.of(whole(DATA + 1)));
        assertEquals(-1, answer().status());
        rig.pages.readOnly = -1;
        front.put(0, 7, 0, List.of(whole(DATA)));
        assertEquals(0, answer().status());
    }

    private void refused(final int op, final long sector, final List<Segment> segments, final int status) {
        front.put(op, 99, sector, segments);
        assertEquals(new Response(99, op, status), answer());
    }

    @Test
    void anImpossibleIndexDisconnectsTheDeviceOnce() {
        connect("w", false, 0);
        front.setReqProd(1000);
        rig.ports.raise(Rig.DOMID, MockBlockFront.PORT);
        rig.settle();
        assertEquals("5", store.read(BACK + "/state"));
        assertEquals(0, rig.pages.pinned());
        assertEquals(1, rig.blocks.statistics(7).get(MockBlockFront.NUMBER).get("overflows"));
        assertNotNull(store.read("/local/domain/0/error/backend/vbd/7/51712/error"));
        assertTrue(rig.records.all().isEmpty());
    }

    @Test
    void badConnectionsAreRefused() {
        for (final String[] wrong : new String[][]{{"ring-ref", "x"}, {"ring-ref", "9999"}, {"event-channel", "-1"},
                {"protocol", "mips-abi"}, {"ring-page-order", "5"}, {"multi-queue-num-queues", "4"}}) {
            MockBlockFront.createNodes(store, image.toString(), "w");
            rig.settle();
            front = new MockBlockFront(guest, false, 0);
            store.write(FRONT + "/" + wrong[0], wrong[1]);
            front.publish(store);
            store.write(FRONT + "/" + wrong[0], wrong[1]);
            rig.settle();
            assertEquals("5", store.read(BACK + "/state"), wrong[0]);
            assertEquals(0, rig.pages.pinned());
            assertEquals(0, rig.ports.open());
            store.remove(FRONT);
            store.remove(BACK);
            rig.settle();
        }
    }

    @Test
    void aMissingDiskIsAnError() {
        MockBlockFront.createNodes(store, dir.resolve("absent").toString(), "w");
        rig.settle();
        assertEquals("5", store.read(BACK + "/state"));
        assertTrue(store.read("/local/domain/0/error/backend/vbd/7/51712/error").contains("does not exist"));
    }

    @Test
    void aDiskThatBecameShorterIsAnErrorNotAnEnd() throws IOException {
        connect("r", false, 0);
        try (java.nio.channels.FileChannel ch =
                java.nio.channels.FileChannel.open(image, java.nio.file.StandardOpenOption.WRITE)) {
            ch.truncate(512 * 16);
        }
        front.put(0, 1, 100, List.of(whole(DATA)));
        assertEquals(-1, answer().status());
        rig.settle();
        assertTrue(store.read("/local/domain/0/error/backend/vbd/7/51712/error").contains("shorter"));
        front.put(0, 2, 0, List.of(whole(DATA)));
        assertEquals(0, answer().status());
        assertEquals("4", store.read(BACK + "/state"));
    }

    // ---- notifications ----

    @Test
    void notifiesWhenAsked() {
        connect("w", false, 0);
        rig.ports.takeSent(7, MockBlockFront.PORT);
        front.setRspEvent(3);
        front.put(0, 1, 0, List.of(whole(DATA)));
        answer();
        assertEquals(0, rig.ports.takeSent(7, MockBlockFront.PORT));
        front.put(0, 2, 0, List.of(whole(DATA)));
        answer();
        assertEquals(0, rig.ports.takeSent(7, MockBlockFront.PORT));
        front.put(0, 3, 0, List.of(whole(DATA)));
        answer();
        assertEquals(1, rig.ports.takeSent(7, MockBlockFront.PORT));
        assertEquals(4, front.reqEvent());
    }

    // ---- lives ----

    /** pvgrub: 6, then empty keys, then 1; its kernel connects again. */
    @Test
    void reconnectsAfterABootLoader() {
        connect("r", false, 0);
        front.put(0, 1, 0, List.of(whole(DATA)));
        answer();
        store.write(FRONT + "/state", "6");
        rig.settle();
        assertEquals("6", store.read(BACK + "/state"));
        assertEquals(0, rig.pages.pinned());
        assertEquals(0, rig.ports.open());
        store.write(FRONT + "/ring-ref", "");
        store.write(FRONT + "/event-channel", "");
        store.write(FRONT + "/state", "1");
        rig.settle();
        assertEquals("2", store.read(BACK + "/state"));
        front = new MockBlockFront(guest, true, 0);
        front.publish(store);
        rig.settle();
        assertEquals("4", store.read(BACK + "/state"));
        front.put(0, 2, 8, List.of(whole(DATA)));
        assertEquals(new Response(2, 0, 0), answer());
    }

    @Test
    void closesInSteps() {
        connect("w", false, 0);
        store.write(FRONT + "/state", "5");
        rig.settle();
        assertEquals("5", store.read(BACK + "/state"));
        store.write(FRONT + "/state", "6");
        rig.settle();
        assertEquals("6", store.read(BACK + "/state"));
    }

    @Test
    void isUnplugged() {
        connect("w", false, 0);
        store.write(BACK + "/online", "0");
        store.write(BACK + "/state", "5");
        rig.settle();
        assertEquals(1, rig.pages.pinned());
        store.write(FRONT + "/state", "6");
        rig.settle();
        assertEquals("6", store.read(BACK + "/state"));
        store.remove(BACK);
        store.remove(FRONT);
        rig.settle();
        assertEquals(0, rig.ports.open());
        assertTrue(rig.blocks.statistics(7).isEmpty());
    }

    @Test
    void anUnconnectedDeviceIsUnpluggedAtOnce() {
        MockBlockFront.createNodes(store, image.toString(), "w");
        rig.settle();
        store.write(BACK + "/online", "0");
        store.write(BACK + "/state", "5");
        rig.settle();
        assertEquals("6", store.read(BACK + "/state"));
    }

    @Test
    void aDeadDomainHoldsNothing() {
        connect("w", false, 0);
        for (int i = 0; i < 8; i++) {
            front.put(1, i, i * 8L, List.of(whole(DATA + i)));
        }
        rig.ports.raise(Rig.DOMID, MockBlockFront.PORT);
        rig.turn();
        rig.blocks.domainGone(7);
        rig.until(() -> !rig.blocks.holds(7));
        assertEquals(0, rig.pages.pinned());
        assertTrue(rig.records.all().isEmpty());
    }

    @Test
    void theRingSurvivesDom0() {
        connect("w", false, 0);
        front.put(0, 1, 0, List.of(whole(DATA)));
        answer();
        front.put(1, 2, 0, List.of(whole(DATA)));
        restart();
        assertEquals(2, answer().id());
        assertEquals("4", store.read(BACK + "/state"));
        assertEquals(1, rig.pages.pinned());
        restart();
        rig.settle();
        assertTrue(front.take().isEmpty());
    }

    @Test
    void aConnectionThatWasCutShortIsMadeAnew() {
        connect("w", false, 0);
        // As if dom0 had died after making the record and before saying so.
        store.write(BACK + "/state", "2");
        store.commit();
        restart();
        rig.settle();
        assertEquals("4", store.read(BACK + "/state"));
        assertEquals(1, rig.records.all().size());
        front.put(0, 1, 0, List.of(whole(DATA)));
        assertEquals(0, answer().status());
        assertNull(store.read("/local/domain/0/error/backend/vbd/7/51712/error"));
    }

    // ---- hostile guests ----

    /** Random descriptors while the guest scribbles over its ring: every request is answered at most once. */
    @Test
    void survivesFuzzing() {
        final long seed = Long.getLong("xenolith.seed", 42_2026L);
        final Random random = new Random(seed);
        connect("w", random.nextBoolean(), 0);
        for (int round = 0; round < 3_000; round++) {
            final int before = front.reqProd();
            for (int i = random.nextInt(8); i > 0 && front.hasRoom(); i--) {
                final List<Segment> segments = new ArrayList<>();
                for (int s = random.nextInt(13); s > 0; s--) {
                    final int gref = random.nextInt(10) == 0 ? random.nextInt() : 20 + random.nextInt(44);
                    segments.add(new Segment(gref, random.nextInt(10), random.nextInt(10)));
                }
                final long sector = random.nextBoolean() ? random.nextLong() : random.nextInt(SECTORS);
                if (random.nextInt(5) == 0) {
                    front.putIndirect(random.nextInt(8), random.nextLong(), sector, 40 + random.nextInt(24), segments);
                } else {
                    front.put(random.nextInt(8), random.nextLong(), sector, segments);
                }
            }
            final int sent = front.reqProd() - before;
            final List<Response> all = new ArrayList<>();
            rig.ports.raise(Rig.DOMID, MockBlockFront.PORT);
            rig.until(() -> {
                Raw.putInt(guest + 8 * 4096L + 64 + random.nextInt(3400), random.nextInt());
                all.addAll(front.take());
                return all.size() >= sent;
            });
            assertEquals(sent, all.size(), "seed=" + seed + " round=" + round);
            // The scribbling may have hit data pages that are the ring itself: make the ring right again.
            if (!"4".equals(store.read(BACK + "/state")) || front.reqProd() - front.rspProd() != 0) {
                store.write(FRONT + "/state", "6");
                rig.settle();
                store.write(FRONT + "/state", "1");
                rig.settle();
                front.publish(store);
                rig.settle();
            }
        }
        assertFalse(rig.pages.pinned() > 1, "seed=" + seed);
    }
}
