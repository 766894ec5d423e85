package io.xenolith.hv.sched;

import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.EPERM;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestMemory;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;

/** The hypercalls sched_op (29), sched_op_compat (6) and set_timer_op (15). */
public final class SchedOps
{
    private static final int YIELD = 0;
    private static final int BLOCK = 1;
    private static final int SHUTDOWN = 2;
    private static final int POLL = 3;
    private static final int REMOTE_SHUTDOWN = 4;
    private static final int SHUTDOWN_CODE = 5;
    private static final int WATCHDOG = 6;
    private static final int PIN_OVERRIDE = 7;
    private static final int LAST_REASON = 5;
    private static final long NS_PER_S = 1_000_000_000L;
    /** A deadline further ahead than this is taken for a mistake of old guests and fires soon instead. */
    private static final long FAR_NS = 1L << 50;
    private static final long SOON_NS = 100_000_000L;

    private final HypervisorFile hv;
    private final EventChannels channels;
    private final DomainShutdown end;
    private final SystemClock clock;
    private final VcpuRunner[] runners;
    private final Object watchdogs = new Object();

    /**
     * @param machine  the machine.
     * @param channels its ports.
     * @param runners  this process's vCPUs by number, filled in as they start.
     */
    public SchedOps(final Machine machine, final EventChannels channels, final VcpuRunner[] runners)
    {
        this.hv = machine.hv();
        this.channels = channels;
        this.end = new DomainShutdown(machine);
        this.clock = new SystemClock(machine);
        this.runners = runners;
    }

    /** Hypercall 29; see {@link io.xenolith.hv.hypercall.Hypercall#call}: (cmd, arg). */
    public long schedOp(final Caller c, final long cmd, final long arg, final long a3, final long a4, final long a5)
    {
        return switch ((int)cmd)
        {
            case YIELD -> yieldTo(c);
            case BLOCK -> block(c);
            case SHUTDOWN -> shutdown(c, c.memory().getInt(arg));
            case POLL -> poll(c, arg);
            case REMOTE_SHUTDOWN -> -EPERM;
            case SHUTDOWN_CODE -> shutdownCode(c, c.memory().getInt(arg));
            case WATCHDOG -> watchdog(c, c.memory().getInt(arg), c.memory().getInt(arg + 4));
            case PIN_OVERRIDE -> -EPERM;
            default -> -ENOSYS;
        };
    }

    /** Hypercall 6: (cmd, value). */
    public long schedOpCompat(final Caller c, final long cmd, final long arg, final long a3, final long a4, final long a5)
    {
        return switch ((int)cmd)
        {
            case YIELD -> yieldTo(c);
            case BLOCK -> block(c);
            case SHUTDOWN -> shutdown(c, (int)arg);
            default -> -ENOSYS;
        };
    }

    /** Hypercall 15: (absolute system time); two halves from a 32-bit guest. */
    public long setTimerOp(final Caller c, final long a1, final long a2, final long a3, final long a4, final long a5)
    {
        final long time = c.is64Bit() ? a1 : a1 & 0xffff_ffffL | a2 << 32;
        final long deadline;
        if (time == 0)
        {
            deadline = 0;
        }
        else
        {
            final long now = clock.now();
            deadline = time < 0 || time - now > FAR_NS ? now + SOON_NS : time;
        }
        Raw.putLong(vcpu(c) + VcpuRecord.SINGLESHOT, deadline);
        runners[c.vcpu()].deadlinesChanged();
        return 0;
    }

    private long vcpu(final Caller c)
    {
        return hv.vcpu(DomainRecord.slot(c.domid()), c.vcpu());
    }

    private long yieldTo(final Caller c)
    {
        runners[c.vcpu()].yield();
        return 0;
    }

    private long block(final Caller c)
    {
        runners[c.vcpu()].block();
        return 0;
    }

    private long shutdown(final Caller c, final int reason)
    {
        if (reason < 0 || reason > LAST_REASON)
        {
            return -EINVAL;
        }
        end.shutdown(c.domid(), reason);
        return 0;
    }

    /** Records the reason that a later SHUTDOWN or the domain's crash will carry. */
    private long shutdownCode(final Caller c, final int reason)
    {
        if (reason < 0 || reason > LAST_REASON)
        {
            return -EINVAL;
        }
        Raw.casInt(hv.domain(DomainRecord.slot(c.domid())) + DomainRecord.SHUTDOWN_CODE, -1, reason);
        return 0;
    }

    /** {ports ptr @0, nr_ports u32 @4/8, timeout u64 @8/16}. */
    private long poll(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final long list = c.readWord(arg);
        final int ports = m.getInt(arg + c.wordSize());
        final long timeout = m.getLong(arg + (c.is64Bit() ? 16 : 8));
        if (ports < 0 || ports > VcpuRecord.MAX_POLL_PORTS)
        {
            return -EINVAL;
        }
        final long v = vcpu(c);
        for (int i = 0; i < ports; i++)
        {
            final int port = m.getInt(list + (long)i * Integer.BYTES);
            if (channels.port(c.domid(), port) == 0)
            {
                return -EINVAL;
            }
            Raw.putInt(v + VcpuRecord.POLL_PORTS + i * Integer.BYTES, port);
        }
        runners[c.vcpu()].poll(ports, timeout);
        return 0;
    }

    /** {id u32, timeout u32 in seconds}: id 0 makes one; timeout 0 takes it away. */
    private long watchdog(final Caller c, final int id, final int timeout)
    {
        if (id < 0 || id > VcpuTimers.WATCHDOGS)
        {
            return -EINVAL;
        }
        synchronized (watchdogs)
        {
            final long first = hv.vcpu(DomainRecord.slot(c.domid()), 0);
            final long deadline = timeout == 0 ? 0 : clock.now() + (timeout & 0xffff_ffffL) * NS_PER_S;
            if (id != 0)
            {
                return setWatchdog(first, id, deadline);
            }
            for (int free = 1; free <= VcpuTimers.WATCHDOGS && timeout != 0; free++)
            {
                if (Raw.getLong(VcpuTimers.watchdog(first, free - 1)) == 0)
                {
                    setWatchdog(first, free, deadline);
                    return free;
                }
            }
            return timeout == 0 ? -EINVAL : -ENOSPC;
        }
    }

    private long setWatchdog(final long first, final int id, final long deadline)
    {
        final long at = VcpuTimers.watchdog(first, id - 1);
        if (Raw.getLong(at) == 0 && deadline == 0)
        {
            return -EINVAL;
        }
        Raw.putLong(at, deadline);
        // vCPU 0 looks at its deadlines when it is told; it may be another than the caller.
        Raw.getAndOrInt(first + VcpuRecord.ATTENTION, VcpuRecord.ATTENTION_TIMER);
        io.xenolith.shm.Doorbell.ring(first + VcpuRecord.DOORBELL);
        return 0;
    }
}
