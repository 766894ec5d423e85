package io.xenolith.hv.sched;

import io.xenolith.shm.Machine;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/**
 * Tells running vCPUs of this process that a deadline of theirs has passed: one daemon thread, asleep until the earliest one. Parked
 * vCPUs do not need it, their own futex time-out wakes them.
 */
public final class DeadlineAlarm
{
    private final long[] deadlines = new long[DomainRecord.MAX_VCPUS];
    private final SystemClock clock;
    private final VcpuWaker waker;
    private final Machine machine;
    private final int slot;
    private final Thread thread;
    private long sleepingUntil = Long.MAX_VALUE;

    /**
     * @param machine the machine.
     * @param domid   this process's domain.
     */
    public DeadlineAlarm(final Machine machine, final int domid)
    {
        this.machine = machine;
        this.clock = new SystemClock(machine);
        this.waker = new VcpuWaker(machine);
        this.slot = DomainRecord.slot(domid);
        Arrays.fill(deadlines, Long.MAX_VALUE);
        thread = Thread.ofPlatform().daemon(true).name("deadlines").unstarted(this::run);
        thread.start();
    }

    /**
     * @param vcpu     a vCPU that runs.
     * @param deadline its earliest deadline, {@link Long#MAX_VALUE} for none.
     */
    void watch(final int vcpu, final long deadline)
    {
        final boolean sooner;
        synchronized (this)
        {
            deadlines[vcpu] = deadline;
            sooner = deadline < sleepingUntil;
        }
        if (sooner)
        {
            LockSupport.unpark(thread);
        }
    }

    /** @param vcpu a vCPU that runs no longer. */
    void forget(final int vcpu)
    {
        synchronized (this)
        {
            deadlines[vcpu] = Long.MAX_VALUE;
        }
    }

    private void run()
    {
        for (;;)
        {
            final long now = clock.now();
            final long next = ringDue(now);
            if (next == Long.MAX_VALUE)
            {
                LockSupport.park(this);
            }
            else if (next > now)
            {
                LockSupport.parkNanos(this, next - now);
            }
        }
    }

    /** Calls the attention of every vCPU that is due. Returns the next deadline. */
    private synchronized long ringDue(final long now)
    {
        long next = Long.MAX_VALUE;
        for (int v = 0; v < deadlines.length; v++)
        {
            if (deadlines[v] <= now)
            {
                deadlines[v] = Long.MAX_VALUE;
                waker.attend(machine.hv().vcpu(slot, v), VcpuRecord.ATTENTION_TIMER);
            }
            next = Math.min(next, deadlines[v]);
        }
        sleepingUntil = next;
        return next;
    }
}
