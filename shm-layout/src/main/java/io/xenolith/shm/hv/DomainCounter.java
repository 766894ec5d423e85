package io.xenolith.shm.hv;

/**
 * Counters of one domain, in {@link DomainRecord#COUNTERS}. Ids are positions there: append, never reuse.
 */
public enum DomainCounter {
    /** Faults delivered to the guest. */
    FAULTS(0, "faults", "exceptions delivered to the guest"),
    /** Event up-calls. */
    UPCALLS(1, "upcalls", "event up-calls delivered"),
    /** Privileged instructions emulated. */
    EMULATED(2, "emulated", "privileged instructions emulated"),
    /** Page-table writes emulated. */
    PTWR(3, "ptwr", "page-table writes carried out after a fault"),
    /** Grants mapped by others. */
    GRANTS_PINNED(4, "grants-pinned", "pins taken by others on this domain's grants"),
    /** Block requests. */
    VBD_REQUESTS(5, "vbd-requests", "block requests served"),
    /** Sectors read. */
    VBD_READ_SECTORS(6, "vbd-read-sectors", "sectors read"),
    /** Sectors written. */
    VBD_WRITE_SECTORS(7, "vbd-write-sectors", "sectors written"),
    /** Instructions not implemented. */
    UNSUPPORTED(8, "unsupported", "instructions the CPU model does not implement"),
    /** Bad requests. */
    VBD_ERRORS(9, "vbd-errors", "block requests answered with an error"),
    /** Hypercalls with unknown number. */
    HYPERCALLS_UNKNOWN(10, "hypercalls-unknown", "hypercalls answered -ENOSYS");

    static {
        Ids.requireDistinct(DomainCounter.class, DomainCounter.values(), DomainCounter::id, DomainCounter::label, 64);
    }

    private final int id;
    private final String label;
    private final String meaning;

    DomainCounter(final int id, final String label, final String meaning) {
        this.id = id;
        this.label = label;
        this.meaning = meaning;
    }

    /** Position in the record. */
    public int id() {
        return id;
    }

    /** Offset from the domain record. */
    public int offset() {
        return DomainRecord.COUNTERS + id * Long.BYTES;
    }

    /** Short name. */
    public String label() {
        return label;
    }

    /** One line for people. */
    public String meaning() {
        return meaning;
    }
}
