package io.xenolith.dom0.xenstore;

import io.xenolith.dom0.durable.ByteSink;
import io.xenolith.dom0.durable.ByteSource;
import io.xenolith.dom0.durable.Journal;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything of the store that must survive dom0's process: the tree, the domains' connections, watches,
 * transactions, half-received requests and unsent replies.
 *
 * <p>Each public method is one change: it alters memory and records the journal entry that redoes it. The owner
 * of the store commits the journal when a request is complete. Changes are deterministic: replaying the entries
 * in order gives the same state, generations included.
 */
final class StoreState implements Journal.Section {
    private static final int PUT = 1;
    private static final int REMOVE = 2;
    private static final int CONNECT = 3;
    private static final int DISCONNECT = 4;
    private static final int WATCH = 5;
    private static final int UNWATCH = 6;
    private static final int RESET = 7;
    private static final int TX_START = 8;
    private static final int TX_SEE = 9;
    private static final int TX_PUT = 10;
    private static final int TX_REMOVE = 11;
    private static final int TX_END = 12;
    private static final int RECEIVE = 13;
    private static final int DONE = 14;
    private static final int SEND = 15;
    private static final int FAIL = 16;
    private static final int NODE = 17;
    private static final int STREAM = 18;

    private final Journal journal;
    private final int section;
    private final Tree tree = new Tree();
    private final Map<Integer, Connection> connections = new TreeMap<>();
    private long generation;

    StoreState(final Journal journal, final int section) {
        this.journal = journal;
        this.section = section;
        journal.register(section, this);
    }

    Tree tree() {
        return tree;
    }

    Connection connection(final int domid) {
        return connections.get(domid);
    }

    Collection<Connection> connections() {
        return connections.values();
    }

    /** Bytes that the journal has to keep. */
    long heldBytes() {
        long bytes = tree.bytes();
        for (final Connection c : connections.values()) {
            bytes += c.heldBytes();
        }
        return bytes;
    }

    private ByteSink entry(final int kind) {
        return journal.begin(section).putByte(kind);
    }

    // ---- the tree ----

    void put(final String path, final byte[] value, final Perms perms) {
        final long g = generation + 1;
        entry(PUT).putLong(g).putString(path).putBytes(value).putString(perms.toString());
        journal.end();
        redoPut(g, path, value, perms);
    }

    private void redoPut(final long g, final String path, final byte[] value, final Perms perms) {
        generation = g;
        tree.put(path, value, perms, g);
    }

    List<String> remove(final String path) {
        final long g = generation + 1;
        entry(REMOVE).putLong(g).putString(path);
        journal.end();
        return redoRemove(g, path);
    }

    private List<String> redoRemove(final long g, final String path) {
        generation = g;
        return tree.remove(path, g);
    }

    // ---- connections ----

    Connection connect(final int domid, final int incarnation, final long mfn, final int remotePort) {
        entry(CONNECT).putInt(domid).putInt(incarnation).putLong(mfn).putInt(remotePort);
        journal.end();
        return redoConnect(domid, incarnation, mfn, remotePort);
    }

    private Connection redoConnect(final int domid, final int incarnation, final long mfn, final int remotePort) {
        final Connection c = new Connection(domid, incarnation, mfn, remotePort);
        connections.put(domid, c);
        return c;
    }

    void disconnect(final int domid) {
        entry(DISCONNECT).putInt(domid);
        journal.end();
        connections.remove(domid);
    }

    void watch(final Connection c, final Watch w) {
        entry(WATCH).putInt(c.domid()).putString(w.path()).putString(w.sent()).putString(w.token());
        journal.end();
        redoWatch(c, w);
    }

    private static void redoWatch(final Connection c, final Watch w) {
        if (c.watches.add(w)) {
            c.watchBytes += w.bytes();
        }
    }

    void unwatch(final Connection c, final Watch w) {
        entry(UNWATCH).putInt(c.domid()).putString(w.path()).putString(w.sent()).putString(w.token());
        journal.end();
        redoUnwatch(c, w);
    }

    private static void redoUnwatch(final Connection c, final Watch w) {
        if (c.watches.remove(w)) {
            c.watchBytes -= w.bytes();
        }
    }

    /** Drops a connection's watches and transactions. */
    void reset(final Connection c) {
        entry(RESET).putInt(c.domid());
        journal.end();
        redoReset(c);
    }

    private static void redoReset(final Connection c) {
        c.watches.clear();
        c.watchBytes = 0;
        c.transactions.clear();
        c.transactionBytes = 0;
    }

    // ---- transactions ----

    Transaction startTransaction(final Connection c) {
        int id = c.nextTransaction;
        while (id == 0 || c.transactions.containsKey(id)) {
            id++;
        }
        entry(TX_START).putInt(c.domid()).putInt(id);
        journal.end();
        return redoStart(c, id);
    }

    private Transaction redoStart(final Connection c, final int id) {
        final Transaction t = new Transaction(id, tree);
        c.transactions.put(id, t);
        c.nextTransaction = id + 1;
        return t;
    }

    /** Notes that the transaction looked at a path, for the check at its end. */
    void see(final Connection c, final Transaction t, final String path) {
        if (t.isNew(path)) {
            final long g = t.generationInTree(path);
            entry(TX_SEE).putInt(c.domid()).putInt(t.id).putString(path).putLong(g);
            journal.end();
            redoSee(c, t, path, g);
        }
    }

    private static void redoSee(final Connection c, final Transaction t, final String path, final long g) {
        c.transactionBytes -= t.heldBytes;
        t.note(path, g);
        c.transactionBytes += t.heldBytes;
    }

    void change(final Connection c, final Transaction t, final Transaction.Change change) {
        final ByteSink e = entry(change.value() == null ? TX_REMOVE : TX_PUT);
        e.putInt(c.domid()).putInt(t.id).putString(change.path());
        if (change.value() != null) {
            e.putBytes(change.value()).putString(change.perms().toString());
        }
        journal.end();
        redoChange(c, t, change);
    }

    private static void redoChange(final Connection c, final Transaction t, final Transaction.Change change) {
        c.transactionBytes -= t.heldBytes;
        t.apply(change);
        c.transactionBytes += t.heldBytes;
    }

    void endTransaction(final Connection c, final Transaction t) {
        entry(TX_END).putInt(c.domid()).putInt(t.id);
        journal.end();
        redoEnd(c, t.id);
    }

    private static void redoEnd(final Connection c, final int id) {
        c.transactionBytes -= c.transactions.remove(id).heldBytes;
    }

    // ---- the byte streams ----

    /** Bytes of an incomplete request were taken from the ring, which is now consumed up to {@code reqCons}. */
    void receive(final Connection c, final int reqCons, final byte[] bytes) {
        entry(RECEIVE).putInt(c.domid()).putInt(reqCons).putBytes(bytes);
        journal.end();
        redoReceive(c, reqCons, bytes);
    }

    private static void redoReceive(final Connection c, final int reqCons, final byte[] bytes) {
        c.partial.add(bytes, bytes.length);
        c.reqCons = reqCons;
    }

    /** A request was handled; the ring is consumed up to {@code reqCons}. */
    void done(final Connection c, final int reqCons) {
        entry(DONE).putInt(c.domid()).putInt(reqCons);
        journal.end();
        redoDone(c, reqCons);
    }

    private static void redoDone(final Connection c, final int reqCons) {
        c.partial.clear();
        c.reqCons = reqCons;
    }

    /** Queues bytes to a domain. */
    void send(final Connection c, final byte[] bytes) {
        entry(SEND).putInt(c.domid()).putBytes(bytes);
        journal.end();
        c.out.append(bytes);
    }

    /** The connection is broken for good. */
    void fail(final Connection c, final int error) {
        entry(FAIL).putInt(c.domid()).putInt(error);
        journal.end();
        redoFail(c, error);
    }

    private static void redoFail(final Connection c, final int error) {
        c.error = error;
        c.partial.clear();
        c.out.reset(c.out.position());
        redoReset(c);
    }

    // ---- journal ----

    @Override
    public void replay(final ByteSource e) {
        final int kind = e.getByte();
        switch (kind) {
            case PUT -> redoPut(e.getLong(), e.getString(), e.getBytes(), perms(e));
            case REMOVE -> redoRemove(e.getLong(), e.getString());
            case NODE -> replayNode(e);
            case CONNECT -> redoConnect(e.getInt(), e.getInt(), e.getLong(), e.getInt());
            case DISCONNECT -> connections.remove(e.getInt());
            default -> replayConnection(kind, connections.get(e.getInt()), e);
        }
    }

    private void replayConnection(final int kind, final Connection c, final ByteSource e) {
        switch (kind) {
            case WATCH -> redoWatch(c, new Watch(e.getString(), e.getString(), e.getString()));
            case UNWATCH -> redoUnwatch(c, new Watch(e.getString(), e.getString(), e.getString()));
            case RESET -> redoReset(c);
            case TX_START -> redoStart(c, e.getInt());
            case TX_SEE -> redoSee(c, c.transactions.get(e.getInt()), e.getString(), e.getLong());
            case TX_PUT -> redoChange(c, c.transactions.get(e.getInt()),
                    new Transaction.Change(e.getString(), e.getBytes(), perms(e)));
            case TX_REMOVE -> redoChange(c, c.transactions.get(e.getInt()),
                    new Transaction.Change(e.getString(), null, null));
            case TX_END -> redoEnd(c, e.getInt());
            case RECEIVE -> redoReceive(c, e.getInt(), e.getBytes());
            case DONE -> redoDone(c, e.getInt());
            case SEND -> c.out.append(e.getBytes());
            case FAIL -> redoFail(c, e.getInt());
            case STREAM -> replayStream(c, e);
            default -> throw new IllegalStateException("unknown journal entry of the store: kind=" + kind);
        }
    }

    private static Perms perms(final ByteSource e) {
        return Perms.parse(List.of(e.getString().split(",")));
    }

    private void replayNode(final ByteSource e) {
        final long g = e.getLong();
        final String path = e.getString();
        final byte[] value = e.getBytes();
        final Perms perms = perms(e);
        generation = Math.max(generation, g);
        final Node parent = tree.find(StorePath.parent(path));
        final long parentGeneration = parent.generation;
        tree.put(path, value, perms, g);
        if (!path.equals(StorePath.ROOT)) {
            parent.generation = parentGeneration;
        }
    }

    private static void replayStream(final Connection c, final ByteSource e) {
        c.reqCons = e.getInt();
        final byte[] partial = e.getBytes();
        c.partial.add(partial, partial.length);
        c.out.reset(e.getInt());
        c.out.append(e.getBytes());
        c.nextTransaction = e.getInt();
        c.error = e.getInt();
    }

    @Override
    public void snapshot(final Journal to) {
        final Deque<String> paths = new ArrayDeque<>();
        paths.add(StorePath.ROOT);
        while (!paths.isEmpty()) {
            final String path = paths.removeFirst();
            final Node n = tree.find(path);
            entry(NODE).putLong(n.generation).putString(path).putBytes(n.value).putString(n.perms.toString());
            to.end();
            n.children.forEach(name -> paths.addLast(StorePath.child(path, name)));
        }
        connections.values().forEach(this::snapshotConnection);
    }

    private void snapshotConnection(final Connection c) {
        entry(CONNECT).putInt(c.domid()).putInt(c.incarnation()).putLong(c.mfn()).putInt(c.remotePort());
        journal.end();
        for (final Watch w : c.watches) {
            entry(WATCH).putInt(c.domid()).putString(w.path()).putString(w.sent()).putString(w.token());
            journal.end();
        }
        c.transactions.values().forEach(t -> snapshotTransaction(c, t));
        entry(STREAM).putInt(c.domid()).putInt(c.reqCons).putBytes(c.partial.from(0))
                .putInt(c.out.position()).putBytes(c.out.toArray()).putInt(c.nextTransaction).putInt(c.error);
        journal.end();
    }

    private void snapshotTransaction(final Connection c, final Transaction t) {
        entry(TX_START).putInt(c.domid()).putInt(t.id);
        journal.end();
        t.seen.forEach((path, g) -> {
            entry(TX_SEE).putInt(c.domid()).putInt(t.id).putString(path).putLong(g);
            journal.end();
        });
        for (final Transaction.Change change : t.changes) {
            final ByteSink e = entry(change.value() == null ? TX_REMOVE : TX_PUT);
            e.putInt(c.domid()).putInt(t.id).putString(change.path());
            if (change.value() != null) {
                e.putBytes(change.value()).putString(change.perms().toString());
            }
            journal.end();
        }
    }
}
