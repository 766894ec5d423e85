package io.xenolith.dom0;

import io.xenolith.dom0.blkback.BlockBackend;
import io.xenolith.dom0.blkback.BlockWorkers;
import io.xenolith.dom0.console.ConsoleBackend;
import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.dom0.durable.Journal;
import io.xenolith.dom0.durable.RingRecords;
import io.xenolith.dom0.xenstore.Quotas;
import io.xenolith.dom0.xenstore.XenstoreServer;

import java.nio.file.Path;

/**
 * dom0's back-ends over plain memory, with one guest whose pages lie behind them. A second rig on the same memory is
 * the successor of the first.
 */
public final class Rig implements AutoCloseable {
    /** The guest. */
    public static final int DOMID = 7;
    /** Guest's port of its xenstore channel. */
    public static final int STORE_PORT = 1;
    /** Guest's port of its console channel. */
    public static final int CONSOLE_PORT = 2;
    /** Pages of the guest. */
    public static final int PAGES = 64;

    private static final long RECORD_BYTES = 64 * 4096;

    public final Journal journal;
    public final DomainCells cells;
    public final RingRecords records;
    public final MockPorts ports = new MockPorts();
    public final MockPages pages;
    public final XenstoreServer store;
    public final ConsoleBackend console;
    public final BlockBackend blocks;
    private final BlockWorkers workers;

    /**
     * @param base    of {@link #bytes} bytes, zero for a first rig
     * @param journal bytes of the journal
     * @param dir     for console logs
     */
    public Rig(final long base, final long journal, final Path dir) {
        this(base, journal, dir, Quotas.DEFAULT);
    }

    public Rig(final long base, final long journalBytes, final Path dir, final Quotas quotas) {
        journal = new Journal(base, journalBytes);
        cells = new DomainCells(base + journalBytes);
        records = new RingRecords(base + journalBytes + DomainCells.BYTES, RECORD_BYTES);
        pages = new MockPages(guest(base, journalBytes), PAGES);
        store = new XenstoreServer(journal, 1, cells, ports, pages, quotas);
        console = new ConsoleBackend(journal, 2, cells, ports, pages, dir, (domid, action) -> {
            action.run();
            return true;
        });
        workers = new BlockWorkers(2, () -> { });
        blocks = new BlockBackend(store.local(), ports, pages, records, workers, domid -> 32);
    }

    /** Bytes of memory for a rig. */
    public static long bytes(final long journal) {
        return journal + DomainCells.BYTES + RECORD_BYTES + PAGES * 4096L;
    }

    /** Address of the guest's page 0. */
    public static long guest(final long base, final long journal) {
        return base + journal + DomainCells.BYTES + RECORD_BYTES;
    }

    /** Takes up what is there. */
    public Rig start() {
        journal.recover();
        store.attach();
        console.attach();
        blocks.start();
        journal.commit();
        return this;
    }

    /** One turn of the main loop. */
    public int turn() {
        int work = store.poll();
        work += store.dispatchLocal();
        work += console.poll();
        work += blocks.poll();
        journal.commit();
        console.hasUndelivered();
        return work;
    }

    /** Turns until nothing happens any more; jobs with workers are not waited for. */
    public void settle() {
        for (int i = 0; turn() > 0; i++) {
            if (i > 100_000) {
                throw new AssertionError("does not come to rest");
            }
        }
    }

    /** Turns until a condition holds. */
    public void until(final java.util.function.BooleanSupplier condition) {
        final long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            turn();
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain");
            }
        }
    }

    @Override
    public void close() {
        workers.close();
    }
}
