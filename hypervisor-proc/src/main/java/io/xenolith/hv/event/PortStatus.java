package io.xenolith.hv.event;

/**
 * What EVTCHNOP_status tells about one port.
 *
 * @param state       one of the constants, EVTCHNSTAT_ of the ABI.
 * @param vcpu        vCPU that gets the notifications.
 * @param remoteDomid UNBOUND: who may bind; INTERDOMAIN: the peer.
 * @param remotePort  INTERDOMAIN: the peer's port.
 * @param virq        VIRQ: its number.
 */
public record PortStatus(int state, int vcpu, int remoteDomid, int remotePort, int virq)
{
    /** Not in use. */
    public static final int CLOSED = 0;
    /** Waits for a remote domain to bind. */
    public static final int UNBOUND = 1;
    /** Joined to a port of a (possibly the same) domain. */
    public static final int INTERDOMAIN = 2;
    /** Bound to a physical interrupt: never, there are none. */
    public static final int PIRQ = 3;
    /** Bound to a virtual interrupt. */
    public static final int VIRQ = 4;
    /** Bound for signals between vCPUs of the domain. */
    public static final int IPI = 5;
}
