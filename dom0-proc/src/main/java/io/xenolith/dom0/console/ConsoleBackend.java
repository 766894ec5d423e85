package io.xenolith.dom0.console;

import io.xenolith.dom0.EventPorts;
import io.xenolith.dom0.GrantedPages;
import io.xenolith.dom0.durable.ByteSource;
import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.dom0.durable.Journal;
import io.xenolith.shm.KillPoint;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The consoles of all domains. Output goes to a log file per domain, input waits in a durable queue until the domain
 * has room for it.
 *
 * <p>Kills: output is in the file before its position is recorded, and a successor cuts the file back to the
 * recorded length, so nothing is lost or doubled; input leaves the queue when its position is recorded, after it is
 * in the ring and before the guest sees it.
 *
 * <p>GRUB reads its input ring with an index that it does not wrap (pv-abi notes, 9.2): after 1024 keys it would
 * read beyond. For such a guest the indices never pass 1024; when it has read everything, both go back to 0,
 * while it is paused.
 */
public final class ConsoleBackend implements Journal.Section {
    /** The grant reference under which every domain finds its console page granted to dom0. */
    public static final int CONSOLE_GREF = 0;
    /** Most keys that wait for one domain. */
    public static final int MAX_QUEUED = 4 << 10;

    private static final int ADD = 1;
    private static final int REMOVE = 2;
    private static final int INPUT = 3;
    private static final int POSITION = 4;
    private static final int REWIND_FROM = ConsolePage.IN_SIZE / 2;

    /** Runs something while a domain stands still. */
    @FunctionalInterface
    public interface Pauser {
        /**
         * @return false when the domain could not be stopped; {@code action} has not run then
         */
        boolean whilePaused(int domid, Runnable action);
    }

    /** One domain's console. */
    private static final class Console {
        private final int domid;
        private final int incarnation;
        private final int remotePort;
        private final boolean rewinds;
        private final String logName;
        private final long start;
        private final InputQueue input = new InputQueue();
        private ConsoleLog log;
        private GrantedPages.Page granted;
        private ConsolePage page;
        private int port;
        private int outCons;
        private int inProd;
        private long nonsense;
        private long request = -1;
        private int requestTaken;

        Console(final int domid, final int incarnation, final int remotePort, final boolean rewinds,
                final String logName, final long start) {
            this.domid = domid;
            this.incarnation = incarnation;
            this.remotePort = remotePort;
            this.rewinds = rewinds;
            this.logName = logName;
            this.start = start;
        }
    }

    private final Journal journal;
    private final int section;
    private final DomainCells cells;
    private final EventPorts ports;
    private final GrantedPages pages;
    private final Path directory;
    private final Pauser pauser;
    private final Map<Integer, Console> consoles = new TreeMap<>();
    private final Set<Console> due = new LinkedHashSet<>();
    private final byte[] scratch = new byte[ConsolePage.OUT_SIZE];

    /** @param directory where the logs lie */
    public ConsoleBackend(final Journal journal, final int section, final DomainCells cells, final EventPorts ports,
                          final GrantedPages pages, final Path directory, final Pauser pauser) {
        this.journal = journal;
        this.section = section;
        this.cells = cells;
        this.ports = ports;
        this.pages = pages;
        this.directory = directory;
        this.pauser = pauser;
        journal.register(section, this);
    }

    // ---- domains ----

    /** After the journal's recovery: takes up the consoles that a predecessor had. */
    public void attach() {
        for (final Console c : consoles.values().toArray(Console[]::new)) {
            try {
                open(c);
            } catch (final GrantedPages.RefusedException | EventPorts.PortException e) {
                remove(c.domid);
            }
        }
    }

    /**
     * Connects a domain's console.
     *
     * @param name    of the domain; names the log
     * @param rewinds whether the guest reads input with GRUB's unwrapped index
     * @throws GrantedPages.RefusedException when the page is not granted
     * @throws EventPorts.PortException      when the port is not offered
     */
    public void connect(final int domid, final int incarnation, final String name, final int remotePort,
                        final boolean rewinds) throws GrantedPages.RefusedException, EventPorts.PortException {
        disconnect(domid);
        cells.claim(domid, incarnation);
        final String logName = "guest-" + name + ".log";
        final ConsoleLog log = new ConsoleLog(directory.resolve(logName));
        cells.setConsoleOut(domid, 0, log.length());
        cells.setConsoleIn(domid, 0, 0);
        final long start = log.length();
        log.close();
        final Console c = new Console(domid, incarnation, remotePort, rewinds, logName, start);
        open(c);
        consoles.put(domid, c);
        record(c);
        journal.commit();
    }

    private void record(final Console c) {
        journal.begin(section).putByte(ADD).putInt(c.domid).putInt(c.incarnation).putInt(c.remotePort)
                .putByte(c.rewinds ? 1 : 0).putString(c.logName).putLong(c.start);
        journal.end();
    }

    private void open(final Console c) throws GrantedPages.RefusedException, EventPorts.PortException {
        c.granted = pages.pin(c.domid, CONSOLE_GREF, true);
        try {
            c.port = ports.bind(c.domid, c.remotePort, () -> due.add(c));
        } catch (final EventPorts.PortException e) {
            c.granted.release();
            throw e;
        }
        c.page = new ConsolePage(c.granted.address());
        c.log = new ConsoleLog(directory.resolve(c.logName));
        c.log.truncateTo(cells.consoleLogLength(c.domid));
        c.outCons = cells.consoleOutCons(c.domid);
        c.inProd = cells.consoleInProd(c.domid);
        c.input.skipTo(cells.consoleInTaken(c.domid));
        c.page.publishOutCons(c.outCons);
        final int shown = c.page.inProd();
        if (c.rewinds && c.inProd == 0 && shown != 0) {
            // A predecessor died between recording a rewind and doing it.
            pauser.whilePaused(c.domid, () -> c.page.rewind(shown));
        } else {
            c.page.publishInProd(c.inProd);
        }
        due.add(c);
        ports.send(c.port);
    }

    /** Disconnects a domain's console after taking what it still printed. */
    public void disconnect(final int domid) {
        final Console c = consoles.get(domid);
        if (c == null) {
            return;
        }
        takeOutput(c);
        remove(domid);
        due.remove(c);
        ports.close(c.port);
        c.granted.release();
        c.log.close();
    }

    private void remove(final int domid) {
        consoles.remove(domid);
        journal.begin(section).putByte(REMOVE).putInt(domid);
        journal.end();
        journal.commit();
    }

    /** The log of a domain's console, or null when it has none. */
    public Path log(final int domid) {
        final Console c = consoles.get(domid);
        return c == null ? null : c.log.path();
    }

    /** Length of the log when the domain began. */
    public long logStart(final int domid) {
        final Console c = consoles.get(domid);
        return c == null ? 0 : c.start > c.log.length() ? 0 : c.start;
    }

    // ---- input ----

    /**
     * Queues keys to a domain.
     *
     * @param request which request brings them; the part of it that was queued is durable together with the keys
     * @param again   true when the request may have been begun by a predecessor: what that had queued is skipped
     * @return how many were taken, or were taken before; fewer when the queue is full, -1 when the domain has no
     *         console
     */
    public int input(final int domid, final byte[] keys, final long request, final boolean again) {
        final Console c = consoles.get(domid);
        if (c == null) {
            return -1;
        }
        if (again && c.request == request) {
            return Math.min(keys.length, c.requestTaken);
        }
        final int n = Math.min(keys.length, MAX_QUEUED - c.input.size());
        if (n > 0) {
            final byte[] taken = java.util.Arrays.copyOf(keys, n);
            journal.begin(section).putByte(INPUT).putInt(domid).putLong(request).putBytes(taken);
            journal.end();
            redoInput(c, request, taken);
            journal.commit();
            due.add(c);
        }
        return Math.max(0, n);
    }

    private static void redoInput(final Console c, final long request, final byte[] taken) {
        c.requestTaken = c.request == request ? c.requestTaken + taken.length : taken.length;
        c.request = request;
        c.input.append(taken);
    }

    // ---- the main loop's turns ----

    /** @return what was done: consoles that moved something */
    public int poll() {
        int work = 0;
        for (final Console c : due.toArray(Console[]::new)) {
            due.remove(c);
            final boolean out = takeOutput(c);
            final boolean in = deliver(c);
            if (out || in) {
                ports.send(c.port);
                work++;
            }
        }
        return work;
    }

    private boolean takeOutput(final Console c) {
        boolean moved = false;
        for (int n = waiting(c); n > 0; n = waiting(c)) {
            c.page.copyOut(c.outCons, scratch, n);
            c.log.append(scratch, n);
            c.outCons += n;
            cells.setConsoleOut(c.domid, c.outCons, c.log.length());
            KillPoint.hit(KillPoint.DOM0_CONSOLE_OUT_CONS);
            c.page.publishOutCons(c.outCons);
            moved = true;
        }
        return moved;
    }

    private static int waiting(final Console c) {
        final int n = c.page.outProd() - c.outCons;
        if (n < 0 || n > ConsolePage.OUT_SIZE) {
            c.nonsense++;
            return 0;
        }
        return n;
    }

    private boolean deliver(final Console c) {
        if (c.input.size() == 0) {
            return false;
        }
        if (c.rewinds && c.inProd >= REWIND_FROM) {
            rewind(c);
        }
        final int unread = c.inProd - c.page.inCons();
        if (unread < 0 || unread > ConsolePage.IN_SIZE) {
            c.nonsense++;
            return false;
        }
        final int room = c.rewinds
                ? ConsolePage.IN_SIZE - c.inProd : ConsolePage.IN_SIZE - unread;
        final int n = Math.min(room, c.input.size());
        if (n <= 0) {
            return false;
        }
        c.input.peek(scratch, n);
        c.page.copyIn(c.inProd, scratch, n);
        c.input.drop(n);
        c.inProd += n;
        cells.setConsoleIn(c.domid, c.input.position(), c.inProd);
        KillPoint.hit(KillPoint.DOM0_CONSOLE_IN_PROD);
        c.page.publishInProd(c.inProd);
        return true;
    }

    private void rewind(final Console c) {
        if (c.page.inCons() != c.inProd) {
            return;
        }
        pauser.whilePaused(c.domid, () -> {
            if (c.page.inCons() == c.inProd) {
                cells.setConsoleIn(c.domid, c.input.position(), 0);
                if (c.page.rewind(c.inProd)) {
                    c.inProd = 0;
                } else {
                    cells.setConsoleIn(c.domid, c.input.position(), c.inProd);
                }
            }
        });
    }

    /**
     * Looks at consoles whose guests took input without telling: GRUB never rings for that.
     *
     * @return true when some console still has keys for its guest
     */
    public boolean hasUndelivered() {
        boolean some = false;
        for (final Console c : consoles.values()) {
            if (c.input.size() > 0) {
                due.add(c);
                some = true;
            }
        }
        return some;
    }

    // ---- journal ----

    @Override
    public void replay(final ByteSource e) {
        final int kind = e.getByte();
        final int domid = e.getInt();
        switch (kind) {
            case ADD -> consoles.put(domid, new Console(domid, e.getInt(), e.getInt(), e.getByte() != 0,
                    e.getString(), e.getLong()));
            case REMOVE -> consoles.remove(domid);
            case INPUT -> redoInput(consoles.get(domid), e.getLong(), e.getBytes());
            case POSITION -> {
                final Console c = consoles.get(domid);
                c.input.startAt(e.getInt());
                c.input.append(e.getBytes());
                c.request = e.getLong();
                c.requestTaken = e.getInt();
            }
            default -> throw new IllegalStateException("unknown journal entry of the console: kind=" + kind);
        }
    }

    @Override
    public void snapshot(final Journal to) {
        for (final Console c : consoles.values()) {
            record(c);
            to.begin(section).putByte(POSITION).putInt(c.domid).putInt(c.input.position()).putBytes(c.input.toArray())
                    .putLong(c.request).putInt(c.requestTaken);
            to.end();
        }
    }
}
