package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.hv.RunWord;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DoorbellTest {
    private static final int PING = 0;
    private static final int PONG = 64;
    private static final int COUNT = 128;
    private static final int RUN = 192;
    private static final int ROUNDS = 2000;
    private static final long MS = 1_000_000L;
    /** A wait this long that ends early was ended by a ring. */
    private static final long LONG = 60_000 * MS;

    private Path file;
    private long words;

    @BeforeEach
    void mapFile() throws IOException {
        file = Files.createTempFile(Path.of("/dev/shm"), "xenolith-doorbell", "");
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(4096);
        }
        final MappedFile mapped = MappedFile.map(file);
        mapped.reserve(0, 4096);
        words = mapped.address();
    }

    @AfterEach
    void deleteFile() throws IOException {
        Files.delete(file);
    }

    @Test
    void ringBeforeTheWaitIsNotLost() {
        final int seen = Doorbell.value(words);
        Doorbell.ring(words);
        assertNotEquals(seen, Doorbell.await(words, seen, LONG));
    }

    @Test
    void timeOutReturnsTheSeenValue() {
        final int seen = Doorbell.value(words);
        assertEquals(seen, Doorbell.await(words, seen, 5 * MS));
        assertEquals(seen, Doorbell.await(words, seen, 0));
    }

    @Test
    void sequenceSurvivesWrapping() {
        Raw.putInt(words, -2);
        final int seen = Doorbell.value(words);
        Doorbell.ring(words);
        assertEquals(0, Doorbell.value(words));
        assertNotEquals(seen, Doorbell.await(words, seen, LONG));
    }

    @Test
    void onlyAnAnnouncedWaiterCostsAWake() throws InterruptedException {
        Doorbell.ring(words);
        assertEquals(0, Raw.getInt(words) & 1, "nobody waits, nothing is announced");
        final int seen = Doorbell.value(words);
        final Thread waiter = Thread.ofPlatform().start(() -> Doorbell.await(words, seen, LONG));
        while ((Raw.getIntVolatile(words) & 1) == 0) {
            Thread.onSpinWait();
        }
        Doorbell.ring(words);
        waiter.join();
        assertEquals(0, Raw.getInt(words) & 1, "the ring takes the announcement away");
    }

    @Test
    void allWaitersAreWoken() throws InterruptedException {
        final int seen = Doorbell.value(words);
        final AtomicInteger woken = new AtomicInteger();
        final Thread[] waiters = new Thread[4];
        for (int i = 0; i < waiters.length; i++) {
            waiters[i] = Thread.ofPlatform().start(() -> {
                while (Doorbell.await(words, seen, LONG) == seen) {
                    Thread.onSpinWait();
                }
                woken.incrementAndGet();
            });
        }
        while ((Raw.getIntVolatile(words) & 1) == 0) {
            Thread.onSpinWait();
        }
        Doorbell.ring(words);
        for (final Thread t : waiters) {
            t.join();
        }
        assertEquals(waiters.length, woken.get());
    }

    @Test
    void spinsOnlyForARunningPeer() {
        final int seen = Doorbell.value(words);
        Raw.putLong(words + RUN, RunWord.of(RunWord.PARKED, 1));
        // Would spin for a minute if it spun at all.
        assertEquals(seen, Doorbell.await(words, seen, words + RUN, LONG, MS));
        Raw.putLong(words + RUN, RunWord.of(RunWord.IN_GUEST, 1));
        assertEquals(seen, Doorbell.await(words, seen, words + RUN, MS, MS));
    }

    @Test
    void twoProcessesPlayPingPong() throws Exception {
        final Process child = ChildJvm.start(Partner.class, List.of(), file.toString(), "play");
        for (int i = 0; i < ROUNDS; i++) {
            final int seen = Doorbell.value(words + PONG);
            Doorbell.ring(words + PING);
            while (Doorbell.await(words + PONG, seen, LONG) == seen) {
                assertTrue(child.isAlive(), "the partner died");
            }
            assertEquals(i + 1, Raw.getInt(words + COUNT));
        }
        assertTrue(child.waitFor(1, TimeUnit.MINUTES));
        assertEquals(0, child.exitValue());
    }

    @Test
    void aKilledWaiterLeavesNothingBehind() throws Exception {
        final Process child = ChildJvm.start(Partner.class, List.of(), file.toString(), "play");
        while ((Raw.getIntVolatile(words + PING) & 1) == 0) {
            assertTrue(child.isAlive(), "the partner died");
            Thread.sleep(1);
        }
        assertTrue(ProcessIdentity.of((int) child.pid()).signal(Processes.SIGKILL));
        child.waitFor();
        assertEquals(128 + Processes.SIGKILL, child.exitValue());
        Doorbell.ring(words + PING);
        final int seen = Doorbell.value(words + PING);
        assertEquals(seen, Doorbell.await(words + PING, seen, MS));
        assertEquals(0, Raw.getInt(words + PING) & 1, "the next waiter tidies up");
    }

    /** A ringer is killed after it has advanced the word and before it enters the kernel: the next ring must wake. */
    @Test
    void aKilledRingerDoesNotSilenceTheBell() throws Exception {
        final int seen = Doorbell.value(words + PING);
        final Thread waiter = Thread.ofPlatform().start(() -> Doorbell.await(words + PING, seen, Doorbell.FOREVER));
        while ((Raw.getIntVolatile(words + PING) & 1) == 0) {
            Thread.onSpinWait();
        }
        awaitAsleep();
        Raw.getAndAddInt(words + PING, 2);
        Doorbell.ring(words + PING);
        assertTrue(waiter.join(java.time.Duration.ofMinutes(1)), "asleep for ever");
    }

    /** The waiter has announced itself; it enters the kernel shortly after. What is proved holds either way. */
    private static void awaitAsleep() throws InterruptedException {
        Thread.sleep(50);
    }

    @Test
    void collectionGoesOnWhileAThreadWaits() throws InterruptedException {
        final int seen = Doorbell.value(words);
        final Thread waiter = Thread.ofPlatform().start(() -> Doorbell.await(words, seen, LONG));
        while ((Raw.getIntVolatile(words) & 1) == 0) {
            Thread.onSpinWait();
        }
        System.gc(); // returns only if the waiting thread does not hold the collector up
        Doorbell.ring(words);
        waiter.join();
    }

    /** The other process: answers every ring of PING with a count and a ring of PONG. */
    static final class Partner {
        private Partner() {
        }

        public static void main(final String[] args) throws IOException {
            final long words = MappedFile.map(Path.of(args[0])).address();
            int seen = 0;
            for (int i = 0; i < ROUNDS; i++) {
                int now;
                do {
                    now = Doorbell.await(words + PING, seen, Doorbell.FOREVER);
                } while (now == seen);
                seen = now;
                Raw.putInt(words + COUNT, i + 1);
                Doorbell.ring(words + PONG);
            }
        }
    }
}
