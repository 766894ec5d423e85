package io.xenolith.shm;

/**
 * The places where a process can be made to kill itself: one before each store to shared hypervisor or dom0
 * state, so that tests can end a process between any two of them.
 *
 * <p>Armed by {@code -Dxenolith.kill=NAME:occurrence} (occurrence 1 is the first time the point is reached;
 * absent means 1). The process then ends by SIGKILL, without any Java code running after it. Unarmed, a point
 * costs nothing: the guard is a constant.
 *
 * <p>Add an entry to the section of your part when you write a store, and name it after what has <i>not</i> yet
 * happened when it strikes.
 */
public enum KillPoint {
    // ---- machine creation (shm) ----
    /** Files made and reserved; the version word is not yet written. */
    MACHINE_BEFORE_PUBLISH,

    // ---- hypervisor process (hv.control) ----

    // ---- event channels ----

    // ---- grants ----

    // ---- scheduling and time ----

    // ---- frames and page tables ----
    /** A frame's reference count is not yet changed. */
    FRAME_BEFORE_REFERENCE,
    /** A frame is not yet taken out of use, or put back into it. */
    FRAME_BEFORE_CLAIM,
    /** A frame's type word is not yet changed. */
    FRAME_BEFORE_TYPE,
    /** A frame's page lock is not yet taken or released. */
    FRAME_BEFORE_LOCK,
    /** A flag or the state in a frame's owner word is not yet changed. */
    FRAME_BEFORE_FLAG,
    /** A page-table entry is not yet stored; its references are taken. */
    TABLE_BEFORE_ENTRY,
    /** A machine-to-physical entry is not yet stored. */
    M2P_BEFORE_SET,
    /** A vCPU's root table is not yet replaced in its record. */
    VCPU_BEFORE_ROOT,
    /** A word of a vCPU's GDT is not yet replaced in its record. */
    VCPU_BEFORE_GDT,
    /** A vCPU's LDT is not yet replaced in its record. */
    VCPU_BEFORE_LDT,
    /** The magazine's count is not yet changed. */
    MAGAZINE_BEFORE_COUNT,
    /** A domain's page count is not yet changed. */
    DOMAIN_BEFORE_PAGES,
    /** A domain's assist bits, port permissions or console line are not yet changed. */
    DOMAIN_BEFORE_SETTING,
    /** A crash report is not yet published. */
    DOMAIN_BEFORE_CRASH_REPORT,

    // ---- dom0: journal and xenstore ----
    /** A new journal has its sizes, not yet its magic. */
    DOM0_JOURNAL_FORMAT,
    /** Nothing of a batch is written. */
    DOM0_JOURNAL_BATCH,
    /** Length and checksum of a batch are written, its bytes not. */
    DOM0_JOURNAL_BYTES,
    /** A batch is whole, not yet committed. */
    DOM0_JOURNAL_COMMIT,
    /** A batch is committed; nobody was told. */
    DOM0_JOURNAL_COMMITTED,
    /** The idle half still holds what it held. */
    DOM0_JOURNAL_COMPACT,
    /** The idle half holds the whole state and does not yet say how much. */
    DOM0_JOURNAL_SNAPSHOT,
    /** The idle half is whole, not yet the active one. */
    DOM0_JOURNAL_FLIP,
    /** The halves have changed roles; nobody was told. */
    DOM0_JOURNAL_FLIPPED,
    /** A request is done and committed; the ring does not yet show it as consumed. */
    DOM0_STORE_REQ_CONS,
    /** Part of a request is committed; the ring does not yet show it as consumed. */
    DOM0_STORE_PARTIAL,
    /** Reply bytes are not yet in the ring. */
    DOM0_STORE_REPLY,
    /** Reply bytes are in the ring and counted; the guest does not see them. */
    DOM0_STORE_RSP_PROD,
    /** A domain's cell has lost its owner; its positions are the last owner's. */
    DOM0_CELL_CLEARED,
    /** A domain's cell is zeroed and has no owner. */
    DOM0_CELL_CLAIM,
    /** The cell of a domain that is gone still names it. */
    DOM0_CELL_RELEASE,
    /** The position of replies has not moved. */
    DOM0_CELL_STORE_OUT,

    // ---- dom0: console ----
    /** Console output is in the log; its position has not moved. */
    DOM0_CELL_CONSOLE_OUT,
    /** Console input is in the ring; its position has not moved. */
    DOM0_CELL_CONSOLE_IN,
    /** Console output is logged and counted; the guest does not see it consumed. */
    DOM0_CONSOLE_OUT_CONS,
    /** Console input is counted; the guest does not see it. */
    DOM0_CONSOLE_IN_PROD,

    // ---- dom0: block back-end ----
    /** A ring record is zeroed and not in the directory. */
    DOM0_RECORD_CREATE,
    /** A ring record says how the ring is connected, not of how many pages it is. */
    DOM0_RECORD_CONNECT,
    /** A ring record is still in the directory. */
    DOM0_RECORD_REMOVE,
    /** A descriptor is copied, not yet marked as taken. */
    DOM0_RING_IN_FLIGHT,
    /** A descriptor is taken; the position of requests has not moved. */
    DOM0_RING_REQ_CONS,
    /** A response stands in the ring; it is not marked as answered. */
    DOM0_RING_ANSWERED,
    /** A response is marked as answered; the position of responses has not moved. */
    DOM0_RING_RSP_PROD,
    /** The position of responses has moved; the guest does not see it. */
    DOM0_RING_PUBLISH,
    /** A response is published; its request is still in the table. */
    DOM0_RING_CLEAR,

    // ---- dom0: toolstack and builder ----

    // ---- tests of the mechanism itself ----
    /** Used by the test of kill points only. */
    SELF_TEST;

    /** The system property that arms a point. */
    public static final String PROPERTY = "xenolith.kill";

    private static final boolean ARMED = System.getProperty(PROPERTY) != null;

    /** Ends the process here if this point is armed and reached for the armed time. */
    public static void hit(final KillPoint point) {
        if (ARMED) {
            Trigger.hit(point);
        }
    }

    /** What is armed. Loaded only in a process that has the property. */
    static final class Trigger {
        private static final KillPoint TARGET;
        private static final java.util.concurrent.atomic.AtomicInteger LEFT;

        static {
            final String spec = System.getProperty(PROPERTY, "");
            TARGET = target(spec);
            LEFT = new java.util.concurrent.atomic.AtomicInteger(occurrence(spec));
        }

        private Trigger() {
        }

        /** The point named in {@code NAME:occurrence}. */
        static KillPoint target(final String spec) {
            final String name = name(spec);
            for (final KillPoint p : values()) {
                if (p.name().equals(name)) {
                    return p;
                }
            }
            throw new IllegalArgumentException("-D" + PROPERTY + "=" + spec + ": there is no kill point " + name);
        }

        /** The occurrence in {@code NAME:occurrence}, 1 when it is left out. */
        static int occurrence(final String spec) {
            final int colon = spec.indexOf(':');
            return colon < 0 ? 1 : Integer.parseInt(spec.substring(colon + 1).trim());
        }

        private static String name(final String spec) {
            final int colon = spec.indexOf(':');
            return (colon < 0 ? spec : spec.substring(0, colon)).trim();
        }

        static void hit(final KillPoint point) {
            if (point == TARGET && LEFT.decrementAndGet() == 0) {
                Processes.kill(Processes.self(), Processes.SIGKILL);
                // The signal is on its way to this thread; nothing of the program may run before it arrives.
                while (true) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
