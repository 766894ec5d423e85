package io.xenolith.hv.sched;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * The deadlines in a vCPU's record: periodic timer, single-shot timer, and on vCPU 0 the domain's two watchdogs. System time in
 * nanoseconds, 0 for none. The periodic timer counts only while VIRQ_TIMER is bound.
 */
public final class VcpuTimers
{
    /** Period every vCPU starts with. */
    public static final long DEFAULT_PERIOD_NS = 10_000_000L;
    /** Shortest period accepted. */
    public static final long MIN_PERIOD_NS = 1_000_000L;
    /** Watchdogs of a domain. */
    public static final int WATCHDOGS = 2;

    private VcpuTimers()
    {
    }

    /**
     * @param vcpu  record address.
     * @param first whether it is vCPU 0.
     * @return earliest deadline, {@link Long#MAX_VALUE} for none.
     */
    static long nextDeadline(final long vcpu, final boolean first)
    {
        long next = orNever(Raw.getLong(vcpu + VcpuRecord.SINGLESHOT));
        if (periodicRuns(vcpu))
        {
            next = Math.min(next, Raw.getLong(vcpu + VcpuRecord.PERIODIC_NEXT));
        }
        for (int i = 0; first && i < WATCHDOGS; i++)
        {
            next = Math.min(next, orNever(Raw.getLong(watchdog(vcpu, i))));
        }
        return next;
    }

    private static long orNever(final long deadline)
    {
        return deadline == 0 ? Long.MAX_VALUE : deadline;
    }

    private static boolean periodicRuns(final long vcpu)
    {
        return Raw.getLong(vcpu + VcpuRecord.PERIODIC_PERIOD) != 0 && Raw.getInt(vcpu + VcpuRecord.VIRQ_PORTS) != 0;
    }

    /**
     * Moves or clears the timers that are due.
     *
     * @param vcpu record address.
     * @param now  system time.
     * @return whether VIRQ_TIMER is to be raised.
     */
    static boolean expire(final long vcpu, final long now)
    {
        boolean due = false;
        final long singleshot = Raw.getLong(vcpu + VcpuRecord.SINGLESHOT);
        if (singleshot != 0 && now >= singleshot)
        {
            Raw.putLong(vcpu + VcpuRecord.SINGLESHOT, 0);
            due = true;
        }
        if (periodicRuns(vcpu))
        {
            final long next = Raw.getLong(vcpu + VcpuRecord.PERIODIC_NEXT);
            final long period = Raw.getLong(vcpu + VcpuRecord.PERIODIC_PERIOD);
            if (next == 0)
            {
                Raw.putLong(vcpu + VcpuRecord.PERIODIC_NEXT, now + period);
            }
            else if (now >= next)
            {
                final long missed = (now - next) / period;
                Raw.putLong(vcpu + VcpuRecord.PERIODIC_NEXT, next + (missed + 1) * period);
                due = true;
            }
        }
        return due;
    }

    /**
     * @param vcpu record of vCPU 0.
     * @param now  system time.
     * @return whether a watchdog of the domain has run out; it is cleared.
     */
    static boolean watchdogExpired(final long vcpu, final long now)
    {
        boolean expired = false;
        for (int i = 0; i < WATCHDOGS; i++)
        {
            final long deadline = Raw.getLong(watchdog(vcpu, i));
            if (deadline != 0 && now >= deadline)
            {
                Raw.putLong(watchdog(vcpu, i), 0);
                expired = true;
            }
        }
        return expired;
    }

    /** @param vcpu record of vCPU 0. @param i 0 or 1. @return address of the watchdog's deadline. */
    static long watchdog(final long vcpu, final int i)
    {
        return vcpu + VcpuRecord.WATCHDOGS + (long)i * Long.BYTES;
    }
}
