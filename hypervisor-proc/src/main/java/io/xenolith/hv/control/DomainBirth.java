package io.xenolith.hv.control;

import io.xenolith.hv.sched.RunState;
import io.xenolith.hv.sched.SystemClock;
import io.xenolith.hv.sched.TimeInfo;
import io.xenolith.hv.sched.VcpuTimers;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;

/** Fills in the structures of a new domain; used for domain 0 at power-on and for all others by DOMAIN_CREATE. */
final class DomainBirth
{
    /** Ports a domU may have: all that the 2-level ABI of a 32-bit guest can express. */
    static final int DOMU_PORTS = 1024;
    /** Ports of domain 0. */
    static final int DOM0_PORTS = 4096;
    /** Grant references per frame of a version 1 table. */
    static final int GRANTS_PER_FRAME = 512;
    /** Frames a domain gets of the hypervisor at birth: shared_info and one grant frame. */
    static final int XENHEAP_FRAMES = 2;

    private static final int VCPU_INFO_LENGTH = 64;
    private static final int LEGACY_VCPUS = 32;

    private final Machine machine;
    private final HypervisorFile hv;
    private final SystemClock clock;

    DomainBirth(final Machine machine)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.clock = new SystemClock(machine);
    }

    /** What a domain is created with. */
    record Birth(
        int domid, int incarnation, int width, int vcpus, int maxPages, long uuidHigh, long uuidLow, long sharedInfo,
        long grantFrame, int ports, int state, long flags)
    {
        int slot()
        {
            return DomainRecord.slot(domid);
        }
    }

    /** Backs the domain's own area. Throws {@link io.xenolith.shm.MachineFullException}. */
    void back(final int slot, final int vcpus, final int ports)
    {
        hv.backDomain(slot, vcpus);
        hv.backPorts(slot, ports);
        hv.backGrants(slot, GRANTS_PER_FRAME);
    }

    /** Fills everything in, the identity word last. May be repeated until the identity is there. */
    void fill(final Birth b)
    {
        final long record = hv.domain(b.slot());
        clear(record);
        Raw.putInt(record + DomainRecord.WIDTH, b.width());
        Raw.putInt(record + DomainRecord.VCPUS, b.vcpus());
        Raw.putInt(record + DomainRecord.MAX_PAGES, b.maxPages());
        Raw.putInt(record + DomainRecord.XENHEAP_PAGES, XENHEAP_FRAMES);
        Raw.putInt(record + DomainRecord.SHUTDOWN_CODE, -1);
        Raw.putInt(record + DomainRecord.PAUSE_COUNT, b.domid() == 0 ? 0 : 1);
        Raw.putLong(record + DomainRecord.SHARED_INFO_MFN, b.sharedInfo());
        Raw.putLong(record + DomainRecord.UUID, Long.reverseBytes(b.uuidHigh()));
        Raw.putLong(record + DomainRecord.UUID + Long.BYTES, Long.reverseBytes(b.uuidLow()));
        Raw.putLong(record + DomainRecord.CREATED, System.currentTimeMillis() * 1_000_000L);
        Raw.putLong(record + DomainRecord.CREATED_EPOCH,
            Raw.getLong(hv.header() + io.xenolith.shm.hv.Header.EPOCH));
        Raw.putInt(record + DomainRecord.EVTCHN_LIMIT, b.ports());
        Raw.putInt(record + DomainRecord.EVTCHN_HIGHEST, 1);
        Raw.putInt(record + DomainRecord.GRANT_VERSION, 1);
        Raw.putInt(record + DomainRecord.GRANT_FRAMES, 1);
        Raw.putInt(record + DomainRecord.GRANT_MAX_FRAMES, DomainRecord.MAX_GRANT_FRAMES);
        Raw.putInt(record + DomainRecord.GRANT_FRAME_MFNS, (int)b.grantFrame());
        for (int v = 0; v < b.vcpus(); v++)
        {
            fillVcpu(b, v);
        }
        fillSharedInfo(b);
        Raw.putLong(hv.evtchn(b.slot(), 0) + EvtchnRecord.BINDING,
            EvtchnRecord.binding(EvtchnRecord.STATE_RESERVED, 0, 0, 0, 0));
        KillPoint.hit(KillPoint.DOMAIN_BEFORE_IDENTITY);
        Raw.putLongVolatile(record + DomainRecord.IDENTITY,
            DomainRecord.identity(b.domid(), b.incarnation(), b.state(), b.flags()));
    }

    /** Clears the record of the slot's last user, except for its identity and for how much is backed. */
    private static void clear(final long record)
    {
        Raw.fill(record + DomainRecord.PID, DomainRecord.BACKED_VCPUS - DomainRecord.PID, (byte)0);
        Raw.fill(record + DomainRecord.EVTCHN_ABI, DomainRecord.LENGTH - DomainRecord.EVTCHN_ABI, (byte)0);
    }

    private void fillVcpu(final Birth b, final int vcpu)
    {
        final long v = hv.vcpu(b.slot(), vcpu);
        if (vcpu < LEGACY_VCPUS)
        {
            Raw.putInt(v + VcpuRecord.VCPU_INFO_OFFSET, vcpu * VCPU_INFO_LENGTH);
            Raw.putLong(v + VcpuRecord.VCPU_INFO_MFN, b.sharedInfo());
        }
        Raw.putLong(v + VcpuRecord.PERIODIC_PERIOD, VcpuTimers.DEFAULT_PERIOD_NS);
        Raw.putInt(v + VcpuRecord.RUNSTATE, RunState.OFFLINE);
        Raw.putLong(v + VcpuRecord.RUNSTATE_SINCE, clock.now());
    }

    private void fillSharedInfo(final Birth b)
    {
        final long page = machine.memory().addressOf(b.sharedInfo());
        for (int v = 0; v < LEGACY_VCPUS; v++)
        {
            Raw.putByte(page + v * VCPU_INFO_LENGTH + 1, (byte)1);
        }
        for (int v = 0; v < Math.min(b.vcpus(), LEGACY_VCPUS); v++)
        {
            TimeInfo.publish(page + v * VCPU_INFO_LENGTH + TimeInfo.IN_VCPU_INFO, clock);
        }
        TimeInfo.publishWallClock(page, b.width() == 64, clock.wallClockAtZero());
    }
}
