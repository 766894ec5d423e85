package io.xenolith.dom0.xenstore;

import java.util.LinkedHashSet;
import java.util.Set;

/** A node of the tree. Children keep the order of their creation, as clients see it in DIRECTORY. */
final class Node {
    /** Bytes a node is reckoned to take in the journal besides its strings. */
    private static final int OVERHEAD = 40;

    byte[] value;
    Perms perms;
    /** Number of the last change to value, permissions or the set of children. */
    long generation;
    final Set<String> children;

    Node(final byte[] value, final Perms perms, final long generation) {
        this(value, perms, generation, new LinkedHashSet<>(4));
    }

    private Node(final byte[] value, final Perms perms, final long generation, final Set<String> children) {
        this.value = value;
        this.perms = perms;
        this.generation = generation;
        this.children = children;
    }

    Node copy() {
        return new Node(value, perms, generation, new LinkedHashSet<>(children));
    }

    /** Bytes of journal that the node takes. */
    int bytes(final String path) {
        return OVERHEAD + path.length() + value.length + perms.bytes();
    }
}
