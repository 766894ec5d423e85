package io.xenolith.dom0.xenstore;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * The meaning of each operation on the store: paths, permissions, quotas, transactions, watches.
 *
 * <p>Operations come from a domain (with its {@link Connection}) or from dom0's own parts (connection null).
 * A refused operation throws {@link XsException} before anything has changed.
 *
 * <p>Watches of domains are part of the durable state; those of dom0's own parts are not: a restarted part
 * registers again and gets its first event, which makes it look at everything anew.
 */
final class Store {
    /** Fires when a domain was introduced. */
    static final String INTRODUCED = "@introduceDomain";
    /** Fires when a domain was released. */
    static final String RELEASED = "@releaseDomain";

    /** A watch of one of dom0's own parts. */
    record LocalWatch(String path, String token, LocalStore.Handler handler) { }

    /** An event for one of dom0's own parts. */
    record LocalEvent(LocalWatch watch, String path) { }

    private final StoreState state;
    private final Quotas quotas;
    private final Map<String, List<LocalWatch>> localWatches = new HashMap<>();
    private final Queue<LocalEvent> localEvents = new ArrayDeque<>();
    private long eventsDropped;

    Store(final StoreState state, final Quotas quotas) {
        this.state = state;
        this.quotas = quotas;
    }

    StoreState state() {
        return state;
    }

    Quotas quotas() {
        return quotas;
    }

    private static int domid(final Connection c) {
        return c == null ? 0 : c.domid();
    }

    // ---- reading ----

    byte[] read(final Connection c, final Transaction t, final String path) {
        return readable(c, t, path).value;
    }

    Node readable(final Connection c, final Transaction t, final String path) {
        final Node n = find(c, t, path);
        if (n == null) {
            throw absence(c, t, path, Perms.READ);
        }
        if (!n.perms.allow(domid(c), Perms.READ)) {
            throw XsError.EACCES.exception();
        }
        return n;
    }

    private Node find(final Connection c, final Transaction t, final String path) {
        if (t == null) {
            return state.tree().find(path);
        }
        if (t.isNew(path)) {
            checkTransactionBytes(c, path.length());
        }
        state.see(c, t, path);
        return t.find(path);
    }

    private void checkTransactionBytes(final Connection c, final int more) {
        if (c.transactionBytes + more > quotas.transactionBytes() || isTight(more)) {
            throw XsError.ENOSPC.exception();
        }
    }

    /** True when the journal has no room for {@code more} bytes on behalf of domains. */
    boolean isTight(final int more) {
        return state.heldBytes() + more > quotas.totalBytes();
    }

    /** A domain may learn that a node is missing only if it could have seen it: what the nearest ancestor says. */
    private XsException absence(final Connection c, final Transaction t, final String path, final int wanted) {
        return nearest(c, t, path).perms.allow(domid(c), wanted)
                ? XsError.ENOENT.exception() : XsError.EACCES.exception();
    }

    private Node nearest(final Connection c, final Transaction t, final String path) {
        String p = StorePath.parent(path);
        Node n = find(c, t, p);
        while (n == null) {
            p = StorePath.parent(p);
            n = find(c, t, p);
        }
        return n;
    }

    // ---- changing ----

    void write(final Connection c, final Transaction t, final String path, final byte[] value) {
        if (c != null && value.length > quotas.nodeBytes()) {
            throw XsError.ENOSPC.exception();
        }
        final Node n = find(c, t, path);
        if (n == null) {
            create(c, t, path, value);
            return;
        }
        requireWrite(c, n);
        checkBytes(c, t, value.length - n.value.length);
        put(c, t, path, value, n.perms);
        if (t == null) {
            fire(path, n.perms);
        }
    }

    void mkdir(final Connection c, final Transaction t, final String path) {
        final Node n = find(c, t, path);
        if (n == null) {
            create(c, t, path, new byte[0]);
        } else {
            requireWrite(c, n);
        }
    }

    private void create(final Connection c, final Transaction t, final String path, final byte[] value) {
        final Node above = nearest(c, t, path);
        requireWrite(c, above);
        final Perms perms = c == null ? above.perms : above.perms.withOwner(c.domid());
        final List<String> missing = new ArrayList<>();
        for (String p = path; find(c, t, p) == null; p = StorePath.parent(p)) {
            missing.add(0, p);
        }
        checkRoom(c, t, missing, value.length);
        for (final String p : missing) {
            put(c, t, p, p.equals(path) ? value : new byte[0], perms);
        }
        if (t == null) {
            fire(path, perms);
        }
    }

    private void checkRoom(final Connection c, final Transaction t, final List<String> missing, final int value) {
        if (c == null) {
            return;
        }
        int bytes = value;
        for (final String p : missing) {
            bytes += p.length() + 64;
        }
        final int pending = t == null ? 0 : t.created;
        if (state.tree().nodesOf(c.domid()) + pending + missing.size() > quotas.nodes()) {
            throw XsError.ENOSPC.exception();
        }
        checkBytes(c, t, bytes);
    }

    private void checkBytes(final Connection c, final Transaction t, final int more) {
        if (c == null || more <= 0) {
            return;
        }
        final int pending = t == null ? 0 : t.bytes;
        if (state.tree().bytesOf(c.domid()) + pending + more > quotas.ownedBytes() || isTight(more)) {
            throw XsError.ENOSPC.exception();
        }
    }

    private static void requireWrite(final Connection c, final Node n) {
        if (!n.perms.allow(domid(c), Perms.WRITE)) {
            throw XsError.EACCES.exception();
        }
    }

    private void put(final Connection c, final Transaction t, final String path, final byte[] v, final Perms p) {
        if (t == null) {
            state.put(path, v, p);
        } else {
            find(c, t, StorePath.parent(path));
            checkTransactionBytes(c, path.length() + v.length);
            state.change(c, t, new Transaction.Change(path, v, p));
        }
    }

    void remove(final Connection c, final Transaction t, final String path) {
        if (path.equals(StorePath.ROOT)) {
            throw XsError.EINVAL.exception();
        }
        final Node n = find(c, t, path);
        if (n == null) {
            removeMissing(c, t, path);
            return;
        }
        requireWrite(c, n);
        if (t != null) {
            find(c, t, StorePath.parent(path));
            checkTransactionBytes(c, path.length());
            state.change(c, t, new Transaction.Change(path, null, null));
            return;
        }
        removeNow(path);
    }

    private void removeMissing(final Connection c, final Transaction t, final String path) {
        final Node parent = find(c, t, StorePath.parent(path));
        if (parent == null) {
            throw absence(c, t, path, Perms.WRITE);
        }
        requireWrite(c, parent);
    }

    private void removeNow(final String path) {
        final Map<String, Perms> before = new HashMap<>();
        rememberPerms(path, before);
        for (final String gone : state.remove(path)) {
            if (gone.equals(path)) {
                fire(gone, before.get(gone));
            } else {
                fireExactly(gone, before.get(gone));
            }
        }
    }

    private void rememberPerms(final String path, final Map<String, Perms> into) {
        final Node n = state.tree().find(path);
        into.put(path, n.perms);
        n.children.forEach(name -> rememberPerms(StorePath.child(path, name), into));
    }

    void setPerms(final Connection c, final Transaction t, final String path, final Perms perms) {
        final Node n = find(c, t, path);
        if (n == null) {
            throw absence(c, t, path, Perms.WRITE);
        }
        if (c != null && n.perms.owner() != c.domid()) {
            throw XsError.EACCES.exception();
        }
        if (c != null && perms.owner() != c.domid()) {
            throw XsError.EPERM.exception();
        }
        put(c, t, path, n.value, perms);
        if (t == null) {
            fire(path, perms);
        }
    }

    // ---- transactions ----

    Transaction start(final Connection c) {
        if (c.transactions.size() >= quotas.transactions()) {
            throw XsError.ENOSPC.exception();
        }
        return state.startTransaction(c);
    }

    Transaction transaction(final Connection c, final int id) {
        if (id == 0) {
            return null;
        }
        final Transaction t = c.transactions.get(id);
        if (t == null) {
            throw XsError.ENOENT.exception();
        }
        return t;
    }

    /**
     * Ends a transaction.
     *
     * @throws XsException EAGAIN when something it looked at has changed, ENOSPC beyond a quota; the transaction
     *                     is gone in either case
     */
    void end(final Connection c, final Transaction t, final boolean commit) {
        state.endTransaction(c, t);
        if (!commit) {
            return;
        }
        if (t.conflicts()) {
            throw XsError.EAGAIN.exception();
        }
        final int nodes = state.tree().nodesOf(c.domid()) + t.created;
        if (t.created > 0 && nodes > quotas.nodes()) {
            throw XsError.ENOSPC.exception();
        }
        final Map<String, Runnable> events = new LinkedHashMap<>();
        for (final Transaction.Change change : t.changes) {
            commit(change, events);
        }
        events.values().forEach(Runnable::run);
    }

    private void commit(final Transaction.Change change, final Map<String, Runnable> events) {
        final String path = change.path();
        if (change.value() != null) {
            state.put(path, change.value(), change.perms());
            events.put(path, () -> fire(path, change.perms()));
            return;
        }
        final Map<String, Perms> before = new HashMap<>();
        rememberPerms(path, before);
        for (final String gone : state.remove(path)) {
            events.put(gone, gone.equals(path)
                    ? () -> fire(gone, before.get(gone)) : () -> fireExactly(gone, before.get(gone)));
        }
    }

    // ---- watches ----

    void watch(final Connection c, final String sent, final String token) {
        final String path = StorePath.canonicalWatch(c.domid(), sent);
        final Watch w = new Watch(path, sent, token);
        if (c.watches.contains(w)) {
            throw XsError.EEXIST.exception();
        }
        if (c.watches.size() >= quotas.watches() || c.watchBytes + w.bytes() > quotas.watchBytes()) {
            throw XsError.E2BIG.exception();
        }
        if (isTight(w.bytes())) {
            throw XsError.ENOSPC.exception();
        }
        state.watch(c, w);
    }

    void unwatch(final Connection c, final String sent, final String token) {
        final Watch w = new Watch(StorePath.canonicalWatch(c.domid(), sent), sent, token);
        if (!c.watches.contains(w)) {
            throw XsError.ENOENT.exception();
        }
        state.unwatch(c, w);
    }

    void addLocal(final LocalWatch w) {
        localWatches.computeIfAbsent(w.path(), k -> new ArrayList<>()).add(w);
        localEvents.add(new LocalEvent(w, w.path()));
    }

    void removeLocal(final String path, final String token) {
        final List<LocalWatch> at = localWatches.get(path);
        if (at != null) {
            at.removeIf(w -> w.token().equals(token));
        }
        localEvents.removeIf(e -> e.watch().path().equals(path) && e.watch().token().equals(token));
    }

    LocalEvent nextLocalEvent() {
        return localEvents.poll();
    }

    void fireSpecial(final String name) {
        fireExactly(name, Perms.DOM0);
    }

    /** A node was created, changed or removed: tells the watches on it and above. */
    private void fire(final String path, final Perms perms) {
        for (final Connection c : state.connections()) {
            if (perms.allow(c.domid(), Perms.READ)) {
                for (final Watch w : c.watches) {
                    if (covers(w.path(), path)) {
                        sendEvent(c, w, path);
                    }
                }
            }
        }
        for (String p = path; ; p = StorePath.parent(p)) {
            fireLocal(p, path);
            if (p.equals(StorePath.ROOT)) {
                return;
            }
        }
    }

    /** A node went away with its parent: tells only the watches on it. */
    private void fireExactly(final String path, final Perms perms) {
        for (final Connection c : state.connections()) {
            if (perms.allow(c.domid(), Perms.READ)) {
                for (final Watch w : c.watches) {
                    if (w.path().equals(path)) {
                        sendEvent(c, w, path);
                    }
                }
            }
        }
        fireLocal(path, path);
    }

    private void fireLocal(final String watched, final String path) {
        for (final LocalWatch w : localWatches.getOrDefault(watched, List.of())) {
            localEvents.add(new LocalEvent(w, path));
        }
    }

    private static boolean covers(final String watched, final String path) {
        return watched.equals(StorePath.ROOT) || path.startsWith(watched)
                && (path.length() == watched.length() || path.charAt(watched.length()) == '/');
    }

    /** Queues a watch event, in the form of path that the domain watched with. */
    void sendEvent(final Connection c, final Watch w, final String path) {
        final String home = StorePath.ofDomain(c.domid()) + StorePath.ROOT;
        final String shown = w.isRelative() && path.startsWith(home) ? path.substring(home.length()) : path;
        final byte[] message = Wire.message(XsType.WATCH_EVENT, 0, 0, Wire.strings(shown, w.token()));
        if (c.out.size() + message.length > 2 * quotas.backlog() || isTight(message.length)) {
            eventsDropped++;
            return;
        }
        state.send(c, message);
    }

    /** Events not queued because their domain does not read. */
    long eventsDropped() {
        return eventsDropped;
    }
}
