package io.xenolith.hv.audit;

/**
 * The sorts of defects that the audit can name. The label is for scripts and never changes its meaning; docs/audit.md says of
 * each what it would mean.
 */
public enum FindingKind {
    /** The STOPPED word holds all vCPUs because an invariant broke, or an audit died with the machine stopped. */
    MACHINE_STOPPED("machine-stopped"),
    /** A global operation was begun and nobody goes on with it. */
    INTENT_STUCK("intent-stuck"),
    /** A mailbox's words contradict each other. */
    MAILBOX_STATE("mailbox-state"),
    /** A posted request that nobody will serve. */
    MAILBOX_STUCK("mailbox-stuck"),
    /** A toolstack slot in an impossible state, or held by a dead command. */
    TOOLSTACK_SLOT("toolstack-slot"),

    /** A physical CPU held by nobody who runs on it. */
    PCPU_ORPHAN("pcpu-orphan"),
    /** One vCPU holds two physical CPUs. */
    PCPU_TWICE("pcpu-twice"),
    /** A vCPU says that it runs on a physical CPU that is not its own. */
    VCPU_PCPU("vcpu-pcpu"),
    /** A vCPU record in an impossible state. */
    VCPU_RECORD("vcpu-record"),
    /** A vCPU record names a frame (root table, GDT, vcpu_info, ...) that is not in its domain's use. */
    VCPU_FRAME("vcpu-frame"),

    /** A domain record in an impossible state. */
    DOMAIN_RECORD("domain-record"),
    /** A free slot still has backing for a domain's tables. */
    DOMAIN_AREA("domain-area"),
    /** A living domain whose process is gone. */
    DOMAIN_PROCESS("domain-process"),
    /** A dying domain that nothing holds any more. */
    DOMAIN_DYING("domain-dying"),
    /** A domain's count of frames is not the number of frames it owns. */
    DOMAIN_PAGES("domain-pages"),
    /** A domain's count of shared frames is not the number that it has. */
    DOMAIN_XENHEAP("domain-xenheap"),

    /** A frame record in a state that its place in the machine does not allow. */
    FRAME_STATE("frame-state"),
    /** A leaked frame: its owner does not exist. */
    FRAME_OWNER("frame-owner"),
    /** A frame that belongs to an earlier life of its owner's domid. */
    FRAME_INCARNATION("frame-incarnation"),
    /** A frame that is free and yet has an owner, references or a type. */
    FRAME_FREE("frame-free"),
    /** A frame in state SHARED that is no shared frame of its domain, or the other way round. */
    FRAME_SHARED("frame-shared"),
    /** A frame in state MAGAZINE that is not in its domain's magazine, or the other way round. */
    FRAME_MAGAZINE("frame-magazine"),
    /** A frame in state DYING that nobody pins. */
    FRAME_DYING("frame-dying"),
    /** A reference count is not the number of references. */
    FRAME_REFS("frame-refs"),
    /** A type count is not the number of uses as that type. */
    FRAME_TYPE_COUNT("frame-type-count"),
    /** A frame is used as another type than it has. */
    FRAME_TYPE("frame-type"),
    /** A table or descriptor page that was never validated to the end. */
    FRAME_VALIDATED("frame-validated"),
    /** The count of linear entries is wrong. */
    FRAME_LINEAR("frame-linear"),
    /** A page lock that nobody will release, or with an impossible holder. */
    FRAME_LOCK("frame-lock"),
    /** A frame that was taken out of use and went nowhere. */
    FRAME_CLAIMED("frame-claimed"),
    /** A frame counts as decoded code while a foreign domain may write it. */
    FRAME_CODE("frame-code"),
    /** The header's number of free frames is wrong. */
    HEAP_FREE("heap-free"),

    /** A table entry with bits that the guest must not have. */
    TABLE_ENTRY("table-entry"),
    /** A hypervisor's slot of a guest's table that shows something else than the machine-to-physical table. */
    TABLE_HYPERVISOR_SLOT("table-hypervisor-slot"),
    /** A guest maps a frame that is neither its own nor pinned by it. */
    MAPPING_FOREIGN("mapping-foreign"),
    /** A frame without pseudo-physical number has one in a machine-to-physical table. */
    M2P_UNOWNED("m2p-unowned"),
    /** The two machine-to-physical tables differ. */
    M2P_WIDTHS("m2p-widths"),

    /** A grant in use whose holder does not exist. */
    GRANT_HOLDER("grant-holder"),
    /** A grant that was claimed and never pinned. */
    GRANT_CLAIM("grant-claim"),
    /** A pin that fixes a frame which is not the granter's. */
    GRANT_FRAME("grant-frame"),
    /** A pinned frame without the mark that makes its owner look for pins. */
    GRANT_MARK("grant-mark"),
    /** A write pin on a page table or descriptor page. */
    GRANT_WRITES_TABLE("grant-writes-table"),
    /** GTF_reading or GTF_writing of an entry differ from what its active word says. */
    GRANT_FLAGS("grant-flags"),

    /** A port in an impossible state. */
    PORT_STATE("port-state"),
    /** An interdomain port whose other half is not joined to it. */
    PORT_PEER("port-peer"),
    /** A virtual interrupt's port and its vCPU's word disagree. */
    PORT_VIRQ("port-virq"),
    /** An event was sent, and the target was not told to look. */
    EVENT_UNANNOUNCED("event-unannounced"),
    /** An event is pending and unmasked, and the guest was not called. */
    EVENT_LOST("event-lost");

    private final String label;

    FindingKind(final String label) {
        this.label = label;
    }

    /** @return the name in reports. */
    public String label() {
        return label;
    }
}
