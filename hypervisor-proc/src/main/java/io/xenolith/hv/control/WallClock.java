package io.xenolith.hv.control;

import io.xenolith.hv.sched.SystemClock;
import io.xenolith.hv.sched.TimeInfo;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;

/**
 * Follows the host's real-time clock when somebody sets it: system time goes on evenly, and what date it was at system time 0 changes. Looked
 * at whenever the hypervisor process is awake anyway.
 */
final class WallClock
{
    private static final long TOLERANCE_NS = 200_000_000L;
    private static final long NS_PER_MS = 1_000_000L;

    private final Machine machine;
    private final HypervisorFile hv;
    private final SystemClock clock;

    WallClock(final Machine machine)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.clock = new SystemClock(machine);
    }

    /** @return whether the clock was set since the last look; then every domain has been told. */
    boolean follow()
    {
        return follow(System.currentTimeMillis() * NS_PER_MS);
    }

    boolean follow(final long realTimeNs)
    {
        final long atZero = realTimeNs - clock.now();
        if (Math.abs(atZero - clock.wallClockAtZero()) < TOLERANCE_NS)
        {
            return false;
        }
        Raw.putLong(hv.header() + Header.WALL_CLOCK, atZero);
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            final long record = hv.domain(slot);
            final int state = Domains.state(record);
            if (state != DomainRecord.STATE_FREE && state != DomainRecord.STATE_DYING)
            {
                final long page = machine.memory().addressOf(Raw.getLong(record + DomainRecord.SHARED_INFO_MFN));
                TimeInfo.publishWallClock(page, Raw.getInt(record + DomainRecord.WIDTH) == 64, atZero);
            }
        }
        return true;
    }
}
