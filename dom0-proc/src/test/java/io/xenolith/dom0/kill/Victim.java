package io.xenolith.dom0.kill;

import io.xenolith.dom0.MockBlockFront;
import io.xenolith.dom0.Rig;
import io.xenolith.dom0.xenstore.LocalStore;
import io.xenolith.dom0.xenstore.Perms;
import io.xenolith.shm.Raw;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * dom0's back-ends over a file, so that they can be killed and succeeded. As a program it is the first life: it serves
 * until a kill point strikes. The test goes on in its own process.
 */
public final class Victim {
    /** Small, so that it is compacted often. */
    public static final long JOURNAL = 96 << 10;
    /** Keys queued to the guest at the start. */
    public static final int KEYS = 900;
    /** Command word: serve. */
    public static final int SERVE = 0;
    /** Command word: the domain is gone. */
    public static final int RELEASE = 1;

    private final Rig rig;
    private final long command;
    private final Path disk;
    private boolean released;

    private Victim(final long base, final Path dir) {
        command = base + Rig.bytes(JOURNAL);
        disk = dir.resolve("disk.img");
        rig = new Rig(base, JOURNAL, dir).start();
        setUp();
    }

    /** Maps the file and takes up what is in it. */
    static Victim over(final Path file) throws IOException {
        return new Victim(map(file), file.getParent());
    }

    static long map(final Path file) throws IOException {
        try (FileChannel ch = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return ch.map(FileChannel.MapMode.READ_WRITE, 0, bytes(), Arena.global()).address();
        }
    }

    static long bytes() {
        return Rig.bytes(JOURNAL) + 4096;
    }

    static byte[] keys() {
        final byte[] k = new byte[KEYS];
        for (int i = 0; i < KEYS; i++) {
            k[i] = (byte) ('!' + i % 90);
        }
        return k;
    }

    /** What the toolstack does, as far as a predecessor has not done it. */
    private void setUp() {
        final LocalStore s = rig.store.local();
        if (Raw.getInt(command) != SERVE) {
            return;
        }
        try {
            if (!rig.store.isIntroduced(Rig.DOMID)) {
                s.mkdir("/local/domain/7", Perms.of("n0", "r7"));
                s.mkdir("/local/domain/7/data", Perms.of("n7"));
                MockBlockFront.createNodes(s, disk.toString(), "w");
                rig.store.introduce(Rig.DOMID, 1, 99, Rig.STORE_PORT);
            }
            if (rig.console.log(Rig.DOMID) == null) {
                rig.console.connect(Rig.DOMID, 1, "victim", Rig.CONSOLE_PORT, true);
            }
            rig.console.input(Rig.DOMID, keys(), 5, true);
        } catch (final Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** One turn; every channel of the guest counts as raised. */
    void turn() {
        if (Raw.getInt(command) == RELEASE && !released) {
            rig.console.disconnect(Rig.DOMID);
            rig.blocks.domainGone(Rig.DOMID);
            rig.store.release(Rig.DOMID);
            rig.store.local().remove("/local/domain/7");
            rig.cells.release(Rig.DOMID);
            released = true;
        }
        rig.ports.raiseAll();
        rig.turn();
    }

    Rig rig() {
        return rig;
    }

    /** @param args the file */
    public static void main(final String[] args) throws IOException {
        final Victim v = over(Path.of(args[0]));
        final long end = System.nanoTime() + 60_000_000_000L;
        while (System.nanoTime() < end) {
            v.turn();
        }
        System.exit(3);
    }
}
