package io.xenolith.dom0.xenstore;

import java.util.List;

/**
 * The store as dom0's own parts see it: same tree, all rights, no ring in between. Changes take effect at once and
 * become durable together at the end of the main loop's turn, or at {@link #commit()}.
 */
public interface LocalStore {
    /** Called in the main loop when a watch fires. */
    @FunctionalInterface
    interface Handler {
        /** @param path the node that changed, at or below the watched one */
        void changed(String path);
    }

    /** Value of a node, or null when it does not exist. */
    String read(String path);

    /** Sets a value; creates the node and its parents, which inherit permissions. */
    void write(String path, String value);

    /** Sets a value and permissions ("n0", "r4", ...). */
    void write(String path, String value, Perms perms);

    /** Creates a node without value unless it exists. */
    void mkdir(String path, Perms perms);

    /** Removes a node and all below, if it exists. */
    void remove(String path);

    /** Names of a node's children; empty when there is no such node. */
    List<String> list(String path);

    /** True when the node exists. */
    boolean exists(String path);

    /** Permissions of a node, or null when it does not exist. */
    Perms perms(String path);

    /** Registers a handler; it is called once soon, and then for every change at or below {@code path}. */
    void watch(String path, String token, Handler handler);

    /** Removes a handler, with its events that wait. */
    void unwatch(String path, String token);

    /** Makes all changes so far durable. */
    void commit();
}
