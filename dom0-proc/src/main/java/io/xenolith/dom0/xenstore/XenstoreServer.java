package io.xenolith.dom0.xenstore;

import io.xenolith.dom0.EventPorts;
import io.xenolith.dom0.GrantedPages;
import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.dom0.durable.Journal;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.abi.XenstoreInterface;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The store's server: moves requests out of the domains' rings into the {@link RequestHandler} and replies and
 * events back.
 *
 * <p>What makes a kill harmless: a request's effects, its reply and the ring position behind it are committed to
 * the journal as one batch; only then req_cons moves. A successor publishes the committed position again. Replies
 * leave the journal's queue for the ring bytes first, then the private rsp_prod (a {@link DomainCells} word), then
 * the shared one; a successor writes again what the private word does not cover.
 *
 * <p>A domain that does not read its replies is not served until it does; one whose indices or lengths cannot be
 * true gets its connection marked with an error and is ignored from then on.
 */
public final class XenstoreServer {
    /** The grant reference under which every domain finds its xenstore page granted to dom0. */
    public static final int STORE_GREF = 1;

    private static final int ERROR_COMMUNICATION = XenstoreInterface.ERROR_COMM;
    private static final int ERROR_RING_INDEX = XenstoreInterface.ERROR_RINGIDX;
    private static final int ERROR_PROTOCOL = XenstoreInterface.ERROR_PROTO;
    private static final int REQUESTS_PER_TURN = 32;

    /** What connects a domain in this process; its durable part is the {@link Connection}. */
    private static final class Endpoint {
        private final Connection connection;
        private final GrantedPages.Page page;
        private final StoreRing ring;
        private int port;

        Endpoint(final Connection connection, final GrantedPages.Page page) {
            this.connection = connection;
            this.page = page;
            this.ring = new StoreRing(page.address());
        }
    }

    private final Journal journal;
    private final DomainCells cells;
    private final EventPorts ports;
    private final GrantedPages pages;
    private final StoreState state;
    private final Store store;
    private final RequestHandler handler;
    private final DirectStore local;
    private final Map<Integer, Endpoint> endpoints = new HashMap<>();
    private final Set<Endpoint> due = new LinkedHashSet<>();
    private final Assembly message = new Assembly();
    private final byte[] scratch = new byte[StoreRing.SIZE];
    private long broken;

    /**
     * @param journal section {@code section} of it is the store's; recovered by the caller before {@link #attach}
     */
    public XenstoreServer(final Journal journal, final int section, final DomainCells cells, final EventPorts ports,
                          final GrantedPages pages, final Quotas quotas) {
        this.journal = journal;
        this.cells = cells;
        this.ports = ports;
        this.pages = pages;
        this.state = new StoreState(journal, section);
        this.store = new Store(state, quotas);
        this.handler = new RequestHandler(store);
        this.local = new DirectStore(store, journal);
    }

    /** The store for dom0's own parts. */
    public LocalStore local() {
        return local;
    }

    // ---- domains ----

    /** After the journal's recovery: takes up the connections that a predecessor had. */
    public void attach() {
        for (final Connection c : state.connections().toArray(Connection[]::new)) {
            try {
                open(c);
            } catch (final GrantedPages.RefusedException | EventPorts.PortException e) {
                fail(c, null, ERROR_COMMUNICATION);
            }
        }
    }

    /**
     * Connects a domain: its page is granted under {@link #STORE_GREF}.
     *
     * @param mfn        machine frame of the page, for the record
     * @param remotePort the domain's end of the channel
     * @throws GrantedPages.RefusedException when the page is not granted
     * @throws EventPorts.PortException      when the port is not offered
     */
    public void introduce(final int domid, final int incarnation, final long mfn, final int remotePort)
            throws GrantedPages.RefusedException, EventPorts.PortException {
        release(domid);
        cells.claim(domid, incarnation);
        cells.setStoreOut(domid, 0);
        final Connection c = state.connect(domid, incarnation, mfn, remotePort);
        try {
            open(c);
        } catch (final GrantedPages.RefusedException | EventPorts.PortException e) {
            state.disconnect(domid);
            throw e;
        }
        store.fireSpecial(Store.INTRODUCED);
        journal.commit();
    }

    private void open(final Connection c) throws GrantedPages.RefusedException, EventPorts.PortException {
        c.out.skipTo(cells.storeOut(c.domid()));
        final Endpoint e = new Endpoint(c, pages.pin(c.domid(), STORE_GREF, true));
        try {
            e.port = ports.bind(c.domid(), c.remotePort(), () -> due.add(e));
        } catch (final EventPorts.PortException x) {
            e.page.release();
            throw x;
        }
        endpoints.put(c.domid(), e);
        e.ring.publishReqCons(c.reqCons);
        e.ring.publishRspProd(c.out.position());
        due.add(e);
        ports.send(e.port);
    }

    /** Disconnects a domain, if it is connected. Its nodes stay; removing them is the toolstack's business. */
    public void release(final int domid) {
        final Endpoint e = endpoints.remove(domid);
        if (e != null) {
            due.remove(e);
            ports.close(e.port);
            e.page.release();
        }
        if (state.connection(domid) != null) {
            state.disconnect(domid);
            store.fireSpecial(Store.RELEASED);
            journal.commit();
        }
    }

    /** True when the domain is connected. */
    public boolean isIntroduced(final int domid) {
        return state.connection(domid) != null;
    }

    // ---- the main loop's turns ----

    /**
     * Serves every domain that rang, a bounded number of requests each.
     *
     * @return what was done: requests and transfers
     */
    public int poll() {
        int work = 0;
        for (final Endpoint e : due.toArray(Endpoint[]::new)) {
            due.remove(e);
            work += serve(e);
        }
        return work;
    }

    /** Calls the handlers of dom0's own watches, those included that the calls themselves make fire. */
    public int dispatchLocal() {
        int work = 0;
        for (Store.LocalEvent e = store.nextLocalEvent(); e != null; e = store.nextLocalEvent()) {
            e.watch().handler().changed(e.path());
            work++;
        }
        journal.commit();
        flushAll();
        return work;
    }

    private void flushAll() {
        for (final Endpoint e : endpoints.values()) {
            if (e.connection.out.size() > 0 && flush(e)) {
                ports.send(e.port);
            }
        }
    }

    private int serve(final Endpoint e) {
        if (e.connection.error != 0) {
            return 0;
        }
        boolean progress = flush(e);
        final int handled = receive(e);
        progress |= flush(e);
        if (progress || handled > 0) {
            ports.send(e.port);
        }
        if (handled > 0 && e.connection.error == 0 && e.connection.out.size() == 0
                && e.ring.requested(e.connection.reqCons) != 0) {
            // We stopped for the sake of the queue, which is empty now; the guest has no reason to ring again.
            due.add(e);
        }
        return handled + (progress ? 1 : 0);
    }

    // ---- requests ----

    private int receive(final Endpoint e) {
        final Connection c = e.connection;
        message.set(c.partial);
        int kept = message.size();
        int at = c.reqCons;
        int handled = 0;
        final int backlog = store.isTight(0) ? 0 : store.quotas().backlog();
        while (handled < REQUESTS_PER_TURN && c.out.size() <= backlog) {
            final int there = e.ring.requested(at);
            if (there < 0 || there > StoreRing.SIZE) {
                fail(c, e, ERROR_RING_INDEX);
                return handled;
            }
            final int take = Math.min(there, message.missing());
            e.ring.copyRequest(at, scratch, take);
            message.add(scratch, take);
            at += take;
            if (message.isTooLong()) {
                fail(c, e, ERROR_PROTOCOL);
                return handled;
            }
            if (message.missing() > 0 && take == there) {
                break;
            }
            if (message.missing() == 0) {
                complete(e, at);
                kept = 0;
                handled++;
            }
        }
        if (message.size() > kept) {
            keepPartial(e, kept, at);
        }
        if (handled == REQUESTS_PER_TURN) {
            due.add(e);
        }
        return handled;
    }

    private void complete(final Endpoint e, final int at) {
        handler.handle(e.connection, message.from(0));
        message.clear();
        state.done(e.connection, at);
        journal.commit();
        KillPoint.hit(KillPoint.DOM0_STORE_REQ_CONS);
        e.ring.publishReqCons(at);
    }

    /** What arrived of an incomplete request is taken from the ring, or it could never become complete. */
    private void keepPartial(final Endpoint e, final int kept, final int at) {
        state.receive(e.connection, at, message.from(kept));
        journal.commit();
        KillPoint.hit(KillPoint.DOM0_STORE_PARTIAL);
        e.ring.publishReqCons(at);
        // The guest may have seen the old index and not rung for what it added since.
        if (e.ring.requested(at) != 0) {
            due.add(e);
        }
    }

    // ---- replies ----

    /** Moves queued bytes into the ring, as many as fit. */
    private boolean flush(final Endpoint e) {
        // Events of dom0's own changes may be queued: nobody may see them before they are true.
        journal.commit();
        final Connection c = e.connection;
        boolean moved = false;
        while (c.out.size() > 0 && c.error == 0) {
            final int unread = e.ring.unread(c.out.position());
            if (unread < 0 || unread > StoreRing.SIZE) {
                fail(c, e, ERROR_RING_INDEX);
                return moved;
            }
            final int n = Math.min(StoreRing.SIZE - unread, c.out.size());
            if (n == 0) {
                return moved;
            }
            c.out.copyTo(scratch, n);
            KillPoint.hit(KillPoint.DOM0_STORE_REPLY);
            e.ring.copyReply(c.out.position(), scratch, n);
            c.out.drop(n);
            cells.setStoreOut(c.domid(), c.out.position());
            KillPoint.hit(KillPoint.DOM0_STORE_RSP_PROD);
            e.ring.publishRspProd(c.out.position());
            moved = true;
        }
        return moved;
    }

    private void fail(final Connection c, final Endpoint e, final int error) {
        broken++;
        state.fail(c, error);
        journal.commit();
        if (e != null) {
            e.ring.setError(error);
            ports.send(e.port);
        }
    }

    /** What the server counted, by name; for {@code xl info} and tests. */
    public Map<String, Long> counters() {
        final Map<String, Long> all = new java.util.LinkedHashMap<>();
        all.put("requests", java.util.Arrays.stream(handler.byType()).sum());
        all.put("errors", handler.errors());
        all.put("broken_connections", broken);
        all.put("events_dropped", store.eventsDropped());
        all.put("nodes", (long) state.tree().size());
        all.put("bytes", state.tree().bytes());
        all.put("journal_compactions", journal.compactions());
        return all;
    }
}
