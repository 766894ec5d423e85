package io.xenolith.dom0.xenstore;

import java.util.HashMap;
import java.util.Map;

/** The tree that everybody sees, with what each owner has in it. */
final class Tree extends NodeSpace {
    private final Map<String, Node> nodes = new HashMap<>();
    private final Map<Integer, int[]> owned = new HashMap<>();
    private long bytes;

    Tree() {
        insert(StorePath.ROOT, new Node(new byte[0], Perms.DOM0, 0));
    }

    @Override
    Node find(final String path) {
        return nodes.get(path);
    }

    @Override
    Node writable(final String path) {
        return nodes.get(path);
    }

    @Override
    void insert(final String path, final Node n) {
        nodes.put(path, n);
        account(path, n, 1);
    }

    @Override
    void erase(final String path) {
        final Node n = nodes.remove(path);
        account(path, n, -1);
    }

    @Override
    void reowned(final String path, final Node n, final byte[] value, final Perms perms) {
        account(path, n, -1);
        account(path, new Node(value, perms, 0), 1);
    }

    private void account(final String path, final Node n, final int sign) {
        final int[] of = owned.computeIfAbsent(n.perms.owner(), k -> new int[2]);
        of[0] += sign;
        of[1] += sign * n.bytes(path);
        bytes += (long) sign * n.bytes(path);
        if (of[0] == 0) {
            owned.remove(n.perms.owner());
        }
    }

    /** Nodes that a domain owns. */
    int nodesOf(final int domid) {
        final int[] of = owned.get(domid);
        return of == null ? 0 : of[0];
    }

    /** Bytes of the nodes that a domain owns. */
    int bytesOf(final int domid) {
        final int[] of = owned.get(domid);
        return of == null ? 0 : of[1];
    }

    /** Bytes of all nodes. */
    long bytes() {
        return bytes;
    }

    /** Number of all nodes. */
    int size() {
        return nodes.size();
    }
}
