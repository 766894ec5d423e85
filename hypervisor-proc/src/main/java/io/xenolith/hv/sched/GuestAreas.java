package io.xenolith.hv.sched;

/** What a vCPU's thread asks of the code that knows its guest's memory and registers. Called by that thread only. */
public interface GuestAreas
{
    /**
     * The vCPU's run state changed: the copy that the guest registered, if any, is written. A bad address is ignored.
     *
     * @param vcpu the calling vCPU.
     */
    void runstateChanged(int vcpu);

    /**
     * The vCPU's time structure changed: the second copy, if any, is written. A bad address is ignored.
     *
     * @param vcpu the calling vCPU.
     */
    void timeChanged(int vcpu);

    /**
     * Writes the register dump of a vCPU that is out of its guest.
     *
     * @param vcpu the calling vCPU.
     */
    void dumpRegisters(int vcpu);

    /** A watchdog of the domain ran out: the domain shuts down with reason watchdog. */
    void watchdogExpired();
}
