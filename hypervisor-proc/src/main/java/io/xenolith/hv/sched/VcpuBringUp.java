package io.xenolith.hv.sched;

import io.xenolith.hv.hypercall.Caller;

/** What starting another vCPU needs of the x86 side. */
public interface VcpuBringUp
{
    /**
     * Checks the context that has been copied into a vCPU's record and takes the references it needs.
     *
     * @param caller the calling vCPU.
     * @param vcpu   the vCPU to be, whose record holds the context.
     * @return 0 or a negative errno; then nothing is held.
     */
    int initialise(Caller caller, int vcpu);

    /**
     * Starts the thread of an initialised vCPU, or does nothing when it runs already.
     *
     * @param vcpu the vCPU.
     */
    void start(int vcpu);

    /**
     * Delivers a non-maskable interrupt.
     *
     * @param vcpu a vCPU of the domain.
     * @return 0 or a negative errno.
     */
    int sendNmi(int vcpu);
}
