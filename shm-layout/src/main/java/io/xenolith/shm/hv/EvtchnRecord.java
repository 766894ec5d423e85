package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One event-channel port of a domain.
 *
 * <pre>
 *    0        8    12   16   20   24       32
 *    +--------+----+----+----+----+--------+
 *    | binding|peer|prio|lvcp|lpri| sends  |
 *    +--------+----+----+----+----+--------+
 *     [HV]     [HV] [R0] [F][R0]   [F] atomic
 *
 *  binding  bits  0-7  state, STATE_*
 *                8-15  flags, FLAG_*; RAISED is set by senders and taken by the domain [F][R0] by compare-and-set
 *               16-31  vCPU that is notified  [R0] by compare-and-set (bind_vcpu)
 *               32-47  remote domid (interdomain: the peer; unbound: who may bind)
 *               48-63  incarnation of the remote, 0 for any
 *  peer     interdomain: the peer's port; virq: its number; ipi: 0
 *  prio     FIFO priority
 *  lvcp     vCPU whose FIFO queue the port was last linked into
 *  lpri     its priority then
 *  sends    notifications through this port
 * </pre>
 *
 * <p>A sender reads binding, peer, and binding again: equal words mean that peer belongs to it.
 */
public final class EvtchnRecord {
    /** long. */
    public static final int BINDING = 0;
    /** int. */
    public static final int PEER = BINDING + SIZE_OF_LONG;
    /** int. */
    public static final int PRIORITY = PEER + SIZE_OF_INT;
    /** int. */
    public static final int LAST_VCPU = PRIORITY + SIZE_OF_INT;
    /** int. */
    public static final int LAST_PRIORITY = LAST_VCPU + SIZE_OF_INT;
    /** long. */
    public static final int SENDS = LAST_PRIORITY + SIZE_OF_INT;
    /** Bytes of a record. */
    public static final int LENGTH = SENDS + SIZE_OF_LONG;

    /** Ports of a domain at most (FIFO ABI: 2 to the 17). */
    public static final int MAX_PORTS = 1 << 17;

    /** Free; the numbers are those of EVTCHNOP_status. */
    public static final int STATE_FREE = 0;
    /** Waits for the remote domain to bind. */
    public static final int STATE_UNBOUND = 1;
    /** Connected to a peer. */
    public static final int STATE_INTERDOMAIN = 2;
    /** A physical interrupt. */
    public static final int STATE_PIRQ = 3;
    /** A virtual interrupt. */
    public static final int STATE_VIRQ = 4;
    /** Between vCPUs of one domain. */
    public static final int STATE_IPI = 5;
    /** Never to be handed out (port 0). */
    public static final int STATE_RESERVED = 6;

    /** A flag: the consumer of this port is the hypervisor, not the guest. */
    public static final int FLAG_XEN = 1;
    /** A flag: an event was sent and the domain has not turned it into a pending bit yet. */
    public static final int FLAG_RAISED = 2;

    private EvtchnRecord() {
    }

    /** Builds a binding word. */
    public static long binding(final int state, final int flags, final int vcpu, final int remote,
                               final int incarnation) {
        return (state & 0xFFL) | (flags & 0xFFL) << 8 | (vcpu & 0xFFFFL) << 16
                | (remote & 0xFFFFL) << 32 | (incarnation & 0xFFFFL) << 48;
    }

    /** State of a binding word. */
    public static int state(final long binding) {
        return (int) binding & 0xFF;
    }

    /** Flags of a binding word. */
    public static int flags(final long binding) {
        return (int) binding >>> 8 & 0xFF;
    }

    /** Notified vCPU of a binding word. */
    public static int vcpu(final long binding) {
        return (int) binding >>> 16;
    }

    /** Remote domid of a binding word. */
    public static int remote(final long binding) {
        return (int) (binding >>> 32) & 0xFFFF;
    }

    /** Remote incarnation of a binding word. */
    public static int incarnation(final long binding) {
        return (int) (binding >>> 48);
    }

    /** The binding with another notified vCPU. */
    public static long withVcpu(final long binding, final int vcpu) {
        return binding & ~0xFFFF_0000L | (vcpu & 0xFFFFL) << 16;
    }
}
