package io.xenolith.hv.sched;

import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;

/**
 * The machine's clocks. System time is the host's monotonic clock since power-on, the same in every process. The guests' time-stamp
 * counter is system time times a constant: every guest reads it through us, so it never drifts against the published
 * scale, stands still for nobody, and needs no correction.
 *
 * <pre>  ns = ((tsc shifted by shift) * mul) &gt;&gt; 32        (what a guest computes)</pre>
 */
public final class SystemClock
{
    private static final long NS_PER_S = 1_000_000_000L;
    private static final int MUL_BITS = 32;

    private final long header;
    private final long base;
    private final long frequency;
    private final int shift;
    private final int mul;

    /** @param machine the machine. */
    public SystemClock(final Machine machine)
    {
        this(machine.hv().header());
    }

    SystemClock(final long header)
    {
        this.header = header;
        base = Raw.getLong(header + Header.MONOTONIC_BASE);
        frequency = Raw.getLong(header + Header.TSC_FREQUENCY);
        shift = shiftFor(frequency);
        mul = mulFor(frequency, shift);
    }

    /**
     * The shift that brings the multiplier into 31 to 32 bits: the most exact one.
     *
     * @param frequency of the counter, Hz.
     * @return tsc_shift of vcpu_time_info.
     */
    static int shiftFor(final long frequency)
    {
        int shift = 0;
        while (frequency << Math.max(0, shift) <= NS_PER_S && shift < 31)
        {
            shift++;
        }
        while (shift <= 0 && frequency >>> -shift > 2 * NS_PER_S)
        {
            shift--;
        }
        return shift;
    }

    /**
     * @param frequency of the counter, Hz.
     * @param shift     {@link #shiftFor} of it.
     * @return tsc_to_system_mul of vcpu_time_info.
     */
    static int mulFor(final long frequency, final int shift)
    {
        final java.math.BigInteger ns = java.math.BigInteger.valueOf(NS_PER_S).shiftLeft(MUL_BITS);
        final java.math.BigInteger hz = java.math.BigInteger.valueOf(frequency);
        final java.math.BigInteger quotient = shift >= 0 ?
            ns.divide(hz.shiftLeft(shift)) : ns.shiftLeft(-shift).divide(hz);
        return quotient.intValue();
    }

    /** @return nanoseconds of system time. */
    public long now()
    {
        return System.nanoTime() - base;
    }

    /** @return the guests' time-stamp counter now. */
    public long tsc()
    {
        return toTsc(now());
    }

    /** @param ns system time. @return the counter at that time. */
    public long toTsc(final long ns)
    {
        if (frequency == NS_PER_S)
        {
            return ns;
        }
        final long seconds = ns / NS_PER_S;
        return seconds * frequency + (ns - seconds * NS_PER_S) * frequency / NS_PER_S;
    }

    /** @return the counter's frequency in Hz. */
    public long frequency()
    {
        return frequency;
    }

    /** @return tsc_shift of vcpu_time_info. */
    public int shift()
    {
        return shift;
    }

    /** @return tsc_to_system_mul of vcpu_time_info, unsigned. */
    public int mul()
    {
        return mul;
    }

    /** @return nanoseconds since 1970 at system time 0. */
    public long wallClockAtZero()
    {
        return Raw.getLong(header + Header.WALL_CLOCK);
    }
}
