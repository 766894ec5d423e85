package io.xenolith.hv.sched;

import static io.xenolith.hv.hypercall.Errno.EACCES;
import static io.xenolith.hv.hypercall.Errno.EBUSY;
import static io.xenolith.hv.hypercall.Errno.EEXIST;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOENT;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.ENXIO;

import io.xenolith.hv.control.DomainInfo;
import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestMemory;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;

/** The hypercall vcpu_op (24): (cmd, vcpu, arg). */
public final class VcpuOps
{
    private static final int INITIALISE = 0;
    private static final int UP = 1;
    private static final int DOWN = 2;
    private static final int IS_UP = 3;
    private static final int GET_RUNSTATE = 4;
    private static final int RUNSTATE_AREA = 5;
    private static final int SET_PERIODIC = 6;
    private static final int STOP_PERIODIC = 7;
    private static final int SET_SINGLESHOT = 8;
    private static final int STOP_SINGLESHOT = 9;
    private static final int REGISTER_INFO = 10;
    private static final int SEND_NMI = 11;
    private static final int GET_PHYSID = 12;
    private static final int TIME_AREA = 13;
    private static final int RUNSTATE_PHYS_AREA = 14;
    private static final int TIME_PHYS_AREA = 15;

    private static final int CONTEXT_LENGTH_32 = 2800;
    private static final int CONTEXT_LENGTH_64 = 5168;
    private static final int VCPU_INFO_LENGTH = 64;
    private static final int PAGE = 4096;
    private static final int LEGACY_VCPUS = 32;

    private final HypervisorFile hv;
    private final MachineMemory memory;
    private final OwnEvents events;
    private final VcpuRunner[] runners;
    private final VcpuBringUp bringUp;
    private final DomainShutdown end;
    private final VcpuWaker waker;
    private final SystemClock clock;

    /**
     * @param machine the machine.
     * @param events  the domain's events.
     * @param runners this process's vCPUs by number.
     * @param bringUp starts further vCPUs.
     */
    public VcpuOps(
        final Machine machine, final OwnEvents events, final VcpuRunner[] runners, final VcpuBringUp bringUp)
    {
        this.hv = machine.hv();
        this.memory = machine.memory();
        this.events = events;
        this.runners = runners;
        this.bringUp = bringUp;
        this.end = new DomainShutdown(machine);
        this.waker = new VcpuWaker(machine);
        this.clock = new SystemClock(machine);
    }

    /** Hypercall 24; see {@link io.xenolith.hv.hypercall.Hypercall#call}. */
    public long vcpuOp(final Caller c, final long cmd, final long id, final long arg, final long a4, final long a5)
    {
        final long record = hv.domain(DomainRecord.slot(c.domid()));
        final int vcpu = (int)id;
        if (vcpu < 0 || vcpu >= Raw.getInt(record + DomainRecord.VCPUS))
        {
            return -ENOENT;
        }
        final long v = hv.vcpu(DomainRecord.slot(c.domid()), vcpu);
        return switch ((int)cmd)
        {
            case INITIALISE -> initialise(c, vcpu, v, arg);
            case UP -> up(record, vcpu, v);
            case DOWN -> down(c, record, vcpu, v);
            case IS_UP -> Raw.getInt(v + VcpuRecord.STATE) >= VcpuRecord.STATE_UP ? 1 : 0;
            case GET_RUNSTATE -> getRunstate(c, v, arg);
            case RUNSTATE_AREA -> runstateArea(c, vcpu, v, arg);
            case SET_PERIODIC -> setPeriodic(c, vcpu, v, c.memory().getLong(arg));
            case STOP_PERIODIC -> setPeriodic(c, vcpu, v, 0);
            case SET_SINGLESHOT -> setSingleshot(c, vcpu, v, arg);
            case STOP_SINGLESHOT -> stopSingleshot(c, vcpu, v);
            case REGISTER_INFO -> registerInfo(c, vcpu, v, arg);
            case SEND_NMI -> bringUp.sendNmi(vcpu);
            case GET_PHYSID -> -EINVAL;
            case TIME_AREA -> timeArea(c, vcpu, v, arg);
            case RUNSTATE_PHYS_AREA, TIME_PHYS_AREA -> -ENOSYS;
            default -> -ENOSYS;
        };
    }

    private synchronized long initialise(final Caller c, final int vcpu, final long v, final long arg)
    {
        if (Raw.getLong(v + VcpuRecord.VCPU_INFO_MFN) == 0)
        {
            return -EINVAL;
        }
        if (Raw.getInt(v + VcpuRecord.STATE) != VcpuRecord.STATE_UNUSED)
        {
            return -EEXIST;
        }
        c.memory().copyToHost(
            arg, v + VcpuRecord.CONTEXT, c.is64Bit() ? CONTEXT_LENGTH_64 : CONTEXT_LENGTH_32);
        Raw.putInt(v + VcpuRecord.CONTEXT_WIDTH, c.is64Bit() ? 64 : 32);
        final int result = bringUp.initialise(c, vcpu);
        if (result == 0)
        {
            Raw.putInt(v + VcpuRecord.STATE, VcpuRecord.STATE_DOWN);
        }
        return result;
    }

    private synchronized long up(final long record, final int vcpu, final long v)
    {
        final int state = Raw.getInt(v + VcpuRecord.STATE);
        if (state == VcpuRecord.STATE_UNUSED)
        {
            return -EINVAL;
        }
        if (state == VcpuRecord.STATE_DOWN)
        {
            Raw.putInt(v + VcpuRecord.STATE, VcpuRecord.STATE_UP);
            Raw.getAndOrInt(record + DomainRecord.ONLINE_VCPUS, 1 << vcpu);
            bringUp.start(vcpu);
            waker.attend(v, VcpuRecord.ATTENTION_PAUSE);
        }
        return 0;
    }

    private synchronized long down(final Caller c, final long record, final int vcpu, final long v)
    {
        if (Raw.getInt(v + VcpuRecord.STATE) < VcpuRecord.STATE_UP)
        {
            return 0;
        }
        final int left = Raw.getInt(record + DomainRecord.ONLINE_VCPUS) & ~(1 << vcpu);
        if (left == 0)
        {
            end.shutdown(c.domid(), DomainInfo.POWEROFF);
            return 0;
        }
        Raw.putInt(v + VcpuRecord.STATE, VcpuRecord.STATE_DOWN);
        Raw.getAndAndInt(record + DomainRecord.ONLINE_VCPUS, ~(1 << vcpu));
        waker.attend(v, VcpuRecord.ATTENTION_PAUSE);
        return 0;
    }

    /** vcpu_runstate_info: state u32 @0 | state_entry_time u64 @4/8 | time[4] u64 @12/16. */
    private long getRunstate(final Caller c, final long v, final long arg)
    {
        final GuestMemory m = c.memory();
        final int wide = c.is64Bit() ? 4 : 0;
        final int state = Raw.getInt(v + VcpuRecord.RUNSTATE);
        final long since = Raw.getLong(v + VcpuRecord.RUNSTATE_SINCE);
        m.putInt(arg, state);
        m.putLong(arg + 4 + wide, since);
        for (int i = 0; i < 4; i++)
        {
            final long running = i == state ? Math.max(0, clock.now() - since) : 0;
            m.putLong(arg + 12 + wide + (long)i * Long.BYTES,
                Raw.getLong(v + VcpuRecord.RUNSTATE_TIME + i * Long.BYTES) + running);
        }
        return 0;
    }

    private long runstateArea(final Caller c, final int vcpu, final long v, final long arg)
    {
        final long area = c.readWord(arg);
        if (area != 0 && !c.memory().inGuestRange(area, c.is64Bit() ? 48 : 44))
        {
            return -io.xenolith.hv.hypercall.Errno.EFAULT;
        }
        Raw.putLong(v + VcpuRecord.RUNSTATE_AREA, area);
        return vcpu == c.vcpu() ? writeRunstate(c, v, area) : 0;
    }

    private long writeRunstate(final Caller c, final long v, final long area)
    {
        if (area != 0)
        {
            getRunstate(c, v, area);
        }
        return 0;
    }

    private long timeArea(final Caller c, final int vcpu, final long v, final long arg)
    {
        final long area = c.readWord(arg);
        if (area != 0 && !c.memory().inGuestRange(area, TimeInfo.LENGTH))
        {
            return -io.xenolith.hv.hypercall.Errno.EFAULT;
        }
        Raw.putLong(v + VcpuRecord.TIME_AREA, area);
        if (vcpu == c.vcpu())
        {
            runners[vcpu].refreshTime();
        }
        return 0;
    }

    private long setPeriodic(final Caller c, final int vcpu, final long v, final long period)
    {
        if (period != 0 && period < VcpuTimers.MIN_PERIOD_NS)
        {
            return -EINVAL;
        }
        Raw.putLong(v + VcpuRecord.PERIODIC_PERIOD, 0);
        Raw.putLong(v + VcpuRecord.PERIODIC_NEXT, period == 0 ? 0 : clock.now() + period);
        Raw.putLong(v + VcpuRecord.PERIODIC_PERIOD, period);
        changed(c, vcpu, v);
        return 0;
    }

    /** {timeout_abs_ns u64 @0, flags u32 @8}. */
    private long setSingleshot(final Caller c, final int vcpu, final long v, final long arg)
    {
        final long deadline = c.memory().getLong(arg);
        c.memory().getInt(arg + 8);
        if (vcpu != c.vcpu())
        {
            return -EINVAL;
        }
        Raw.putLong(v + VcpuRecord.SINGLESHOT, Math.max(1, deadline));
        changed(c, vcpu, v);
        return 0;
    }

    private long stopSingleshot(final Caller c, final int vcpu, final long v)
    {
        if (vcpu != c.vcpu())
        {
            return -EINVAL;
        }
        Raw.putLong(v + VcpuRecord.SINGLESHOT, 0);
        changed(c, vcpu, v);
        return 0;
    }

    private void changed(final Caller c, final int vcpu, final long v)
    {
        if (vcpu == c.vcpu())
        {
            runners[vcpu].deadlinesChanged();
        }
        else
        {
            waker.attend(v, VcpuRecord.ATTENTION_TIMER);
        }
    }

    /** {mfn u64 @0, offset u32 @8, reserved u32 @12}. */
    private synchronized long registerInfo(final Caller c, final int vcpu, final long v, final long arg)
    {
        final long mfn = c.memory().getLong(arg);
        final int offset = c.memory().getInt(arg + 8);
        if (offset < 0 || offset > PAGE - VCPU_INFO_LENGTH || (offset & c.wordSize() - 1) != 0)
        {
            return -ENXIO;
        }
        if (registered(c, vcpu, v))
        {
            return -EBUSY;
        }
        if (vcpu != c.vcpu() && Raw.getInt(v + VcpuRecord.STATE) >= VcpuRecord.STATE_UP)
        {
            return -EINVAL;
        }
        if (mfn <= 0)
        {
            return -EINVAL;
        }
        final int held = c.frames().getWritable(mfn);
        if (held != 0)
        {
            return held == -EACCES ? -EACCES : -EINVAL;
        }
        move(c, vcpu, v, mfn, offset);
        return 0;
    }

    private boolean registered(final Caller c, final int vcpu, final long v)
    {
        final long shared = Raw.getLong(hv.domain(DomainRecord.slot(c.domid())) + DomainRecord.SHARED_INFO_MFN);
        final long now = Raw.getLong(v + VcpuRecord.VCPU_INFO_MFN);
        return now != 0 && !(now == shared && vcpu < LEGACY_VCPUS);
    }

    /** Copies the contents, then switches over, then makes everything look pending so that nothing sent meanwhile is missed. */
    private void move(final Caller c, final int vcpu, final long v, final long mfn, final int offset)
    {
        final long to = memory.addressOf(mfn) + offset;
        final long from = events.vcpuInfo(vcpu);
        if (from != 0)
        {
            Raw.copy(from, to, VCPU_INFO_LENGTH);
        }
        else
        {
            Raw.fill(to, VCPU_INFO_LENGTH, (byte)0);
            Raw.putByte(to + 1, (byte)1);
        }
        Raw.putInt(v + VcpuRecord.VCPU_INFO_OFFSET, offset);
        Raw.putLongVolatile(v + VcpuRecord.VCPU_INFO_MFN, mfn);
        if (c.is64Bit())
        {
            Raw.putLong(to + 8, -1L);
        }
        else
        {
            Raw.putInt(to + 4, -1);
        }
        Raw.putByteVolatile(to, (byte)1);
        waker.attend(v, VcpuRecord.ATTENTION_EVENT);
        if (vcpu == c.vcpu())
        {
            runners[vcpu].refreshTime();
        }
    }
}
