package io.xenolith.dom0.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.Rig;
import io.xenolith.dom0.TestMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.ConsoleInterface;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The console with a guest that reads and writes the page itself. */
class ConsoleBackendTest {
    private static final long JOURNAL = 1 << 20;

    @TempDir
    private Path dir;
    private long memory;
    private long page;
    private Rig rig;

    @BeforeEach
    void start() {
        memory = TestMemory.allocate(Rig.bytes(JOURNAL));
        page = Rig.guest(memory, JOURNAL);
        rig = new Rig(memory, JOURNAL, dir).start();
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void connect(final boolean grub) throws Exception {
        rig.console.connect(Rig.DOMID, 1, "test", Rig.CONSOLE_PORT, grub);
        rig.settle();
    }

    private void restart() {
        rig.close();
        rig = new Rig(memory, JOURNAL, dir).start();
    }

    private String log() throws IOException {
        return Files.readString(dir.resolve("guest-test.log"), StandardCharsets.ISO_8859_1);
    }

    /** The guest prints; waits for room as guests do. */
    private void print(final String s) {
        for (final byte b : s.getBytes(StandardCharsets.ISO_8859_1)) {
            final int prod = Raw.getInt(page + ConsoleInterface.OUT_PROD);
            while (prod - Raw.getInt(page + ConsoleInterface.OUT_CONS) >= 2048) {
                rig.ports.raise(Rig.DOMID, Rig.CONSOLE_PORT);
                rig.settle();
            }
            Raw.putByte(page + ConsoleInterface.OUT + (prod & 2047), b);
            Raw.putInt(page + ConsoleInterface.OUT_PROD, prod + 1);
        }
        rig.ports.raise(Rig.DOMID, Rig.CONSOLE_PORT);
        rig.settle();
    }

    /** The guest reads a key; GRUB does not wrap its index. */
    private int key(final boolean grub) {
        final int cons = Raw.getInt(page + ConsoleInterface.IN_CONS);
        if (cons == Raw.getInt(page + ConsoleInterface.IN_PROD)) {
            return -1;
        }
        final int k = Raw.getByte(page + ConsoleInterface.IN + (grub ? cons : cons & 1023)) & 0xff;
        Raw.putInt(page + ConsoleInterface.IN_CONS, cons + 1);
        return k;
    }

    private static byte[] keys(final int n) {
        final byte[] b = new byte[n];
        for (int i = 0; i < n; i++) {
            b[i] = (byte) ('!' + i % 90);
        }
        return b;
    }

    @Test
    void outputGoesToTheLog() throws Exception {
        connect(false);
        print("hello\r\n");
        final String much = "0123456789abcdef".repeat(1000);
        print(much);
        assertEquals("hello\r\n" + much, log());
        assertTrue(rig.ports.takeSent(Rig.DOMID, Rig.CONSOLE_PORT) > 0);
    }

    @Test
    void outputSurvivesDom0WithoutLossOrDoubling() throws Exception {
        connect(false);
        print("one ");
        restart();
        print("two ");
        // A predecessor that died after writing to the log and before counting it.
        Files.writeString(dir.resolve("guest-test.log"), "one two thr");
        restart();
        print("three");
        assertEquals("one two three", log());
        assertEquals(0, rig.console.logStart(Rig.DOMID));
    }

    @Test
    void theLastWordsOfADomainAreKept() throws Exception {
        connect(false);
        final int prod = Raw.getInt(page + ConsoleInterface.OUT_PROD);
        Raw.putByte(page + ConsoleInterface.OUT + prod, (byte) '!');
        Raw.putInt(page + ConsoleInterface.OUT_PROD, prod + 1);
        rig.console.disconnect(Rig.DOMID);
        assertEquals("!", log());
        assertEquals(0, rig.pages.pinned());
        assertEquals(0, rig.ports.open());
    }

    @Test
    void aSecondDomainOfTheNameAppends() throws Exception {
        connect(false);
        print("first");
        rig.console.disconnect(Rig.DOMID);
        Raw.fill(page, 4096, (byte) 0);
        connect(false);
        print("second");
        assertEquals("firstsecond", log());
        assertEquals(5, rig.console.logStart(Rig.DOMID));
    }

    @Test
    void inputArrivesInOrderAndIsBounded() throws Exception {
        connect(false);
        input(false, 3000);
        assertEquals(ConsoleBackend.MAX_QUEUED,
                rig.console.input(Rig.DOMID, keys(ConsoleBackend.MAX_QUEUED + 10), 1, false));
        assertEquals(0, rig.console.input(Rig.DOMID, keys(10), 2, false));
        assertEquals(-1, rig.console.input(99, keys(10), 3, false));
    }

    @Test
    void grubNeverReadsBehindItsRing() throws Exception {
        connect(true);
        for (int round = 0; round < 5; round++) {
            input(true, 1500);
        }
        assertTrue(Raw.getInt(page + ConsoleInterface.IN_PROD) <= 1024);
    }

    private void input(final boolean grub, final int n) {
        final byte[] sent = keys(n);
        assertEquals(n, rig.console.input(Rig.DOMID, sent, 0, false));
        for (int i = 0; i < n; i++) {
            int k = key(grub);
            for (int wait = 0; k < 0 && wait < 10; wait++) {
                rig.console.hasUndelivered();
                rig.settle();
                k = key(grub);
            }
            assertEquals(sent[i], k, "key " + i);
        }
        assertEquals(-1, key(grub));
    }

    @Test
    void inputSurvivesDom0AndIsNotRepeated() throws Exception {
        connect(true);
        rig.console.input(Rig.DOMID, "abc".getBytes(), 41, false);
        restart();
        assertEquals(3, rig.console.input(Rig.DOMID, "abc".getBytes(), 41, true));
        assertEquals(2, rig.console.input(Rig.DOMID, "de".getBytes(), 42, true));
        rig.settle();
        restart();
        rig.settle();
        final StringBuilder got = new StringBuilder();
        for (int k = key(true); k >= 0; k = key(true)) {
            got.append((char) k);
        }
        assertEquals("abcde", got.toString());
    }

    @Test
    void impossibleIndicesAreIgnored() throws Exception {
        connect(false);
        Raw.putInt(page + ConsoleInterface.OUT_PROD, 1_000_000);
        rig.ports.raise(Rig.DOMID, Rig.CONSOLE_PORT);
        rig.settle();
        Raw.putInt(page + ConsoleInterface.IN_CONS, 555);
        rig.console.input(Rig.DOMID, keys(10), 0, false);
        rig.settle();
        assertEquals("", log());
        Raw.putInt(page + ConsoleInterface.OUT_PROD, 0);
        print("still here");
        assertEquals("still here", log());
    }

    @Test
    void aLogHasABound() throws Exception {
        connect(false);
        final ConsoleLog log = new ConsoleLog(dir.resolve("bounded.log"));
        final byte[] chunk = new byte[1 << 20];
        for (int i = 0; i < 40; i++) {
            log.append(chunk, chunk.length);
        }
        assertTrue(Files.size(dir.resolve("bounded.log")) <= ConsoleLog.MAX_BYTES);
        assertTrue(Files.exists(dir.resolve("bounded.log.1")));
        log.close();
    }
}
