package io.xenolith.shm.hv;

/**
 * Counters of the whole machine. Each is a long at {@code HypervisorFile.counter(c)}; any process adds to it.
 *
 * <p>Ids are permanent positions in shared memory: append new ones, in the range of their part, and never use
 * one twice (refused when the class is loaded).
 */
public enum SystemCounter {
    // 0-63: the hypervisor process
    /** Requests served from mailboxes. */
    MAILBOX_REQUESTS(0, "mailbox-requests", "requests served from vCPU mailboxes"),
    /** Hypervisor starts after the first. */
    HYPERVISOR_RESTARTS(1, "hypervisor-restarts", "starts of the hypervisor process after the first"),
    /** Intents a restarted hypervisor rolled forward. */
    INTENTS_RESUMED(2, "intents-resumed", "unfinished operations carried on by a restarted hypervisor"),
    /** Domains created. */
    DOMAINS_CREATED(3, "domains-created", "domains created"),
    /** Domains swept. */
    DOMAINS_SWEPT(4, "domains-swept", "domains taken down, dead or destroyed"),
    /** Starts of dom0 after the first. */
    DOM0_RESTARTS(5, "dom0-restarts", "starts of the dom0 process after the first"),

    // 64-127: hypercalls, events, grants
    /** Hypercall numbers without a handler. */
    HYPERCALLS_UNKNOWN(64, "hypercalls-unknown", "hypercalls answered -ENOSYS"),
    /** Event notifications sent. */
    EVENTS_SENT(65, "events-sent", "event-channel notifications sent"),
    /** Grants pinned. */
    GRANT_PINS(66, "grant-pins", "grants pinned by back-ends and guests"),
    /** Grant copies. */
    GRANT_COPIES(67, "grant-copies", "grant copy operations"),

    // 128-191: memory and CPU model
    /** Page tables validated. */
    TABLES_VALIDATED(128, "tables-validated", "page-table frames validated"),
    /** Writes to page tables that trapped. */
    PTWR_EMULATED(129, "ptwr-emulated", "page-table writes carried out after a fault"),
    /** Instructions without an implementation. */
    INSTRUCTIONS_UNSUPPORTED(130, "instructions-unsupported", "instructions the CPU model does not implement"),

    // 192-255: dom0 and its back-ends
    /** Bytes that host-side devices copied. */
    HOST_COPIES(192, "host-copies", "bytes copied between guest memory and host-side devices");

    /** Room for counters in the file. */
    public static final int MAX_COUNTERS = 512;

    static {
        Ids.requireDistinct(SystemCounter.class, SystemCounter.values(), SystemCounter::id, SystemCounter::label,
                MAX_COUNTERS);
    }

    private final int id;
    private final String label;
    private final String meaning;

    SystemCounter(final int id, final String label, final String meaning) {
        this.id = id;
        this.label = label;
        this.meaning = meaning;
    }

    /** Position in shared memory. */
    public int id() {
        return id;
    }

    /** Short name, as listings print it. */
    public String label() {
        return label;
    }

    /** One line for people. */
    public String meaning() {
        return meaning;
    }
}
