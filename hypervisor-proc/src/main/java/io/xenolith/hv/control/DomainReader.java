package io.xenolith.hv.control;

import io.xenolith.hv.sched.RunState;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.UUID;

/** Reads a domain's record into a {@link DomainInfo}, word by word: a living domain changes under the reader. */
public final class DomainReader
{
    private DomainReader()
    {
    }

    /**
     * @param hv     the hypervisor's structures.
     * @param record a domain record.
     * @return what it says.
     */
    public static DomainInfo read(final HypervisorFile hv, final long record)
    {
        final long identity = Raw.getLong(record + DomainRecord.IDENTITY);
        final int domid = DomainRecord.domid(identity);
        final int slot = DomainRecord.slot(domid);
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        final int online = Raw.getInt(record + DomainRecord.ONLINE_VCPUS);
        boolean running = false;
        boolean blocked = online != 0;
        long cpuTime = Raw.getLong(record + DomainRecord.CPU_TIME);
        final long now = System.nanoTime() - Raw.getLong(hv.header() + Header.MONOTONIC_BASE);
        for (int v = 0; v < vcpus; v++)
        {
            if ((online >>> v & 1) != 0)
            {
                final long address = hv.vcpu(slot, v);
                final int state = Raw.getInt(address + VcpuRecord.STATE);
                if (Raw.getInt(address + VcpuRecord.RUNSTATE) == RunState.RUNNING)
                {
                    cpuTime += Math.max(0, now - Raw.getLong(address + VcpuRecord.RUNSTATE_SINCE));
                }
                running |= Raw.getInt(address + VcpuRecord.PCPU) != 0;
                blocked &= state == VcpuRecord.STATE_BLOCKED || state == VcpuRecord.STATE_POLLING;
            }
        }
        return new DomainInfo(
            domid,
            DomainRecord.incarnation(identity),
            DomainInfo.State.values()[Math.clamp(DomainRecord.state(identity), 0, DomainRecord.STATE_DYING)],
            Raw.getInt(record + DomainRecord.WIDTH) == 64,
            Raw.getInt(record + DomainRecord.PAUSE_COUNT),
            blocked,
            running,
            Raw.getInt(record + DomainRecord.SHUTDOWN_CODE),
            Raw.getInt(record + DomainRecord.VCPUS),
            Integer.bitCount(online),
            Raw.getInt(record + DomainRecord.MAX_PAGES),
            totalPages(record),
            cpuTime,
            new UUID(
                Long.reverseBytes(Raw.getLong(record + DomainRecord.UUID)),
                Long.reverseBytes(Raw.getLong(record + DomainRecord.UUID + Long.BYTES))),
            Raw.getInt(domid == 0 ? hv.header() + Header.DOM0_PID : record + DomainRecord.PID));
    }

    /** @param record a domain. @return frames it owns. */
    public static int totalPages(final long record)
    {
        return PageTotals.total(record);
    }
}
