package io.xenolith.hv.sched;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.event.Virq;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Processes;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * One vCPU between its guest and the rest of the machine: enters and leaves the guest, serves attention, waits. All methods are
 * called by the vCPU's own thread.
 *
 * <pre>
 *   start                       take a physical CPU
 *   loop  enterGuest            run word IN_GUEST; true: attention is called, do not run guest code yet
 *         ... guest code ...
 *         leaveGuest            run word RING0
 *         attend                serve attention; what is left is for the CPU model: FLUSH, CODE, DUMP, KILL
 *   block, poll, yield          hypercalls that wait
 *   stop                        give the physical CPU back for good
 * </pre>
 *
 * <p>A parked vCPU needs nobody: its own futex time-out fires its timers. A running one is told by {@link DeadlineAlarm}.
 */
public final class VcpuRunner
{
    /** Attention that only the CPU model can serve. */
    public static final int FOR_CPU =
        VcpuRecord.ATTENTION_FLUSH | VcpuRecord.ATTENTION_CODE | VcpuRecord.ATTENTION_DUMP | VcpuRecord.ATTENTION_KILL;

    private static final int URGENT = VcpuRecord.ATTENTION_FLUSH | VcpuRecord.ATTENTION_CODE;
    private static final long IMPATIENCE_NS = 60_000_000L;
    private static final long YIELD_LEAST_NS = 20_000L;
    private static final long YIELD_MOST_NS = 1_000_000L;
    /** Two yields nearer to each other than this are one wait. */
    private static final long YIELD_MEMORY_NS = 2_000_000L;
    private static final long TIME_INFO_PERIOD_NS = 1_000_000_000L;
    private static final int VCPU_NICE = 3;
    private static final int UPCALL_MASK = 1;

    private final HypervisorFile hv;
    private final long header;
    private final OwnEvents events;
    private final EventChannels channels;
    private final SystemClock clock;
    private final PcpuSlots pcpus;
    private final DeadlineAlarm alarm;
    private final GuestAreas areas;
    private final int domid;
    private final int slot;
    private final int vcpu;
    private final long record;
    private final long address;
    private final long bell;
    private final long party;
    private int epoch;
    private int owed;
    private int pcpu = -1;
    private long yieldNs = YIELD_LEAST_NS;
    private long lastYield;
    private long timeInfoAt = Long.MIN_VALUE;

    /**
     * @param machine the machine.
     * @param domid   this process's domain.
     * @param vcpu    the thread's vCPU.
     * @param events  the domain's event delivery.
     * @param alarm   the process's alarm.
     * @param areas   writer of the structures that the guest registered by virtual address.
     */
    public VcpuRunner(
        final Machine machine,
        final int domid,
        final int vcpu,
        final OwnEvents events,
        final DeadlineAlarm alarm,
        final GuestAreas areas)
    {
        this.hv = machine.hv();
        this.header = hv.header();
        this.events = events;
        this.channels = new EventChannels(machine);
        this.clock = new SystemClock(machine);
        this.pcpus = new PcpuSlots(machine);
        this.alarm = alarm;
        this.areas = areas;
        this.domid = domid;
        this.slot = DomainRecord.slot(domid);
        this.vcpu = vcpu;
        this.record = hv.domain(slot);
        this.address = hv.vcpu(slot, vcpu);
        this.bell = address + VcpuRecord.DOORBELL;
        this.party = Party.of(domid, vcpu, Domains.incarnation(record));
    }

    /** @return the vCPU's number. */
    public int vcpu()
    {
        return vcpu;
    }

    /** @return address of the attention word, for the CPU model to poll. */
    public long attentionAddress()
    {
        return address + VcpuRecord.ATTENTION;
    }

    // ---- guest and ring 0 ----

    /**
     * Begins the thread's life: waits until the domain may run, and takes a physical CPU.
     *
     * @return duties as {@link #attend}.
     */
    public int start()
    {
        Processes.niceThread(VCPU_NICE);
        Raw.putInt(address + VcpuRecord.THREAD, Processes.threadId());
        Raw.putLong(address + VcpuRecord.RUNSTATE_SINCE, clock.now());
        setRun(RunWord.RING0);
        changeRunstate(RunState.OFFLINE);
        waitUntilAllowed();
        if ((owed & VcpuRecord.ATTENTION_KILL) == 0)
        {
            schedule();
        }
        return attend();
    }

    /**
     * Says that guest code runs from now on.
     *
     * @return true when attention is called or duties are owed: leave again and serve them first.
     */
    public boolean enterGuest()
    {
        epoch++;
        setRun(RunWord.IN_GUEST);
        return owed != 0 || Raw.getInt(address + VcpuRecord.ATTENTION) != 0;
    }

    /** Says that this thread is in ring-0 text. */
    public void leaveGuest()
    {
        setRun(RunWord.RING0);
    }

    private void setRun(final int state)
    {
        Raw.putLongVolatile(address + VcpuRecord.RUN, RunWord.of(state, epoch));
    }

    /**
     * Serves attention: events, timers, pauses, preemption. May take as long as the domain is paused.
     *
     * @return bits of {@link #FOR_CPU} that the caller must serve before guest code runs.
     */
    public int attend()
    {
        for (;;)
        {
            final int bits = takeAttention();
            if ((bits & VcpuRecord.ATTENTION_TIMER) != 0)
            {
                fireTimers(clock.now());
            }
            if ((bits & (VcpuRecord.ATTENTION_EVENT | VcpuRecord.ATTENTION_TIMER)) != 0)
            {
                events.derive(vcpu);
            }
            if ((bits & VcpuRecord.ATTENTION_PAUSE) != 0)
            {
                waitUntilAllowed();
            }
            if ((bits & VcpuRecord.ATTENTION_PREEMPT) != 0 && pcpus.anyWaiting())
            {
                reschedule();
            }
            if (Raw.getInt(address + VcpuRecord.ATTENTION) == 0)
            {
                final int duties = owed;
                owed = 0;
                return duties;
            }
        }
    }

    /** Serves attention in the middle of a long hypercall; the CPU model's duties wait until its end. */
    public void breathe()
    {
        owed |= attend();
    }

    /**
     * Takes the duties that must be served before guest memory is touched, in the middle of ring-0 text too.
     *
     * @return bits FLUSH and CODE that are due.
     */
    public int urgent()
    {
        int bits = owed & URGENT;
        owed &= ~URGENT;
        if ((Raw.getInt(address + VcpuRecord.ATTENTION) & URGENT) != 0)
        {
            bits |= Raw.getAndAndInt(address + VcpuRecord.ATTENTION, ~URGENT) & URGENT;
        }
        return bits;
    }

    /** Takes the attention bits; those for the CPU model are kept until it asks. */
    private int takeAttention()
    {
        if (Raw.getIntVolatile(address + VcpuRecord.ATTENTION) == 0)
        {
            return 0;
        }
        final int bits = Raw.xchgInt(address + VcpuRecord.ATTENTION, 0);
        owed |= bits & FOR_CPU;
        return bits;
    }

    // ---- pauses ----

    private boolean allowed()
    {
        return Raw.getIntVolatile(record + DomainRecord.PAUSE_COUNT) == 0
            && Raw.getIntVolatile(header + Header.STOPPED) == Header.STOP_NONE
            && Raw.getInt(address + VcpuRecord.PAUSE_COUNT) == 0
            && Raw.getInt(address + VcpuRecord.STATE) >= VcpuRecord.STATE_UP
            && Domains.state(record) == DomainRecord.STATE_LIVE;
    }

    private boolean over()
    {
        return Domains.state(record) >= DomainRecord.STATE_SHUTDOWN || (owed & VcpuRecord.ATTENTION_KILL) != 0;
    }

    /** Waits while the domain is paused, this vCPU is down or the machine is stopped. */
    private void waitUntilAllowed()
    {
        if (allowed())
        {
            return;
        }
        final boolean held = pcpu >= 0;
        giveUp();
        if (held)
        {
            changeRunstate(RunState.OFFLINE);
        }
        while (!over())
        {
            final int seen = Doorbell.value(bell);
            setRun(RunWord.PAUSED);
            if (allowed())
            {
                break;
            }
            final int bits = Raw.getIntVolatile(address + VcpuRecord.ATTENTION);
            if ((bits & (VcpuRecord.ATTENTION_PAUSE | VcpuRecord.ATTENTION_KILL)) != 0)
            {
                Raw.getAndAndInt(address + VcpuRecord.ATTENTION, ~VcpuRecord.ATTENTION_PAUSE);
                owed |= bits & VcpuRecord.ATTENTION_KILL;
                continue;
            }
            if ((bits & VcpuRecord.ATTENTION_DUMP) != 0)
            {
                setRun(RunWord.RING0);
                Raw.getAndAndInt(address + VcpuRecord.ATTENTION, ~VcpuRecord.ATTENTION_DUMP);
                areas.dumpRegisters(vcpu);
                continue;
            }
            Doorbell.await(bell, seen, Doorbell.FOREVER);
        }
        setRun(RunWord.RING0);
        if (over())
        {
            owed |= VcpuRecord.ATTENTION_KILL;
        }
        else if (held)
        {
            schedule();
        }
    }

    // ---- physical CPUs ----

    /** Gets a physical CPU, waiting for one if need be, and brings the guest's view of time up to date. */
    private void schedule()
    {
        if (pcpu < 0)
        {
            acquire();
        }
        changeRunstate(RunState.RUNNING);
        final long now = clock.now();
        if (now - timeInfoAt >= TIME_INFO_PERIOD_NS)
        {
            timeInfoAt = now;
            publishTime();
        }
        alarm.watch(vcpu, nextDeadline());
    }

    private void acquire()
    {
        pcpu = pcpus.take(party, clock.now());
        if (pcpu < 0)
        {
            changeRunstate(RunState.RUNNABLE);
            awaitPcpu();
        }
        setRun(RunWord.RING0);
        Raw.putInt(address + VcpuRecord.PCPU, pcpu + 1);
    }

    private void awaitPcpu()
    {
        while (pcpu < 0)
        {
            final int seen = Doorbell.value(bell);
            setRun(RunWord.DESCHEDULED);
            pcpus.announceWaiting(slot);
            pcpu = pcpus.take(party, clock.now());
            if (pcpu >= 0)
            {
                break;
            }
            Doorbell.ring(header + Header.HYPERVISOR_DOORBELL);
            if (Doorbell.await(bell, seen, IMPATIENCE_NS) == seen)
            {
                pcpus.preempt(clock.now(), IMPATIENCE_NS / 2);
            }
        }
    }

    private void giveUp()
    {
        if (pcpu >= 0)
        {
            alarm.forget(vcpu);
            Raw.putInt(address + VcpuRecord.PCPU, 0);
            final int held = pcpu;
            pcpu = -1;
            pcpus.release(held, party, clock.now());
        }
    }

    private void reschedule()
    {
        giveUp();
        changeRunstate(RunState.RUNNABLE);
        schedule();
    }

    /** Ends the thread's life. */
    public void stop()
    {
        giveUp();
        changeRunstate(RunState.OFFLINE);
        setRun(RunWord.OFFLINE);
    }

    // ---- run states ----

    private void changeRunstate(final int next)
    {
        final int old = Raw.getInt(address + VcpuRecord.RUNSTATE);
        final long now = clock.now();
        final long since = Raw.getLong(address + VcpuRecord.RUNSTATE_SINCE);
        final long total = address + VcpuRecord.RUNSTATE_TIME + (long)old * Long.BYTES;
        Raw.putLong(total, Raw.getLong(total) + Math.max(0, now - since));
        if (old == RunState.RUNNING)
        {
            Raw.getAndAddLong(record + DomainRecord.CPU_TIME, Math.max(0, now - since));
        }
        Raw.putLong(address + VcpuRecord.RUNSTATE_SINCE, now);
        Raw.putInt(address + VcpuRecord.RUNSTATE, next);
        areas.runstateChanged(vcpu);
    }

    private void publishTime()
    {
        final long info = events.vcpuInfo(vcpu);
        if (info != 0)
        {
            TimeInfo.publish(info + TimeInfo.IN_VCPU_INFO, clock);
            areas.timeChanged(vcpu);
        }
    }

    /** Writes the time structures anew: after the guest registered a place for them. */
    public void refreshTime()
    {
        publishTime();
    }

    // ---- waiting ----

    /** SCHEDOP_block: unmasks the up-call and waits until an event is pending for this vCPU. */
    public void block()
    {
        final long info = events.vcpuInfo(vcpu);
        Raw.putByteVolatile(info + UPCALL_MASK, (byte)0);
        sleep(VcpuRecord.STATE_BLOCKED, 0, 0);
    }

    /**
     * SCHEDOP_poll: waits until one of the ports in the vCPU's poll list is pending, an event can be delivered, or a time is
     * reached.
     *
     * @param ports    how many ports the list has.
     * @param deadline system time, 0 for none.
     */
    public void poll(final int ports, final long deadline)
    {
        Raw.putIntVolatile(address + VcpuRecord.POLL_COUNT, ports);
        sleep(VcpuRecord.STATE_POLLING, ports, deadline);
        Raw.putInt(address + VcpuRecord.POLL_COUNT, 0);
    }

    private boolean polled(final int ports)
    {
        for (int i = 0; i < ports; i++)
        {
            if (events.pending(Raw.getInt(address + VcpuRecord.POLL_PORTS + i * Integer.BYTES)))
            {
                return true;
            }
        }
        return false;
    }

    private void sleep(final int state, final int ports, final long deadline)
    {
        events.derive(vcpu);
        if (events.deliverable(vcpu) || polled(ports))
        {
            return;
        }
        Raw.putLong(address + VcpuRecord.POLL_DEADLINE, deadline);
        Raw.putInt(address + VcpuRecord.STATE, state);
        giveUp();
        changeRunstate(RunState.BLOCKED);
        while (!awake(ports, deadline))
        {
            // awake() waits
        }
        if (Raw.getInt(address + VcpuRecord.STATE) == state)
        {
            Raw.putInt(address + VcpuRecord.STATE, VcpuRecord.STATE_UP);
        }
        Raw.putLong(address + VcpuRecord.POLL_DEADLINE, 0);
        setRun(RunWord.RING0);
        waitUntilAllowed();
        if ((owed & VcpuRecord.ATTENTION_KILL) == 0)
        {
            schedule();
        }
    }

    /** One turn of a wait. Returns whether it is over. */
    private boolean awake(final int ports, final long deadline)
    {
        final int seen = Doorbell.value(bell);
        setRun(RunWord.PARKED);
        takeAttention();
        final long now = clock.now();
        fireTimers(now);
        events.derive(vcpu);
        if (over() || events.deliverable(vcpu) || polled(ports) || deadline != 0 && now >= deadline)
        {
            return true;
        }
        if ((owed & VcpuRecord.ATTENTION_DUMP) != 0)
        {
            owed &= ~VcpuRecord.ATTENTION_DUMP;
            areas.dumpRegisters(vcpu);
        }
        long next = nextDeadline();
        if (deadline != 0)
        {
            next = Math.min(next, deadline);
        }
        Doorbell.await(bell, seen, next == Long.MAX_VALUE ? Doorbell.FOREVER : Math.max(1, next - now));
        return false;
    }

    /**
     * SCHEDOP_yield: lets others run. Guests that wait for a device by yielding in a loop sleep here for a moment, unless an
     * event comes first: longer each time while nothing happens.
     */
    public void yield()
    {
        if (pcpus.anyWaiting())
        {
            reschedule();
            return;
        }
        final long now = clock.now();
        final boolean again = now - lastYield < YIELD_MEMORY_NS;
        yieldNs = again ? Math.min(YIELD_MOST_NS, yieldNs * 2) : YIELD_LEAST_NS;
        final int seen = Doorbell.value(bell);
        setRun(RunWord.PARKED);
        if (Raw.getIntVolatile(address + VcpuRecord.ATTENTION) == 0)
        {
            Doorbell.await(bell, seen, yieldNs);
        }
        else
        {
            yieldNs = YIELD_LEAST_NS / 2;
        }
        setRun(RunWord.RING0);
        lastYield = clock.now();
    }

    // ---- timers ----

    /** @return system time of this vCPU's earliest deadline, {@link Long#MAX_VALUE} for none. */
    long nextDeadline()
    {
        return VcpuTimers.nextDeadline(address, vcpu == 0);
    }

    /** Fires what is due and raises the timer interrupt. */
    private void fireTimers(final long now)
    {
        if (VcpuTimers.expire(address, now))
        {
            KillPoint.hit(KillPoint.TIMER_BEFORE_RAISE);
            channels.raiseVirq(domid, vcpu, Virq.TIMER);
        }
        if (vcpu == 0 && VcpuTimers.watchdogExpired(address, now))
        {
            areas.watchdogExpired();
        }
        if (pcpu >= 0)
        {
            alarm.watch(vcpu, nextDeadline());
        }
    }

    /** Called after a deadline of this vCPU was set or cleared. */
    public void deadlinesChanged()
    {
        KillPoint.hit(KillPoint.TIMER_SET);
        fireTimers(clock.now());
        events.derive(vcpu);
    }
}
