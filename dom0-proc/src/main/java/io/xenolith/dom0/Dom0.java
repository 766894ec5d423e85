package io.xenolith.dom0;

import io.xenolith.dom0.blkback.BlockBackend;
import io.xenolith.dom0.blkback.BlockWorkers;
import io.xenolith.dom0.builder.DomainBuilder;
import io.xenolith.dom0.console.ConsoleBackend;
import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.dom0.durable.Journal;
import io.xenolith.dom0.durable.RingRecords;
import io.xenolith.dom0.toolstack.Operations;
import io.xenolith.dom0.toolstack.Request;
import io.xenolith.dom0.toolstack.SlotServer;
import io.xenolith.dom0.toolstack.Toolstack;
import io.xenolith.dom0.xenstore.Quotas;
import io.xenolith.dom0.xenstore.XenstoreServer;
import io.xenolith.hv.control.DomainInfo;
import io.xenolith.hv.control.Domctl;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.hv.control.MailboxClient;
import io.xenolith.hv.event.Events;
import io.xenolith.hv.event.Virq;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * dom0 at work: all its parts, and the one loop in which they take turns.
 *
 * <p>The loop parks on dom0's doorbell, which event channels ring, and block workers and the toolstack's threads too.
 * Nothing in it waits for a disk.
 */
final class Dom0 implements HostLoop {
    private static final int SECTION_STORE = 1;
    private static final int SECTION_CONSOLE = 2;
    private static final int SECTION_TOOLSTACK = 3;
    private static final int BLOCK_THREADS = 4;
    private static final long WATCH_NS = 1_000_000_000L;
    private static final long SOON_NS = 5_000_000L;
    private static final long MOST_IDLE_NS = 160_000_000L;
    private static final long STOP_NS = 20_000_000L;

    private final Machine machine;
    private final Runnable watchHypervisor;
    private final Events events;
    private final HvPorts ports;
    private final HvPages pages;
    private final Domctl domctl;
    private final DomainCells cells;
    private final Journal journal;
    private final XenstoreServer xenstore;
    private final ConsoleBackend console;
    private final BlockBackend blocks;
    private final Toolstack toolstack;
    private final Operations operations;
    private final SlotServer slots;

    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final List<Wait> waits = new ArrayList<>();
    private long nextWatch;
    private long idle;

    /** A condition somebody waits for. */
    private record Wait(BooleanSupplier condition, long deadline, Consumer<Boolean> then) { }

    /** @param watchHypervisor called about once a second; restarts the hypervisor's process if it is dead */
    Dom0(final Machine machine, final Runnable watchHypervisor) throws DomctlException {
        this.machine = machine;
        this.watchHypervisor = watchHypervisor;
        final MailboxClient mailbox = new MailboxClient(machine, 0, watchHypervisor);
        events = new Events(machine, 0, mailbox);
        ports = new HvPorts(machine, events);
        pages = new HvPages(new GrantPins(machine, 0));
        domctl = new Domctl(machine, mailbox);
        final DurableMemory memory = DurableMemory.open(machine, mailbox);
        journal = new Journal(memory.journal(), memory.journalBytes());
        cells = new DomainCells(memory.cells());
        final RingRecords records = new RingRecords(memory.records(), memory.recordBytes());
        xenstore = new XenstoreServer(journal, SECTION_STORE, cells, ports, pages, Quotas.DEFAULT);
        console = new ConsoleBackend(journal, SECTION_CONSOLE, cells, ports, pages, machine.dir().console(),
                this::whilePaused);
        blocks = new BlockBackend(xenstore.local(), ports, pages, records, new BlockWorkers(BLOCK_THREADS, events::wake),
                this::width);
        toolstack = new Toolstack(journal, SECTION_TOOLSTACK, new Toolstack.Services(domctl,
                new DomainBuilder(machine, domctl), xenstore, console, blocks, cells, this));
        operations = new Operations(machine, toolstack);
        slots = new SlotServer(machine, this::requested);
    }

    /** Takes up everything that a predecessor was doing; on a new machine there is nothing. */
    void start() throws DomctlException {
        journal.recover();
        endPauses();
        domctl.repeatPauses();
        xenstore.attach();
        console.attach();
        blocks.start();
        pages.recovered();
        ports.bindVirq(Virq.DOM_EXC, toolstack::lookAtDomains);
        toolstack.start();
        ports.closeOthers();
        journal.commit();
        slots.start();
    }

    /** Runs until the machine is switched off. */
    void run() {
        while (Raw.getIntVolatile(machine.hv().header() + Header.POWER) != Header.POWER_GOING_DOWN) {
            final int seen = events.seen();
            if (turn() == 0) {
                events.await(seen, patience());
            } else {
                idle = 0;
            }
        }
        slots.stop();
    }

    private int turn() {
        int work = ports.poll();
        work += runPosted();
        work += xenstore.poll();
        work += xenstore.dispatchLocal();
        work += console.poll();
        work += blocks.poll();
        work += lookAtWaits();
        work += watch();
        journal.commit();
        return work;
    }

    private int runPosted() {
        int work = 0;
        for (Runnable r = posted.poll(); r != null; r = posted.poll()) {
            r.run();
            work++;
        }
        return work;
    }

    private int lookAtWaits() {
        int work = 0;
        final long now = System.nanoTime();
        for (final Wait w : waits.toArray(Wait[]::new)) {
            final boolean holds = w.condition().getAsBoolean();
            if (holds || now - w.deadline() >= 0) {
                waits.remove(w);
                w.then().accept(holds);
                work++;
            }
        }
        return work;
    }

    /** A death may go unnoticed when the one who should tell of it died too. */
    private int watch() {
        if (System.nanoTime() - nextWatch >= 0) {
            nextWatch = System.nanoTime() + WATCH_NS;
            watchHypervisor.run();
            toolstack.lookAtDomains();
        }
        return 0;
    }

    private long patience() {
        if (!posted.isEmpty() || blocks.hasWork()) {
            return 0;
        }
        if (!waits.isEmpty()) {
            return SOON_NS;
        }
        // A guest that polls its console takes keys without telling; one that does not read is asked less and less.
        idle = console.hasUndelivered() ? Math.min(MOST_IDLE_NS, Math.max(SOON_NS, idle * 2)) : 0;
        return idle == 0 ? WATCH_NS : idle;
    }

    // ---- for the parts ----

    @Override
    public void post(final Runnable r) {
        posted.add(r);
        events.wake();
    }

    @Override
    public void until(final BooleanSupplier condition, final long timeoutNs, final Consumer<Boolean> then) {
        waits.add(new Wait(condition, System.nanoTime() + timeoutNs, then));
    }

    private void requested(final Request r) {
        post(() -> operations.run(r));
    }

    private int width(final int domid) {
        final DomainInfo d = domctl.info(domid);
        return d != null && d.bits64() ? 64 : 32;
    }

    /** Stops a domain for a moment. It stands at a block end then, so it is in no comparison of two indices. */
    private boolean whilePaused(final int domid, final Runnable action) {
        final DomainInfo before = domctl.info(domid);
        if (before == null) {
            return false;
        }
        cells.setPausing(domid, before.pauseCount());
        try {
            domctl.pause(domid);
        } catch (final DomctlException e) {
            cells.setPausing(domid, -1);
            return false;
        }
        try {
            final long end = System.nanoTime() + STOP_NS;
            while (runs(domid)) {
                if (System.nanoTime() - end >= 0) {
                    return false;
                }
                Doorbell.await(events.doorbell(), events.seen(), 50_000);
            }
            action.run();
            return true;
        } finally {
            unpause(domid);
            cells.setPausing(domid, -1);
        }
    }

    /** Lets domains go on that a predecessor had stopped for a moment when it died. */
    private void endPauses() {
        for (final DomainInfo d : domctl.list()) {
            final int before = cells.pausing(d.domid());
            if (d.domid() != 0 && before >= 0) {
                if (d.pauseCount() > before) {
                    unpause(d.domid());
                }
                cells.setPausing(d.domid(), -1);
            }
        }
    }

    private boolean runs(final int domid) {
        final DomainInfo d = domctl.info(domid);
        return d != null && d.running();
    }

    private void unpause(final int domid) {
        try {
            domctl.unpause(domid);
        } catch (final DomctlException e) {
            // It died meanwhile.
        }
    }
}
