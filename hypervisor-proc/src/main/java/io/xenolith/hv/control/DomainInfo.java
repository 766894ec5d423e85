package io.xenolith.hv.control;

import java.util.UUID;

/**
 * One domain as {@code xl list} sees it, read word by word while it lives.
 *
 * @param domid          domain id.
 * @param incarnation    which user of that id; never the same twice.
 * @param state          where it stands in its life.
 * @param bits64         whether it uses the 64-bit ABI.
 * @param pauseCount     how often it is paused; it runs at 0.
 * @param blocked        whether every vCPU that is up waits for an event.
 * @param running        whether some vCPU holds a physical CPU.
 * @param shutdownReason SHUTDOWN_ of the ABI, -1 while it has not shut down.
 * @param vcpus          vCPUs it may have.
 * @param online         vCPUs that are up.
 * @param maxPages       most frames it may own.
 * @param totalPages     frames it owns.
 * @param cpuTimeNs      time its vCPUs held physical CPUs, nanoseconds.
 * @param handle         the UUID given at creation.
 * @param pid            process that runs it, 0 before it has one.
 */
public record DomainInfo(
    int domid,
    int incarnation,
    State state,
    boolean bits64,
    int pauseCount,
    boolean blocked,
    boolean running,
    int shutdownReason,
    int vcpus,
    int online,
    long maxPages,
    long totalPages,
    long cpuTimeNs,
    UUID handle,
    long pid)
{
    /** Stages of a domain's life. The ordinal is what stands in the domain record. */
    public enum State
    {
        /** The slot is free; the record may still tell of its last user. */
        FREE,
        /** Under construction: not yet released by its builder. */
        BUILDING,
        /** Alive, running or paused. */
        LIVE,
        /** Shut itself down; waits for the toolstack. */
        SHUTDOWN,
        /** Dead; what it held is being taken back. */
        DYING
    }

    /** SHUTDOWN_poweroff. */
    public static final int POWEROFF = 0;
    /** SHUTDOWN_reboot. */
    public static final int REBOOT = 1;
    /** SHUTDOWN_suspend. */
    public static final int SUSPEND = 2;
    /** SHUTDOWN_crash; also what a killed process leaves. */
    public static final int CRASH = 3;
    /** SHUTDOWN_watchdog. */
    public static final int WATCHDOG = 4;
    /** SHUTDOWN_soft_reset. */
    public static final int SOFT_RESET = 5;
}
