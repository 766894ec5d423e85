package io.xenolith.dom0.xenstore;

import io.xenolith.dom0.durable.Journal;

import java.util.List;

/** {@link LocalStore} on the store itself. */
final class DirectStore implements LocalStore {
    private final Store store;
    private final Journal journal;

    DirectStore(final Store store, final Journal journal) {
        this.store = store;
        this.journal = journal;
    }

    private Node find(final String path) {
        return store.state().tree().find(path);
    }

    @Override
    public String read(final String path) {
        final Node n = find(path);
        return n == null ? null : Wire.text(n.value);
    }

    @Override
    public void write(final String path, final String value) {
        store.write(null, null, StorePath.canonical(0, path), Wire.bytes(value));
    }

    @Override
    public void write(final String path, final String value, final Perms perms) {
        write(path, value);
        setPerms(path, perms);
    }

    @Override
    public void mkdir(final String path, final Perms perms) {
        store.mkdir(null, null, StorePath.canonical(0, path));
        setPerms(path, perms);
    }

    private void setPerms(final String path, final Perms perms) {
        if (!find(path).perms.equals(perms)) {
            store.setPerms(null, null, path, perms);
        }
    }

    @Override
    public void remove(final String path) {
        if (find(path) != null) {
            store.remove(null, null, path);
        }
    }

    @Override
    public List<String> list(final String path) {
        final Node n = find(path);
        return n == null ? List.of() : List.copyOf(n.children);
    }

    @Override
    public boolean exists(final String path) {
        return find(path) != null;
    }

    @Override
    public Perms perms(final String path) {
        final Node n = find(path);
        return n == null ? null : n.perms;
    }

    @Override
    public void watch(final String path, final String token, final Handler handler) {
        store.addLocal(new Store.LocalWatch(StorePath.canonicalWatch(0, path), token, handler));
    }

    @Override
    public void unwatch(final String path, final String token) {
        store.removeLocal(path, token);
    }

    @Override
    public void commit() {
        journal.commit();
    }
}
