package io.xenolith.dom0.xenstore;

import java.util.ArrayList;
import java.util.List;

/**
 * A tree of nodes by path, with the two operations that change it. The tree itself and the view that a
 * transaction has of it are node spaces.
 */
abstract class NodeSpace {
    /** The node at a path, or null. */
    abstract Node find(String path);

    /** The node at a path that exists, ready to be changed. */
    abstract Node writable(String path);

    /** Adds a node whose parent exists. */
    abstract void insert(String path, Node n);

    /** Takes a node away that has no children any more. */
    abstract void erase(String path);

    /** Sets value and permissions of an existing node, or creates it; the parent exists. */
    void put(final String path, final byte[] value, final Perms perms, final long generation) {
        if (find(path) == null) {
            final Node parent = writable(StorePath.parent(path));
            parent.children.add(StorePath.name(path));
            parent.generation = generation;
            insert(path, new Node(value, perms, generation));
            return;
        }
        final Node n = writable(path);
        reowned(path, n, value, perms);
        n.value = value;
        n.perms = perms;
        n.generation = generation;
    }

    /** Told before an existing node changes. */
    void reowned(final String path, final Node n, final byte[] value, final Perms perms) {
    }

    /**
     * Removes a node and everything below.
     *
     * @return the paths removed, the top first
     */
    List<String> remove(final String path, final long generation) {
        final List<String> gone = new ArrayList<>();
        collect(path, gone);
        for (int i = gone.size() - 1; i >= 0; i--) {
            erase(gone.get(i));
        }
        final Node parent = writable(StorePath.parent(path));
        parent.children.remove(StorePath.name(path));
        parent.generation = generation;
        return gone;
    }

    private void collect(final String path, final List<String> into) {
        into.add(path);
        final Node n = find(path);
        if (n == null) {
            return;
        }
        for (final String child : n.children) {
            collect(StorePath.child(path, child), into);
        }
    }
}
