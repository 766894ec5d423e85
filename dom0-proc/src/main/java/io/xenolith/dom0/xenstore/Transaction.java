package io.xenolith.dom0.xenstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A transaction: what it changed, seen through its own eyes, and the generation of everything it looked at.
 * It commits when none of those nodes has changed since.
 */
final class Transaction extends NodeSpace {
    private static final int OVERHEAD = 32;
    /** Generation of a node that was not there. */
    static final long ABSENT = -1;
    private static final Node TOMBSTONE = new Node(new byte[0], Perms.DOM0, ABSENT);

    /** One change; a null value is a removal. */
    record Change(String path, byte[] value, Perms perms) { }

    final int id;
    final Map<String, Long> seen = new LinkedHashMap<>();
    final List<Change> changes = new ArrayList<>();
    int created;
    /** Bytes of new values, for the owner's quota. */
    int bytes;
    /** Bytes of journal that the transaction takes. */
    int heldBytes;

    private final Tree tree;
    private final Map<String, Node> overlay = new HashMap<>();

    Transaction(final int id, final Tree tree) {
        this.id = id;
        this.tree = tree;
    }

    @Override
    Node find(final String path) {
        final Node mine = overlay.get(path);
        if (mine != null) {
            return mine == TOMBSTONE ? null : mine;
        }
        return tree.find(path);
    }

    @Override
    Node writable(final String path) {
        final Node mine = overlay.get(path);
        if (mine != null && mine != TOMBSTONE) {
            return mine;
        }
        final Node theirs = tree.find(path);
        // The tree may have lost the node since we looked; the commit will fail, until then we go on seeing it.
        final Node copy = theirs == null ? new Node(new byte[0], Perms.DOM0, 0) : theirs.copy();
        overlay.put(path, copy);
        return copy;
    }

    @Override
    void insert(final String path, final Node n) {
        overlay.put(path, n);
        created++;
    }

    @Override
    void erase(final String path) {
        overlay.put(path, TOMBSTONE);
        created--;
    }

    void note(final String path, final long generation) {
        heldBytes += OVERHEAD + path.length();
        seen.put(path, generation);
    }

    void apply(final Change c) {
        changes.add(c);
        heldBytes += OVERHEAD + c.path().length() + (c.value() == null ? 0 : c.value().length + c.perms().bytes());
        if (c.value() == null) {
            remove(c.path(), 0);
        } else {
            bytes += c.path().length() + c.value().length;
            put(c.path(), c.value(), c.perms(), 0);
        }
    }

    /** True when the path's node in the tree was not noted yet. */
    boolean isNew(final String path) {
        return !seen.containsKey(path) && !overlay.containsKey(path);
    }

    long generationInTree(final String path) {
        final Node n = tree.find(path);
        return n == null ? ABSENT : n.generation;
    }

    boolean conflicts() {
        for (final Map.Entry<String, Long> e : seen.entrySet()) {
            if (generationInTree(e.getKey()) != e.getValue()) {
                return true;
            }
        }
        return false;
    }
}
