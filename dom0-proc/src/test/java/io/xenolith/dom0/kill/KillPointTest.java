package io.xenolith.dom0.kill;

import static io.xenolith.dom0.MockStoreClient.READ;
import static io.xenolith.dom0.MockStoreClient.TRANSACTION_END;
import static io.xenolith.dom0.MockStoreClient.TRANSACTION_START;
import static io.xenolith.dom0.MockStoreClient.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.MockBlockFront;
import io.xenolith.dom0.MockBlockFront.Response;
import io.xenolith.dom0.MockBlockFront.Segment;
import io.xenolith.dom0.MockStoreClient;
import io.xenolith.dom0.Rig;
import io.xenolith.dom0.xenstore.XenstoreServer;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.ConsoleInterface;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Every store of dom0's back-ends to memory that outlives them: a process is killed just before it, and a successor has
 * to make the guest see exactly what it would have seen otherwise. The guest does things that cannot be done twice
 * unnoticed: it opens transactions (whose ids count up), prints, reads keys, writes sectors, reconnects its disk.
 */
class KillPointTest {
    private static final int ROUNDS = 12;
    private static final int SIGKILLED = 137;

    /** Points of other machinery: they need a hypervisor. */
    private static final Set<KillPoint> ELSEWHERE = EnumSet.of(KillPoint.DOM0_MEMORY_CLAIMED,
            KillPoint.DOM0_MEMORY_OWNED, KillPoint.DOM0_SLOT_TAKE, KillPoint.DOM0_SLOT_ANSWER, KillPoint.DOM0_CREATE_BUILT,
            KillPoint.DOM0_CREATE_BOOK, KillPoint.DOM0_CREATE_UNPAUSE, KillPoint.DOM0_DESTROY_CLEANUP,
            KillPoint.DOM0_CELL_PAUSING);
    /** Points that are reached once, or a few times. */
    private static final Set<KillPoint> RARE = EnumSet.of(KillPoint.DOM0_JOURNAL_FORMAT, KillPoint.DOM0_CELL_CLEARED,
            KillPoint.DOM0_CELL_CLAIM, KillPoint.DOM0_CELL_RELEASE, KillPoint.DOM0_RECORD_CREATE,
            KillPoint.DOM0_RECORD_CONNECT, KillPoint.DOM0_RECORD_REMOVE, KillPoint.DOM0_JOURNAL_COMPACT,
            KillPoint.DOM0_JOURNAL_SNAPSHOT, KillPoint.DOM0_JOURNAL_FLIP, KillPoint.DOM0_JOURNAL_FLIPPED);

    @TempDir
    private Path dir;
    private Process first;
    private Victim successor;
    private Path file;
    private long guest;
    private MockStoreClient store;
    private MockBlockFront front;
    private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
    private final StringBuilder printed = new StringBuilder();
    private final List<Response> responses = new ArrayList<>();

    static Stream<Arguments> points() {
        final List<Arguments> all = new ArrayList<>();
        for (final KillPoint p : KillPoint.values()) {
            if (p.name().startsWith("DOM0_") && !ELSEWHERE.contains(p)) {
                all.add(Arguments.of(p, 1));
                if (!RARE.contains(p)) {
                    all.add(Arguments.of(p, 5));
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}:{1}")
    @MethodSource("points")
    void theGuestNoticesNothing(final KillPoint point, final int occurrence) throws Exception {
        prepare();
        launch(point, occurrence);
        try {
            live();
        } finally {
            first.destroyForcibly();
        }
        assertEquals(SIGKILLED, first.waitFor(), "the kill point was not reached: " + point);
        check();
        if (successor != null) {
            successor.rig().close();
        }
    }

    private void prepare() throws IOException {
        file = dir.resolve("memory");
        Files.write(file, new byte[(int) Victim.bytes()]);
        Files.write(dir.resolve("disk.img"), new byte[64 * 512]);
        final long base = Victim.map(file);
        guest = Rig.guest(base, Victim.JOURNAL);
        store = new MockStoreClient(guest + XenstoreServer.STORE_GREF * 4096L, this::pump);
        front = new MockBlockFront(guest, true, 0);
    }

    private void launch(final KillPoint point, final int occurrence) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of(System.getProperty("xenolith.root"), "launch", "jvm.args"),
                "-XX:TieredStopAtLevel=1", "-Xmx128m", "-D" + KillPoint.PROPERTY + "=" + point + ":" + occurrence,
                "-cp", System.getProperty("java.class.path"), Victim.class.getName(), file.toString()));
        first = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(dir.resolve("victim.log").toFile()).start();
    }

    /** Lets whoever serves go on: the first process while it lives, then its successor in this one. */
    private void pump() {
        if (first.isAlive()) {
            Thread.onSpinWait();
            return;
        }
        try {
            if (first.exitValue() != SIGKILLED) {
                throw new AssertionError("the victim failed: " + Files.readString(dir.resolve("victim.log")));
            }
            if (successor == null) {
                successor = Victim.over(file);
            }
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
        successor.turn();
    }

    // ---- the guest's life ----

    private void live() throws IOException {
        untilConnected();
        for (int i = 0; i < ROUNDS; i++) {
            transaction(i);
            print("line " + i + " of what the guest has to say\r\n");
            readKeys();
            writeSectors(i);
            if (i == ROUNDS / 2) {
                reconnect();
            }
        }
        waitFor(() -> {
            readKeys();
            return keys.size() == Victim.KEYS;
        });
        release();
    }

    private void waitFor(final java.util.function.BooleanSupplier condition) {
        final long end = System.nanoTime() + 60_000_000_000L;
        while (!condition.getAsBoolean()) {
            pump();
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain");
            }
        }
    }

    private String backState() {
        return store.call(READ, 0, MockBlockFront.BACK + "/state\0").text();
    }

    private void untilConnected() {
        waitFor(() -> Raw.getInt(guest + 4096 + 2060) >= 0 && backState().equals("2"));
        connect();
    }

    private void connect() {
        Raw.fill(guest + 8 * 4096L, 4096, (byte) 0);
        front = new MockBlockFront(guest, true, 0);
        Raw.putInt(guest + 8 * 4096L + 4, 1);
        Raw.putInt(guest + 8 * 4096L + 12, 1);
        store.ok(WRITE, 0, "device/vbd/51712/ring-ref\0" + "8");
        store.ok(WRITE, 0, "device/vbd/51712/event-channel\0" + MockBlockFront.PORT);
        store.ok(WRITE, 0, "device/vbd/51712/protocol\0x86_64-abi");
        store.ok(WRITE, 0, "device/vbd/51712/state\0" + "3");
        waitFor(() -> backState().equals("4"));
    }

    private void reconnect() {
        store.ok(WRITE, 0, "device/vbd/51712/state\0" + "6");
        waitFor(() -> backState().equals("6"));
        store.ok(WRITE, 0, "device/vbd/51712/state\0" + "1");
        waitFor(() -> backState().equals("2"));
        connect();
    }

    /** Ids count from 1: an answer lost, repeated or made twice shows. The last request comes in two pieces. */
    private void transaction(final int i) {
        final String id = store.ok(TRANSACTION_START, 0, "\0");
        assertEquals((i + 1) + "\0", id);
        store.ok(WRITE, i + 1, "data/k\0" + i + "x".repeat(500));
        store.ok(TRANSACTION_END, i + 1, "T\0");
        final byte[] m = MockStoreClient.message(WRITE, 10_000 + i, 0, MockStoreClient.bytes("data/piece\0" + i));
        store.send(Arrays.copyOf(m, 10));
        for (int wait = 0; wait < 50; wait++) {
            pump();
        }
        waitFor(() -> Raw.getInt(guest + 4096 + 2048) == Raw.getInt(guest + 4096 + 2052));
        store.send(Arrays.copyOfRange(m, 10, m.length));
        assertEquals(10_000 + i, store.next().request());
        assertEquals(Integer.toString(i), store.ok(READ, 0, "data/piece\0"));
    }

    private void print(final String s) {
        printed.append(s);
        for (final byte b : s.getBytes(StandardCharsets.ISO_8859_1)) {
            final int prod = Raw.getInt(guest + ConsoleInterface.OUT_PROD);
            waitFor(() -> prod - Raw.getInt(guest + ConsoleInterface.OUT_CONS) < 2048);
            Raw.putByte(guest + ConsoleInterface.OUT + (prod & 2047), b);
            Raw.putInt(guest + ConsoleInterface.OUT_PROD, prod + 1);
        }
    }

    /** As GRUB: the index is not wrapped. */
    private void readKeys() {
        int cons = Raw.getInt(guest + ConsoleInterface.IN_CONS);
        while (cons != Raw.getIntVolatile(guest + ConsoleInterface.IN_PROD) && keys.size() <= Victim.KEYS) {
            keys.write(Raw.getByte(guest + ConsoleInterface.IN + cons));
            Raw.putInt(guest + ConsoleInterface.IN_CONS, ++cons);
        }
    }

    private void writeSectors(final int i) {
        for (int n = 0; n < 4; n++) {
            Raw.fill(guest + (32 + n) * 4096L, 4096, (byte) (i * 4 + n + 1));
            front.put(1, i * 4 + n, i * 4 + n, List.of(new Segment(32 + n, 0, 0)));
        }
        final int before = responses.size();
        waitFor(() -> {
            responses.addAll(front.take());
            return responses.size() >= before + 4;
        });
    }

    private void release() throws IOException {
        final long command = guest + Rig.PAGES * 4096L;
        Raw.putIntVolatile(command, Victim.RELEASE);
        if (first.isAlive()) {
            // The point may be in the release itself; if not, it was not reached and the test says so.
            try {
                first.waitFor(2, java.util.concurrent.TimeUnit.SECONDS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (!first.isAlive()) {
            pump();
        }
    }

    // ---- what must be true afterwards ----

    private void check() throws IOException {
        assertEquals(printed.toString(), Files.readString(dir.resolve("guest-victim.log"), StandardCharsets.ISO_8859_1));
        assertArrayEquals(Victim.keys(), keys.toByteArray());
        assertEquals(ROUNDS * 4, responses.size());
        assertEquals(ROUNDS * 4, responses.stream().map(Response::id).distinct().count());
        assertTrue(responses.stream().allMatch(r -> r.status() == 0));
        final byte[] disk = Files.readAllBytes(dir.resolve("disk.img"));
        for (int s = 0; s < ROUNDS * 4; s++) {
            assertEquals((byte) (s + 1), disk[s * 512 + 17], "sector " + s);
        }
    }
}
