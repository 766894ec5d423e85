package io.xenolith.hv.sched;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * Calls a vCPU's attention, from any process. The attention bit is set first, with a full fence; a vCPU about to park
 * publishes that it parks and then looks at the word; so either it sees the bit or it is seen and rung.
 */
public final class VcpuWaker
{
    /** @param machine the machine. */
    public VcpuWaker(final Machine machine)
    {
        java.util.Objects.requireNonNull(machine);
    }

    /**
     * Sets attention bits and wakes the vCPU if it sleeps.
     *
     * @param vcpu address of its record.
     * @param bits VcpuRecord.ATTENTION_.
     */
    public void attend(final long vcpu, final int bits)
    {
        Raw.getAndOrInt(vcpu + VcpuRecord.ATTENTION, bits);
        wake(vcpu);
    }

    /**
     * Wakes a vCPU that is parked, paused or waits for a physical CPU, so that it looks again at what it waits for.
     *
     * @param vcpu address of its record.
     */
    public void wake(final long vcpu)
    {
        if (!RunWord.isRunning(Raw.getLongVolatile(vcpu + VcpuRecord.RUN)))
        {
            Doorbell.ring(vcpu + VcpuRecord.DOORBELL);
        }
    }
}
