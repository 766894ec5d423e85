package io.xenolith.dom0.xenstore;

import static io.xenolith.dom0.MockStoreClient.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.MockStoreClient;
import io.xenolith.dom0.Rig;
import io.xenolith.dom0.TestMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.XenstoreInterface;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The wire protocol, spoken over a real ring page by a guest that may be anything. */
class XenstoreServerTest {
    private static final long JOURNAL = 1 << 20;
    private static final String HOME = "/local/domain/7";

    @TempDir
    private Path dir;
    private long memory;
    private Rig rig;
    private LocalStore local;
    private MockStoreClient guest;

    @BeforeEach
    void connect() throws Exception {
        memory = TestMemory.allocate(Rig.bytes(JOURNAL));
        rig = new Rig(memory, JOURNAL, dir).start();
        local = rig.store.local();
        local.mkdir(HOME, Perms.of("n0", "r7"));
        local.mkdir(HOME + "/data", Perms.of("n7"));
        local.write("/local/domain/0/name", "Domain-0");
        rig.store.introduce(Rig.DOMID, 1, 99, Rig.STORE_PORT);
        guest = client();
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private MockStoreClient client() {
        return new MockStoreClient(Rig.guest(memory, JOURNAL) + XenstoreServer.STORE_GREF * 4096L, () -> {
            rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
            rig.settle();
        });
    }

    /** dom0 dies and comes back. */
    private void restart() {
        rig.close();
        rig = new Rig(memory, JOURNAL, dir).start();
        local = rig.store.local();
    }

    // ---- nodes ----

    @Test
    void writesAndReads() {
        assertEquals("OK\0", guest.ok(WRITE, 0, "data/a\0value"));
        assertEquals("value", guest.ok(READ, 0, HOME + "/data/a\0"));
        assertEquals("value", local.read(HOME + "/data/a"));
        assertEquals("OK\0", guest.ok(WRITE, 0, "data/a\0"));
        assertEquals("", guest.ok(READ, 0, "data/a\0"));
    }

    @Test
    void createsParentsThatTheCreatorOwns() {
        guest.ok(WRITE, 0, "data/x/y/z\0v");
        assertEquals("n7", local.perms(HOME + "/data/x/y").toString());
        assertEquals("x\0", guest.ok(DIRECTORY, 0, "data\0"));
        assertEquals("", guest.ok(DIRECTORY, 0, "data/x/y/z\0"));
    }

    @Test
    void listsChildrenInTheOrderOfTheirCreation() {
        for (final String name : List.of("zeta", "alpha", "mid")) {
            guest.ok(MKDIR, 0, "data/" + name + "\0");
        }
        assertEquals("zeta\0alpha\0mid\0", guest.ok(DIRECTORY, 0, "data\0"));
        final String part = guest.ok(DIRECTORY_PART, 0, "data\0" + "0\0");
        assertTrue(part.endsWith("\0zeta\0alpha\0mid\0\0"), part);
        assertTrue(guest.ok(DIRECTORY_PART, 0, "data\0" + "5\0").endsWith("\0alpha\0mid\0\0"));
    }

    @Test
    void aListTooLongForAMessageComesInParts() {
        for (int i = 0; i < 200; i++) {
            guest.ok(MKDIR, 0, "data/" + "name-of-thirty-characters-" + (1000 + i) + "\0");
        }
        assertEquals("E2BIG", guest.error(DIRECTORY, 0, "data\0"));
        final StringBuilder all = new StringBuilder();
        String part;
        do {
            part = guest.ok(DIRECTORY_PART, 0, "data\0" + all.length() + "\0");
            all.append(part.substring(part.indexOf('\0') + 1));
        } while (!part.endsWith("\0\0"));
        assertEquals(201, all.toString().split("\0", -1).length - 1);
    }

    @Test
    void removes() {
        guest.ok(WRITE, 0, "data/a/b\0v");
        guest.ok(RM, 0, "data/a\0");
        assertEquals("ENOENT", guest.error(READ, 0, "data/a/b\0"));
        assertEquals("OK\0", guest.ok(RM, 0, "data/a\0"));
        assertEquals("ENOENT", guest.error(RM, 0, "data/no/such\0"));
        assertEquals("EINVAL", guest.error(RM, 0, "/\0"));
    }

    @Test
    void anyDirectoryMessageOfBothKindsOfPathWorks() {
        local.write("/local/domain/7/domid", "7");
        assertEquals("7", guest.ok(READ, 0, "domid\0"));
        assertEquals("data\0domid\0", guest.ok(DIRECTORY, 0, HOME + "\0"));
        assertEquals(HOME + "\0", guest.ok(GET_DOMAIN_PATH, 0, "7\0"));
        assertEquals("T\0", guest.ok(IS_DOMAIN_INTRODUCED, 0, "7\0"));
        assertEquals("F\0", guest.ok(IS_DOMAIN_INTRODUCED, 0, "8\0"));
    }

    // ---- permissions ----

    @Test
    void enforcesPermissions() {
        assertEquals("EACCES", guest.error(WRITE, 0, HOME + "/name\0me"));
        assertEquals("EACCES", guest.error(READ, 0, "/local/domain/0/name\0"));
        assertEquals("EACCES", guest.error(READ, 0, "/local/domain/0/nothing\0"));
        assertEquals("ENOENT", guest.error(READ, 0, "nothing\0"));
        local.write("/w", "1", Perms.of("n0", "w7"));
        assertEquals("EACCES", guest.error(READ, 0, "/w\0"));
        guest.ok(WRITE, 0, "/w\0" + "2");
        local.write("/b", "1", Perms.of("b0"));
        guest.ok(WRITE, 0, "/b\0" + "2");
        assertEquals("2", guest.ok(READ, 0, "/b\0"));
        assertEquals("n7\0", guest.ok(GET_PERMS, 0, "data\0"));
    }

    @Test
    void onlyTheOwnerChangesPermissionsAndStaysOwner() {
        guest.ok(WRITE, 0, "data/a\0v");
        guest.ok(SET_PERMS, 0, "data/a\0n7\0r3\0");
        assertEquals("n7\0r3\0", guest.ok(GET_PERMS, 0, "data/a\0"));
        assertEquals("EPERM", guest.error(SET_PERMS, 0, "data/a\0n3\0"));
        assertEquals("EACCES", guest.error(SET_PERMS, 0, HOME + "\0n7\0"));
        assertEquals("EINVAL", guest.error(SET_PERMS, 0, "data/a\0x7\0"));
        assertEquals("EINVAL", guest.error(SET_PERMS, 0, "data/a\0n99999\0"));
        assertEquals("EINVAL", guest.error(SET_PERMS, 0, "data/a\0"));
    }

    @Test
    void administrationIsDom0s() {
        assertEquals("EACCES", guest.error(CONTROL, 0, "help\0"));
        assertEquals("EACCES", guest.error(INTRODUCE, 0, "8\0" + "1\0" + "1\0"));
        assertEquals("ENOSYS", guest.error(23, 0, "\0"));
        assertEquals("ENOSYS", guest.error(99, 0, "\0"));
        assertEquals("ENOSYS", guest.error(WATCH_EVENT, 0, "a\0b\0"));
    }

    // ---- watches ----

    @Test
    void watchesFireAtOnceAndForEveryChangeBelow() {
        guest.ok(WATCH, 0, "data\0tok\0");
        assertEquals("data tok", guest.event());
        assertNull(guest.event());
        guest.ok(WRITE, 0, "data/a\0v");
        assertEquals("data/a tok", guest.event());
        local.write(HOME + "/data/a", "w");
        assertEquals("data/a tok", guest.event());
        guest.ok(WRITE, 0, HOME + "/data/a\0x");
        assertEquals("data/a tok", guest.event());
        guest.ok(RM, 0, "data/a\0");
        assertEquals("data/a tok", guest.event());
        assertNull(guest.event());
        assertEquals("EEXIST", guest.error(WATCH, 0, "data\0tok\0"));
        assertEquals("ENOENT", guest.error(UNWATCH, 0, "data\0other\0"));
        guest.ok(UNWATCH, 0, "data\0tok\0");
        guest.ok(WRITE, 0, "data/a\0v");
        assertNull(guest.event());
    }

    @Test
    void anAbsoluteWatchShowsAbsolutePaths() {
        guest.ok(WATCH, 0, HOME + "/data\0t\0");
        assertEquals(HOME + "/data t", guest.event());
        guest.ok(WRITE, 0, "data/a\0v");
        assertEquals(HOME + "/data/a t", guest.event());
    }

    @Test
    void aWatchedNodeThatGoesWithItsParentFires() {
        guest.ok(WRITE, 0, "data/a/b\0v");
        guest.ok(WATCH, 0, "data/a/b\0t\0");
        assertEquals("data/a/b t", guest.event());
        guest.ok(RM, 0, "data/a\0");
        assertEquals("data/a/b t", guest.event());
        assertNull(guest.event());
    }

    @Test
    void eventsOfUnreadableNodesAreKeptBack() {
        guest.ok(WATCH, 0, "/local/domain/0\0t\0");
        assertEquals("/local/domain/0 t", guest.event());
        local.write("/local/domain/0/name", "changed");
        assertNull(guest.event());
    }

    @Test
    void resetDropsWatchesAndTransactions() {
        guest.ok(WATCH, 0, "data\0t\0");
        guest.event();
        final int tx = begin();
        guest.ok(RESET_WATCHES, 0, "\0");
        guest.ok(WRITE, 0, "data/a\0v");
        assertNull(guest.event());
        assertEquals("ENOENT", guest.error(READ, tx, "data/a\0"));
    }

    @Test
    void dom0sOwnWatchesFire() {
        final List<String> seen = new ArrayList<>();
        local.watch(HOME + "/data", "me", seen::add);
        rig.settle();
        guest.ok(WRITE, 0, "data/state\0" + "3");
        rig.settle();
        assertEquals(List.of(HOME + "/data", HOME + "/data/state"), seen);
        local.watch("@releaseDomain", "me", seen::add);
        rig.settle();
        rig.store.release(Rig.DOMID);
        rig.settle();
        assertEquals("@releaseDomain", seen.get(seen.size() - 1));
    }

    // ---- transactions ----

    private int begin() {
        final String id = guest.ok(TRANSACTION_START, 0, "\0");
        return Integer.parseInt(id.substring(0, id.length() - 1));
    }

    @Test
    void aTransactionIsSeenWhenItEnds() {
        final int tx = begin();
        guest.ok(WRITE, tx, "data/a\0v");
        assertEquals("v", guest.ok(READ, tx, "data/a\0"));
        assertEquals("ENOENT", guest.error(READ, 0, "data/a\0"));
        guest.ok(WATCH, 0, "data\0t\0");
        guest.event();
        guest.ok(TRANSACTION_END, tx, "T\0");
        assertEquals("v", guest.ok(READ, 0, "data/a\0"));
        assertEquals("data/a t", guest.event());
        assertNull(guest.event());
        assertEquals("ENOENT", guest.error(TRANSACTION_END, tx, "T\0"));
    }

    @Test
    void anAbandonedTransactionLeavesNothing() {
        final int tx = begin();
        guest.ok(WRITE, tx, "data/a\0v");
        guest.ok(RM, tx, "data\0");
        guest.ok(TRANSACTION_END, tx, "F\0");
        assertEquals("ENOENT", guest.error(READ, 0, "data/a\0"));
        assertEquals("", guest.ok(DIRECTORY, 0, "data\0"));
    }

    @Test
    void aConflictIsEagain() {
        guest.ok(WRITE, 0, "data/a\0" + "1");
        final int tx = begin();
        guest.ok(READ, tx, "data/a\0");
        guest.ok(WRITE, tx, "data/b\0x");
        local.write(HOME + "/data/a", "2");
        assertEquals("EAGAIN", guest.error(TRANSACTION_END, tx, "T\0"));
        assertEquals("ENOENT", guest.error(READ, 0, "data/b\0"));
        final int two = begin();
        assertEquals("ENOENT", guest.error(READ, two, "data/c\0"));
        local.write(HOME + "/data/c", "new");
        assertEquals("EAGAIN", guest.error(TRANSACTION_END, two, "T\0"));
    }

    @Test
    void removingAndCreatingInOneTransaction() {
        guest.ok(WRITE, 0, "data/a/old\0v");
        final int tx = begin();
        guest.ok(RM, tx, "data/a\0");
        guest.ok(WRITE, tx, "data/a/new\0w");
        assertEquals("new\0", guest.ok(DIRECTORY, tx, "data/a\0"));
        guest.ok(TRANSACTION_END, tx, "T\0");
        assertEquals("new\0", guest.ok(DIRECTORY, 0, "data/a\0"));
        assertEquals("ENOENT", guest.error(READ, 0, "data/a/old\0"));
    }

    @Test
    void nestedAndUnknownTransactionsAreRefused() {
        final int tx = begin();
        assertEquals("EBUSY", guest.error(TRANSACTION_START, tx, "\0"));
        assertEquals("ENOENT", guest.error(READ, tx + 17, "data\0"));
        assertEquals("EINVAL", guest.error(TRANSACTION_END, tx, "X\0"));
    }

    // ---- quotas ----

    @Test
    void quotasHold() {
        assertEquals("ENOSPC", guest.error(WRITE, 0, "data/big\0" + "x".repeat(2049)));
        for (int i = 0; i < 128; i++) {
            guest.ok(WATCH, 0, "data\0t" + i + "\0");
            guest.event();
        }
        assertEquals("E2BIG", guest.error(WATCH, 0, "data\0more\0"));
        for (int i = 0; i < 10; i++) {
            begin();
        }
        assertEquals("ENOSPC", guest.error(TRANSACTION_START, 0, "\0"));
        guest.ok(RESET_WATCHES, 0, "\0");
        String refusal = null;
        for (int i = 0; i < 1100 && refusal == null; i++) {
            final Message m = guest.call(WRITE, 0, "data/n" + i + "\0v");
            refusal = m.type() == ERROR ? m.text() : null;
        }
        assertEquals("ENOSPC\0", refusal);
        final int tx = begin();
        assertEquals("ENOSPC", guest.error(MKDIR, tx, "data/more\0"));
        local.write(HOME + "/dom0-may", "still");
    }

    @Test
    void aDomainCannotFillTheStoreWithLargeValues() {
        String refusal = null;
        for (int i = 0; i < 200 && refusal == null; i++) {
            final Message m = guest.call(WRITE, 0, "data/n" + i + "\0" + "x".repeat(2000));
            refusal = m.type() == ERROR ? m.text() : null;
        }
        assertEquals("ENOSPC\0", refusal);
        assertTrue(rig.store.counters().get("bytes") < 200_000);
    }

    @Test
    void transactionsAndWatchesAreBoundedInBytes() {
        final int tx = begin();
        String refusal = null;
        for (int i = 0; i < 10_000 && refusal == null; i++) {
            final Message m = guest.call(READ, tx, "data/" + "p".repeat(1000) + i + "\0");
            refusal = m.text().startsWith("ENOENT") ? null : m.text();
        }
        assertEquals("ENOSPC\0", refusal);
        guest.ok(TRANSACTION_END, tx, "F\0");
        final int again = begin();
        assertEquals("ENOENT", guest.error(READ, again, "data/x\0"));
        refusal = null;
        for (int i = 0; i < 100 && refusal == null; i++) {
            final Message m = guest.call(WATCH, 0, "data\0" + "t".repeat(1900) + i + "\0");
            guest.event();
            refusal = m.type() == ERROR ? m.text() : null;
        }
        assertEquals("E2BIG\0", refusal);
    }

    @Test
    void aFullStoreServesOnAndLetsThingsBeRemoved() throws Exception {
        rig.close();
        memory = TestMemory.allocate(Rig.bytes(JOURNAL));
        final Quotas d = Quotas.DEFAULT;
        rig = new Rig(memory, JOURNAL, dir, new Quotas(d.nodes(), d.nodeBytes(), d.ownedBytes(), d.watches(),
                d.transactions(), d.transactionBytes(), d.watchBytes(), d.backlog(), 10_000)).start();
        local = rig.store.local();
        local.mkdir(HOME + "/data", Perms.of("n7"));
        rig.store.introduce(Rig.DOMID, 1, 99, Rig.STORE_PORT);
        guest = client();
        int written = 0;
        while (guest.call(WRITE, 0, "data/n" + written + "\0" + "v".repeat(500)).type() != ERROR) {
            written++;
        }
        assertTrue(written > 10 && written < 20, "written " + written);
        assertEquals("ENOSPC", guest.error(WATCH, 0, "data\0" + "t".repeat(600) + "\0"));
        final List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            ids.add(guest.post(READ, 0, "data/n0\0"));
        }
        for (final int id : ids) {
            assertEquals(id, guest.next().request());
        }
        local.write("/dom0", "x".repeat(3000));
        guest.ok(RM, 0, "data/n0\0");
        guest.ok(RM, 0, "data/n1\0");
        local.remove("/dom0");
        guest.ok(WRITE, 0, "data/n0\0short");
    }

    // ---- bytes on the ring ----

    @Test
    void toleratesMessagesInPieces() {
        final byte[] m = message(WRITE, 5, 0, bytes("data/a\0piecemeal"));
        for (final byte b : m) {
            guest.send(new byte[]{b});
            rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
            rig.settle();
        }
        assertEquals(5, guest.next().request());
        assertEquals("piecemeal", local.read(HOME + "/data/a"));
    }

    @Test
    void takesAMessageLargerThanTheRing() {
        local.mkdir(HOME + "/data", Perms.of("n7"));
        assertEquals("ENOSPC", guest.error(WRITE, 0, "data/a\0" + "y".repeat(4000)));
        guest.ok(WRITE, 0, "data/a\0" + "y".repeat(2000));
        assertEquals("y".repeat(2000), guest.ok(READ, 0, "data/a\0"));
    }

    @Test
    void aBatchOfRequestsIsAnsweredInOrder() {
        final List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            ids.add(guest.post(WRITE, 0, "data/k" + i % 7 + "\0" + i));
        }
        for (final int id : ids) {
            assertEquals(id, guest.next().request());
        }
    }

    @Test
    void badPayloadsAreErrors() {
        assertEquals("EINVAL", guest.error(READ, 0, ""));
        assertEquals("EINVAL", guest.error(READ, 0, "data"));
        assertEquals("EINVAL", guest.error(READ, 0, "data\0data\0"));
        assertEquals("EINVAL", guest.error(READ, 0, "a//b\0"));
        assertEquals("EINVAL", guest.error(READ, 0, "a/\0"));
        assertEquals("EINVAL", guest.error(READ, 0, "sp ace\0"));
        assertEquals("EINVAL", guest.error(READ, 0, "\0"));
        assertEquals("EINVAL", guest.error(WRITE, 0, "nothing"));
        assertEquals("EINVAL", guest.error(WATCH, 0, "data\0"));
        assertEquals("EINVAL", guest.error(GET_DOMAIN_PATH, 0, "x\0"));
        assertEquals("EINVAL", guest.error(GET_DOMAIN_PATH, 0, "40000\0"));
        assertEquals("EINVAL", guest.error(READ, 0, "/" + "a".repeat(3072) + "\0"));
        assertEquals("EINVAL", guest.error(READ, 0, "a".repeat(2049) + "\0"));
    }

    @Test
    void anImpossibleLengthBreaksTheConnectionOnly() {
        guest.send(new byte[]{2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0, 0});
        rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
        rig.settle();
        assertEquals(XenstoreInterface.ERROR_PROTO, guest.connectionError());
        assertEquals(1, rig.store.counters().get("broken_connections"));
        local.write("/works", "on");
        local.commit();
        restart();
        assertEquals("on", local.read("/works"));
        rig.settle();
    }

    @Test
    void anImpossibleIndexBreaksTheConnectionOnly() {
        final long page = Rig.guest(memory, JOURNAL) + 4096;
        Raw.putInt(page + XenstoreInterface.REQ_PROD, 5000);
        rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
        rig.settle();
        assertEquals(XenstoreInterface.ERROR_RINGIDX, guest.connectionError());
    }

    @Test
    void aGuestThatDoesNotReadIsNotServed() {
        final String value = "v".repeat(900);
        guest.ok(WRITE, 0, "data/a\0" + value);
        final long page = Rig.guest(memory, JOURNAL) + 4096;
        final int before = Raw.getInt(page + XenstoreInterface.REQ_CONS);
        for (int round = 0; round < 200; round++) {
            final int prod = Raw.getInt(page + XenstoreInterface.REQ_PROD);
            final byte[] m = message(READ, 1, 0, bytes("data/a\0"));
            if (1024 - (prod - Raw.getInt(page + XenstoreInterface.REQ_CONS)) < m.length) {
                break;
            }
            for (int i = 0; i < m.length; i++) {
                Raw.putByte(page + (prod + i & 1023), m[i]);
            }
            Raw.putInt(page + XenstoreInterface.REQ_PROD, prod + m.length);
            rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
            rig.settle();
        }
        final int served = (Raw.getInt(page + XenstoreInterface.REQ_CONS) - before) / 23;
        assertTrue(served > 10 && served < 40, "served " + served);
        assertEquals(0, guest.connectionError());
    }

    @Test
    void theGuestIsNotifiedOfReplies() {
        rig.ports.takeSent(Rig.DOMID, Rig.STORE_PORT);
        guest.ok(READ, 0, "data\0");
        assertNotEquals(0, rig.ports.takeSent(Rig.DOMID, Rig.STORE_PORT));
    }

    // ---- lives ----

    @Test
    void everythingSurvivesDom0() {
        guest.ok(WATCH, 0, "data\0t\0");
        guest.event();
        guest.ok(WRITE, 0, "data/a\0v");
        guest.event();
        final int tx = begin();
        guest.ok(WRITE, tx, "data/b\0w");
        final byte[] half = message(WRITE, 77, tx, bytes("data/c\0x"));
        guest.send(java.util.Arrays.copyOf(half, 20));
        rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
        rig.settle();
        restart();
        guest.send(java.util.Arrays.copyOfRange(half, 20, half.length));
        assertEquals(77, guest.next().request());
        guest.ok(TRANSACTION_END, tx, "T\0");
        assertEquals("w", guest.ok(READ, 0, "data/b\0"));
        assertEquals("x", local.read(HOME + "/data/c"));
        assertEquals("data/b t", guest.event());
        assertEquals("data/c t", guest.event());
        assertEquals(tx + 1, begin());
    }

    @Test
    void everythingSurvivesCompaction() {
        guest.ok(WATCH, 0, "data/k0\0t\0");
        guest.event();
        final int tx = begin();
        guest.ok(WRITE, tx, "data/b\0w");
        for (int i = 0; rig.journal.compactions() < 3; i++) {
            guest.ok(READ, 0, "data\0");
            guest.ok(WRITE, 0, HOME + "/data/deep/k" + i % 50 + "\0" + "z".repeat(i % 300));
        }
        restart();
        assertEquals("ENOENT", guest.error(READ, 0, "data/b\0"));
        guest.ok(READ, tx, "data/b\0");
        guest.ok(WRITE, 0, "data/k0\0v");
        assertEquals("data/k0 t", guest.event());
        assertEquals(50, guest.ok(DIRECTORY, 0, "data/deep\0").split("\0").length);
    }

    @Test
    void aReleasedDomainIsForgotten() {
        rig.store.release(Rig.DOMID);
        rig.settle();
        assertEquals(0, rig.pages.pinned());
        assertEquals(0, rig.ports.open());
        restart();
        assertEquals(false, rig.store.isIntroduced(Rig.DOMID));
    }

    // ---- hostile guests ----

    /** Random messages, random tears, random ring words: terminates, and the rest of dom0 goes on. */
    @Test
    void survivesFuzzing() throws Exception {
        final long seed = Long.getLong("xenolith.seed", 7_2026L);
        final Random random = new Random(seed);
        final long page = Rig.guest(memory, JOURNAL) + 4096;
        for (int round = 0; round < 20_000; round++) {
            try {
                fuzzOnce(random, page);
            } catch (final RuntimeException | AssertionError e) {
                throw new AssertionError("seed=" + seed + " round=" + round, e);
            }
            if (guest.connectionError() != 0) {
                Raw.fill(page, 4096, (byte) 0);
                rig.store.introduce(Rig.DOMID, 1, 99, Rig.STORE_PORT);
            }
            if (round % 2_000 == 1_999) {
                restart();
            }
        }
        assertEquals("Domain-0", local.read("/local/domain/0/name"), "seed=" + seed);
        assertEquals("n0,r7", local.perms(HOME).toString(), "seed=" + seed);
    }

    private void fuzzOnce(final Random random, final long page) {
        final int kind = random.nextInt(100);
        if (kind < 3) {
            final int word = XenstoreInterface.REQ_CONS + 4 * random.nextInt(7);
            Raw.putInt(page + word, random.nextBoolean() ? random.nextInt() : random.nextInt(2000));
        } else {
            final byte[] payload = fuzzPayload(random);
            final byte[] m = message(random.nextInt(30), random.nextInt(), random.nextInt(4), payload);
            if (random.nextInt(50) == 0) {
                m[12 + random.nextInt(4)] = (byte) random.nextInt();
            }
            put(page, m, random.nextInt(20) == 0 ? random.nextInt(m.length + 1) : m.length);
        }
        Raw.putInt(page + XenstoreInterface.RSP_CONS, Raw.getInt(page + XenstoreInterface.RSP_PROD));
        rig.ports.raise(Rig.DOMID, Rig.STORE_PORT);
        rig.settle();
    }

    private static byte[] fuzzPayload(final Random random) {
        final String[] words = {"data", "/", "a", "b", "\0", "\0", "T", "F", "n7", "r0", "@introduceDomain", HOME,
                "..", " ", "x".repeat(random.nextInt(400)), "0", "1", "tok"};
        final StringBuilder s = new StringBuilder();
        for (int i = random.nextInt(8); i >= 0; i--) {
            s.append(words[random.nextInt(words.length)]);
            if (random.nextInt(3) == 0) {
                s.append(random.nextBoolean() ? '\0' : '/');
            }
        }
        if (random.nextInt(10) == 0) {
            s.append((char) random.nextInt(256));
        }
        return bytes(s.toString());
    }

    private static void put(final long page, final byte[] m, final int n) {
        final int prod = Raw.getInt(page + XenstoreInterface.REQ_PROD);
        for (int i = 0; i < n; i++) {
            Raw.putByte(page + (prod + i & 1023), m[i]);
        }
        Raw.putInt(page + XenstoreInterface.REQ_PROD, prod + n);
    }
}
