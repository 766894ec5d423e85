package io.xenolith.dom0.toolstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineOptions;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.ToolstackSlot;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Requests through the slots of a real machine's file. */
class SlotServerTest {
    @TempDir
    private Path dir;
    private Machine machine;
    private SlotServer server;
    private final Map<String, Request> held = new ConcurrentHashMap<>();
    private final CountDownLatch arrived = new CountDownLatch(1);

    @BeforeEach
    void start() {
        machine = Machine.create(new MachineDir(dir.resolve("m")), MachineOptions.ofMemory(16 << 20));
        machine.publish();
        server = new SlotServer(machine, this::handle);
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private void handle(final Request r) {
        if (r.op().equals("hold")) {
            held.put(r.op(), r);
            arrived.countDown();
        } else {
            r.answer().accept(Map.of("op", r.op(), "again", r.again(), "echo", r.text("text")));
        }
    }

    @Test
    void requestsAreAnswered() {
        server.start();
        final ToolstackClient c = ToolstackClient.open(machine, () -> { });
        for (int i = 0; i < 100; i++) {
            final String text = "t".repeat(i * 100) + "\u00e9\0\r";
            final Map<String, Object> a = c.call("echo", Map.of("text", text));
            assertEquals(text, a.get("echo"));
            assertFalse((Boolean) a.get("again"));
        }
        for (int i = 0; i < ToolstackSlot.SLOTS; i++) {
            assertEquals(ToolstackSlot.FREE, state(i));
        }
    }

    @Test
    void manyClientsAtOnce() throws Exception {
        server.start();
        final List<Thread> threads = new java.util.ArrayList<>();
        final Map<Integer, Boolean> good = new ConcurrentHashMap<>();
        for (int t = 0; t < 24; t++) {
            final int n = t;
            final Thread thread = new Thread(() -> {
                final ToolstackClient c = ToolstackClient.open(machine, () -> { });
                for (int i = 0; i < 20; i++) {
                    good.merge(n, c.call("echo", Map.of("text", n + "/" + i)).get("echo").equals(n + "/" + i),
                            Boolean::logicalAnd);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (final Thread t : threads) {
            t.join();
        }
        assertEquals(24, good.size());
        assertTrue(good.values().stream().allMatch(b -> b));
    }

    @Test
    void whatAPredecessorWasServingIsServedAgain() {
        post(0, "{\"op\":\"echo\",\"args\":{\"text\":\"x\"}}", ProcessIdentity.self(), ToolstackSlot.SERVING);
        server.start();
        await(0, ToolstackSlot.ANSWERED);
        assertTrue(text(0).contains("\"again\":true"), text(0));
    }

    @Test
    void slotsOfDeadCommandsAreFreed() throws Exception {
        final ProcessIdentity dead = new ProcessIdentity(4_000_000, 1);
        post(2, "{\"op\":\"echo\"}", dead, ToolstackSlot.POSTED);
        post(3, "{\"op\":\"hold\"}", dead, ToolstackSlot.POSTED);
        Raw.putInt(machine.hv().toolstack(4) + ToolstackSlot.STATE, ToolstackSlot.CLAIMED);
        server.start();
        assertTrue(arrived.await(20, TimeUnit.SECONDS));
        await(2, ToolstackSlot.FREE);
        await(4, ToolstackSlot.FREE);
        assertEquals(ToolstackSlot.SERVING, state(3));
        held.get("hold").answer().accept(Map.of());
        await(3, ToolstackSlot.FREE);
    }

    @Test
    void nonsenseIsAnsweredWithASentence() {
        post(0, "{\"op\":", ProcessIdentity.self(), ToolstackSlot.POSTED);
        post(1, "\u0001\u0002", ProcessIdentity.self(), ToolstackSlot.POSTED);
        server.start();
        await(0, ToolstackSlot.ANSWERED);
        await(1, ToolstackSlot.ANSWERED);
        assertTrue(text(0).contains("cannot be read"), text(0));
        assertTrue(text(1).contains("error"), text(1));
    }

    private void post(final int slot, final String json, final ProcessIdentity who, final int state) {
        final long s = machine.hv().toolstack(slot);
        final byte[] b = json.getBytes(StandardCharsets.UTF_8);
        machine.hv().backToolstackText(slot);
        Raw.copyIn(b, 0, machine.hv().toolstackText(slot), b.length);
        Raw.putInt(s + ToolstackSlot.TEXT_USED, b.length);
        who.write(s + ToolstackSlot.PID, s + ToolstackSlot.START_TIME);
        Raw.putInt(s + ToolstackSlot.STATE, state);
        Doorbell.ring(machine.hv().header() + Header.TOOLSTACK_DOORBELL);
    }

    private int state(final int slot) {
        return Raw.getIntVolatile(machine.hv().toolstack(slot) + ToolstackSlot.STATE);
    }

    private String text(final int slot) {
        final byte[] b = new byte[Raw.getInt(machine.hv().toolstack(slot) + ToolstackSlot.ANSWER_USED)];
        Raw.copyOut(machine.hv().toolstackAnswer(slot), b, 0, b.length);
        return new String(b, StandardCharsets.UTF_8);
    }

    private void await(final int slot, final int wanted) {
        final long end = System.nanoTime() + 30_000_000_000L;
        while (state(slot) != wanted) {
            if (System.nanoTime() > end) {
                throw new AssertionError("slot " + slot + " stays in state " + state(slot));
            }
            Thread.onSpinWait();
        }
    }
}
