package io.xenolith.dom0.toolstack;

import io.xenolith.dom0.durable.ByteSource;
import io.xenolith.dom0.durable.Journal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The durable list of whole domains and of restarts that are still owed. A domain that is not in the book is being
 * built, or was left by a dom0 that died building it.
 */
final class DomainBook implements Journal.Section {
    /** A domain that was built and handed over. */
    record Entry(int domid, int incarnation, DomainSpec spec, boolean ended) { }

    private static final int ADD = 1;
    private static final int REMOVE = 2;
    private static final int OWE = 3;
    private static final int PAID = 4;

    private final Journal journal;
    private final int section;
    private final Map<Integer, Entry> entries = new TreeMap<>();
    private final Map<String, DomainSpec> owed = new LinkedHashMap<>();

    DomainBook(final Journal journal, final int section) {
        this.journal = journal;
        this.section = section;
        journal.register(section, this);
    }

    Entry get(final int domid) {
        return entries.get(domid);
    }

    Collection<Entry> all() {
        return List.copyOf(entries.values());
    }

    /** Adds a domain, or replaces what the book says of it. */
    void put(final Entry e) {
        record(e);
        entries.put(e.domid(), e);
    }

    private void record(final Entry e) {
        journal.begin(section).putByte(ADD).putInt(e.domid()).putInt(e.incarnation()).putByte(e.ended() ? 1 : 0)
                .putString(e.spec().json());
        journal.end();
    }

    void remove(final int domid) {
        if (entries.remove(domid) != null) {
            journal.begin(section).putByte(REMOVE).putInt(domid);
            journal.end();
        }
    }

    /** A domain is to be made again; forgotten when a domain of that uuid is added. */
    void owe(final DomainSpec spec) {
        recordOwed(spec);
        owed.put(spec.uuid().toString(), spec);
    }

    private void recordOwed(final DomainSpec spec) {
        journal.begin(section).putByte(OWE).putString(spec.json());
        journal.end();
    }

    void paid(final DomainSpec spec) {
        if (owed.remove(spec.uuid().toString()) != null) {
            journal.begin(section).putByte(PAID).putString(spec.uuid().toString());
            journal.end();
        }
    }

    List<DomainSpec> owed() {
        return new ArrayList<>(owed.values());
    }

    void commit() {
        journal.commit();
    }

    @Override
    public void replay(final ByteSource e) {
        switch (e.getByte()) {
            case ADD -> {
                final int domid = e.getInt();
                final int incarnation = e.getInt();
                final boolean ended = e.getByte() != 0;
                entries.put(domid, new Entry(domid, incarnation, DomainSpec.parse(e.getString()), ended));
            }
            case REMOVE -> entries.remove(e.getInt());
            case OWE -> {
                final DomainSpec spec = DomainSpec.parse(e.getString());
                owed.put(spec.uuid().toString(), spec);
            }
            case PAID -> owed.remove(e.getString());
            default -> throw new IllegalStateException("unknown journal entry of the toolstack");
        }
    }

    @Override
    public void snapshot(final Journal to) {
        entries.values().forEach(this::record);
        owed.values().forEach(this::recordOwed);
    }
}
