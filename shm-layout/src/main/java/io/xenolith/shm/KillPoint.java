package io.xenolith.shm;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The places where a process can be made to kill itself: one before each store to shared hypervisor or dom0
 * state, so that tests can end a process between any two of them.
 *
 * <p>Armed in one process by {@code -Dxenolith.kill=NAME:occurrence} (occurrence 1 is the first time the point is
 * reached; absent means 1), or in any process of a machine by its {@link KillBoard}. The process then ends by SIGKILL,
 * without any Java code running after it. In a process that has neither property a point costs nothing: the guard is
 * a constant.
 *
 * <p>Add an entry to the section of your part when you write a store, and name it after what has <i>not</i> yet
 * happened when it strikes.
 */
public enum KillPoint {
    // ---- machine creation (shm) ----
    /** Files made and reserved; the version word is not yet written. */
    MACHINE_BEFORE_PUBLISH,

    // ---- hypervisor process (hv.control) ----

    /** A request's words are in its mailbox; it is not posted. */
    MAILBOX_BEFORE_POST,
    /** A request is posted; the hypervisor's hints are not set. */
    MAILBOX_BEFORE_HINT,
    /** A request is posted and hinted at; the doorbell is not rung. */
    MAILBOX_BEFORE_RING,
    /** The result is there; the requester has not taken it. */
    MAILBOX_BEFORE_TAKE,
    /** The hint of a posted request is taken; the request is not served. */
    MAILBOX_BEFORE_SERVE,
    /** A hypervisor process has its post; the header names its predecessor. */
    HYPERVISOR_BEFORE_PID,
    /** The words of an intent are written; it is not begun. */
    INTENT_BEFORE_BEGIN,
    /** An intent has begun; its plan is not made. */
    INTENT_BEFORE_PLAN,
    /** The plan is made; it is not committed. */
    INTENT_BEFORE_COMMIT,
    /** The plan is committed; nothing of it is applied. */
    INTENT_BEFORE_APPLY,
    /** The plan is applied; the requester has no answer. */
    INTENT_BEFORE_ANSWER,
    /** The result is in the mailbox; it is not marked as served. */
    MAILBOX_BEFORE_SERVED,
    /** Marked as served; not marked as done. */
    MAILBOX_BEFORE_DONE,
    /** The requester has its answer; the intent is not ended. */
    INTENT_BEFORE_END,
    /** A frame is chosen and backed; its owner word is not written. */
    HEAP_BEFORE_OWNER,
    /** A frame is taken from its owner; its backing is not released. */
    HEAP_BEFORE_RELEASE,
    /** A frame is without backing; its record does not say that it is free. */
    HEAP_BEFORE_FREE,
    /** A new domain's record is filled in; its identity is not written. */
    DOMAIN_BEFORE_IDENTITY,
    /** A domain is there; its process is not started. */
    DOMAIN_BEFORE_SPAWN,
    /** A process runs; its identity is not recorded. */
    DOMAIN_BEFORE_PID,
    /** A domain is found dead; it is not marked. */
    REAP_BEFORE_DYING,
    /** Marked as dying; its CPU slots and mailboxes are not taken back. */
    REAP_BEFORE_SLOTS,
    /** Slots are taken back; its ports are not closed. */
    REAP_BEFORE_PORTS,
    /** A port is closed here; the peer's is not changed. */
    REAP_BEFORE_PEER,
    /** Ports are closed; its pins on others' frames are not dropped. */
    REAP_BEFORE_PINS,
    /** Pins are dropped; its frames are not swept. */
    REAP_BEFORE_FRAMES,
    /** Frames are swept; the slot is not free. */
    REAP_BEFORE_FREE,
    /** The slot is free; dom0 is not told. */
    REAP_BEFORE_TELL,

    // ---- event channels ----
    /** A port's binding is not written. */
    PORT_BEFORE_BINDING,
    /** One side of a binding is written; the peer's is not. */
    PORT_BEFORE_PEER,
    /** A virtual interrupt's port is not in the vCPU's table. */
    PORT_BEFORE_VIRQ,
    /** A port is raised; the vCPU's hint is not set. */
    EVTCHN_RAISE,
    /** The hint is set; the attention bit is not. */
    EVTCHN_HINT,
    /** Attention is called; pollers are not woken. */
    EVTCHN_ATTENTION,
    /** A raised event is taken; it is not pending. */
    EVTCHN_TAKE,
    /** Pending; the selector is not set. */
    EVTCHN_PENDING,
    /** Selected (or ready); the up-call byte is not set. */
    EVTCHN_SELECTOR,
    /** The up-call byte is set; the vCPU is not told. */
    EVTCHN_UPCALL,
    /** A port notifies another vCPU; a waiting event is not announced there. */
    EVTCHN_BIND_VCPU,
    /** A FIFO control block is recorded. */
    FIFO_CONTROL,
    /** A FIFO array page is recorded. */
    FIFO_EXPAND,
    /** A FIFO priority is set. */
    FIFO_PRIORITY,
    /** A FIFO tail's link is written. */
    FIFO_LINK,
    /** A FIFO head is written; the ready bit is not. */
    FIFO_HEAD,

    // ---- grants ----
    /** A grant is claimed; the guest's entry does not say that it is in use. */
    GRANT_BEFORE_FLAGS,
    /** The entry says in use; the frame is not fixed. */
    GRANT_BEFORE_FRAME,
    /** The frame is fixed; the pin does not count. */
    GRANT_BEFORE_PIN,
    /** The pin counts; the frame has not been looked at again. */
    GRANT_BEFORE_RECHECK,
    /** A pin is given up; it still counts. */
    GRANT_BEFORE_UNPIN,
    /** The last pin is gone; the guest's entry still says in use. */
    GRANT_BEFORE_CLEAR,
    /** The entry is clear; the word is still claimed. */
    GRANT_BEFORE_RELEASE,
    /** A frame's CODE flag is off; its generation is the old one. */
    CODE_BEFORE_GENERATION,
    /** The generation is new; the vCPUs are not told. */
    CODE_BEFORE_ATTENTION,
    /** A grant-table frame is owned; the table does not list it. */
    GRANT_BEFORE_TABLE,
    /** A transferred frame has its new owner; the receiver's entry does not say so. */
    TRANSFER_BEFORE_ENTRY,
    /** The receiver's entry holds the frame; it is not marked as completed. */
    TRANSFER_BEFORE_COMPLETED,

    // ---- scheduling and time ----
    /** A physical CPU is taken; the vCPU does not say that it runs. */
    SLOT_TAKEN,
    /** A physical CPU is free; nobody is put on it. */
    SLOT_FREE,
    /** A physical CPU is given to another vCPU; that one is not woken. */
    SLOT_GIVEN,
    /** A timer's deadline is taken; its interrupt is not raised. */
    TIMER_BEFORE_RAISE,
    /** A vCPU's deadline is set; it does not know. */
    TIMER_SET,
    /** A pause is taken off; a domain under construction is not yet alive. */
    UNPAUSE_BEFORE_LIVE,
    /** A pause count is changed; the vCPUs are not told. */
    PAUSE_BEFORE_ATTENTION,
    /** A shutdown code is stored; the state does not say so. */
    SHUTDOWN_BEFORE_STATE,
    /** The state says shut down; dom0 is not told. */
    SHUTDOWN_BEFORE_TELL,

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
    /** A domain is to be paused for a moment, or was; its cell does not say so, or still does. */
    DOM0_CELL_PAUSING,
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
    /** A row of frames is claimed for dom0's durable memory; its record does not say where. */
    DOM0_MEMORY_CLAIMED,
    /** dom0's durable memory is its own; its record does not yet say so. */
    DOM0_MEMORY_OWNED,
    /** A request is not yet marked as being served. */
    DOM0_SLOT_TAKE,
    /** An answer is written; the request is not marked as answered. */
    DOM0_SLOT_ANSWER,
    /** A domain is built; nothing in dom0 knows it. */
    DOM0_CREATE_BUILT,
    /** A domain's nodes and back-ends are there; it is not in the book. */
    DOM0_CREATE_BOOK,
    /** A domain is in the book and paused. */
    DOM0_CREATE_UNPAUSE,
    /** A domain is marked for its end; dom0 still has all of it. */
    DOM0_DESTROY_CLEANUP,

    // ---- tests of the mechanism itself ----
    /** Used by the test of kill points only. */
    SELF_TEST;

    /** The system property that arms a point: {@code NAME:occurrence}. */
    public static final String PROPERTY = "xenolith.kill";
    private static final boolean ARMED = System.getProperty(PROPERTY) != null
            || System.getProperty(KillBoard.PROPERTY) != null;

    /** Ends the process here if this point is armed and reached for the armed time. */
    public static void hit(final KillPoint point) {
        if (ARMED) {
            Trigger.hit(point);
        }
    }

    /**
     * A value of {@link #PROPERTY}.
     *
     * @param target     the armed point
     * @param occurrence 1 for the first time it is reached
     */
    record Spec(KillPoint target, int occurrence) {
        /** Reads {@code NAME:occurrence}; the occurrence is 1 when it is left out. */
        static Spec parse(final String text) {
            final int colon = text.indexOf(':');
            final String name = (colon < 0 ? text : text.substring(0, colon)).trim();
            final int occurrence = colon < 0 ? 1 : Integer.parseInt(text.substring(colon + 1).trim());
            for (final KillPoint p : values()) {
                if (p.name().equals(name)) {
                    return new Spec(p, occurrence);
                }
            }
            throw new IllegalArgumentException("-D" + PROPERTY + "=" + text + ": there is no kill point " + name);
        }
    }

    /** What is armed. Loaded only in a process that has one of the properties. */
    private static final class Trigger {
        private static final Spec SPEC = System.getProperty(PROPERTY) == null ? new Spec(null, 0)
                : Spec.parse(System.getProperty(PROPERTY));
        private static final AtomicInteger LEFT = new AtomicInteger(SPEC.occurrence());
        private static final KillBoard.Watcher BOARD = KillBoard.Watcher.ofThisProcess();

        static void hit(final KillPoint point) {
            final boolean onBoard = BOARD != null && BOARD.fatal(point);
            if (onBoard || point == SPEC.target() && LEFT.decrementAndGet() == 0) {
                Processes.kill(Processes.self(), Processes.SIGKILL);
                // The signal is on its way to this thread; nothing of the program may run before it arrives.
                while (true) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
