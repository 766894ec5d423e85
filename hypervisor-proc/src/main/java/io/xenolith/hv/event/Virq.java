package io.xenolith.hv.event;

/** Virtual interrupts: numbers of the ABI and which of them exist per vCPU. */
public final class Virq
{
    /** Timebase update of a vCPU. */
    public static final int TIMER = 0;
    /** Request to dump a guest's state, per vCPU. */
    public static final int DEBUG = 1;
    /** Bytes received on the emergency console. */
    public static final int CONSOLE = 2;
    /** A domain died, shut down or was released: to dom0. */
    public static final int DOM_EXC = 3;
    /** Profiling, per vCPU. */
    public static final int XENOPROF = 7;
    /** New text on the machine console. */
    public static final int CON_RING = 8;
    /** Performance counters, per vCPU. */
    public static final int XENPMU = 13;
    /** Number of virtual interrupts. */
    public static final int COUNT = 24;

    private Virq()
    {
    }

    /** @param virq a number below {@link #COUNT}. @return whether every vCPU binds its own. */
    public static boolean perVcpu(final int virq)
    {
        return virq == TIMER || virq == DEBUG || virq == XENOPROF || virq == XENPMU;
    }
}
