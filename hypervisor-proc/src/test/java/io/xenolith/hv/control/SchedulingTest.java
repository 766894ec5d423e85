package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.EBUSY;
import static io.xenolith.hv.hypercall.Errno.EEXIST;
import static io.xenolith.hv.hypercall.Errno.EFAULT;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOENT;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.ENXIO;
import static io.xenolith.hv.hypercall.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.event.Virq;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.hypercall.Hypercall;
import io.xenolith.hv.sched.PcpuSlots;
import io.xenolith.hv.sched.RunState;
import io.xenolith.hv.sched.Shootdown;
import io.xenolith.hv.sched.SystemClock;
import io.xenolith.hv.sched.VcpuBringUp;
import io.xenolith.hv.sched.VcpuRunner;
import io.xenolith.hv.sched.VcpuWaker;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.PcpuSlot;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** vCPUs as threads of this process: waiting, waking, pausing, sharing physical CPUs, timers, and the hypercalls for it. */
@Timeout(120)
class SchedulingTest
{
    private static final long ARG = FakeCaller.BASE;
    private static final int SCHED_OP = 29;
    private static final int SCHED_OP_COMPAT = 6;
    private static final int SET_TIMER_OP = 15;
    private static final int VCPU_OP = 24;

    private MachineRig rig;
    private int domid;
    private LocalHypervisor local;
    private final AtomicInteger started = new AtomicInteger(-1);

    private void machine(final int pcpus) throws Exception
    {
        rig = new MachineRig(pcpus).serveInProcess();
        domid = rig.domain(32);
        for (int v = 0; v < 2; v++)
        {
            Raw.putInt(vcpu(v) + VcpuRecord.STATE, VcpuRecord.STATE_UP);
        }
        Raw.putInt(rig.record(domid) + DomainRecord.ONLINE_VCPUS, 3);
        local = local(domid);
    }

    private LocalHypervisor local(final int id)
    {
        return new LocalHypervisor(rig.machine, id, () -> { }, new VcpuBringUp()
        {
            @Override
            public int initialise(final Caller caller, final int vcpu)
            {
                return 0;
            }

            @Override
            public void start(final int vcpu)
            {
                started.set(vcpu);
            }

            @Override
            public int sendNmi(final int vcpu)
            {
                return 0;
            }
        });
    }

    @AfterEach
    void tearDown() throws Exception
    {
        rig.close();
    }

    private long vcpu(final int v)
    {
        return rig.hv.vcpu(DomainRecord.slot(domid), v);
    }

    private int attention(final int v)
    {
        return Raw.getInt(vcpu(v) + VcpuRecord.ATTENTION);
    }

    private int run(final int v)
    {
        return RunWord.state(Raw.getLong(vcpu(v) + VcpuRecord.RUN));
    }

    private VcpuRunner runner(final int v)
    {
        return local.runner(new FakeCaller(rig, domid, v), (n) -> { });
    }

    private static void await(final java.util.function.BooleanSupplier condition) throws InterruptedException
    {
        while (!condition.getAsBoolean())
        {
            Thread.sleep(1);
        }
    }

    private long call(final int number, final FakeCaller c, final long a1, final long a2, final long a3)
    {
        final Hypercall h = local.handler(number);
        try
        {
            return h.call(c, a1, a2, a3, 0, 0);
        }
        catch (final GuestFault e)
        {
            return -EFAULT;
        }
    }

    // ---- time

    @Test
    void theScaleThatGuestsComputeWithIsExact() throws Exception
    {
        machine(1);
        final SystemClock clock = new SystemClock(rig.machine);
        for (final long tsc : new long[]{0, 1, 999, 1_000_000_007L, 1L << 40})
        {
            assertEquals(tsc, scale(tsc, clock.shift(), clock.mul()), "nanoseconds of a 1 GHz counter");
        }
        final long info = new OwnEvents(rig.machine, rig.channels, domid).vcpuInfo(0) + 32;
        assertEquals(0, Raw.getInt(info) & 1, "even version");
        assertTrue(Raw.getInt(info + 24) != 0, "valid before the first instruction");
        final long now = clock.now();
        final long system = Raw.getLong(info + 16)
            + scale(clock.toTsc(now) - Raw.getLong(info + 8), Raw.getByte(info + 28), Raw.getInt(info + 24));
        assertEquals(now, system);
    }

    @Test
    void theWallClockFollowsTheHosts() throws Exception
    {
        machine(1);
        final WallClock wall = new WallClock(rig.machine);
        assertFalse(wall.follow(), "nobody set it");
        final long shared = new OwnEvents(rig.machine, rig.channels, domid).sharedInfo();
        final int version = Raw.getInt(shared + 0x900);
        final SystemClock clock = new SystemClock(rig.machine);
        final long set = 5_000_000_000L * 1_000_000_000L;
        assertTrue(wall.follow(set + clock.now()));
        assertEquals(version + 2, Raw.getInt(shared + 0x900));
        final long seconds = Raw.getUnsignedInt(shared + 0x904) | Raw.getUnsignedInt(shared + 0x924) << 32;
        assertEquals(5_000_000_000L, seconds, 1);
    }

    private static long scale(final long tsc, final int shift, final int mul)
    {
        final long shifted = shift >= 0 ? tsc << shift : tsc >>> -shift;
        return Math.multiplyHigh(shifted, (mul & 0xffff_ffffL) << 31) * 2
            + (Math.multiplyHigh(shifted << 1, (mul & 0xffff_ffffL) << 31) & 1);
    }

    // ---- waiting and waking

    @Test
    void blockWaitsForAnEventAndUnmasks() throws Exception
    {
        machine(1);
        final int port = rig.domctl.allocUnbound(domid, 0);
        final int dom0 = rig.events.bindInterdomain(domid, port);
        final VcpuRunner r = runner(0);
        final AtomicBoolean awake = new AtomicBoolean();
        final Thread t = Thread.ofPlatform().start(() ->
        {
            r.start();
            r.block();
            awake.set(true);
            r.stop();
        });
        await(() -> run(0) == RunWord.PARKED);
        assertFalse(awake.get());
        assertEquals(Party.NOBODY, Raw.getLong(rig.hv.pcpu(0) + PcpuSlot.HOLDER), "a blocked vCPU holds no CPU");
        assertEquals(RunState.BLOCKED, Raw.getInt(vcpu(0) + VcpuRecord.RUNSTATE));
        rig.events.send(dom0);
        t.join();
        assertTrue(awake.get());
        final long info = new OwnEvents(rig.machine, rig.channels, domid).vcpuInfo(0);
        assertEquals(1, Raw.getByte(info), "up-call pending");
        assertEquals(0, Raw.getByte(info + 1), "and not masked");
    }

    /** A million chances to lose a wake-up, without a clock: the test hangs if one is lost. */
    @Test
    void noWakeUpIsLost() throws Exception
    {
        machine(1);
        final int port = rig.domctl.allocUnbound(domid, 0);
        final int dom0 = rig.events.bindInterdomain(domid, port);
        final VcpuRunner r = runner(0);
        final int rounds = 3000;
        final AtomicInteger seen = new AtomicInteger();
        final OwnEvents own = new OwnEvents(rig.machine, rig.channels, domid);
        final Thread t = Thread.ofPlatform().start(() ->
        {
            r.start();
            while (seen.get() < rounds)
            {
                r.block();
                final long info = own.vcpuInfo(0);
                Raw.putByteVolatile(info, (byte)0);
                Raw.xchgInt(info + 4, 0);
                Raw.getAndAndInt(own.sharedInfo() + 0x800, ~(1 << port));
                seen.incrementAndGet();
            }
            r.stop();
        });
        int last = -1;
        while (t.isAlive())
        {
            if (seen.get() != last)
            {
                last = seen.get();
                rig.events.send(dom0);
            }
            else
            {
                Thread.onSpinWait();
            }
        }
        t.join();
    }

    @Test
    void pollReturnsForItsPortsAndAtItsDeadline() throws Exception
    {
        machine(1);
        final int port = rig.domctl.allocUnbound(domid, 0);
        final int dom0 = rig.events.bindInterdomain(domid, port);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        final VcpuRunner r = local.runner(c, (n) -> { });
        r.start();
        final OwnEvents own = new OwnEvents(rig.machine, rig.channels, domid);
        Raw.putInt(own.sharedInfo() + 0x880, -1);
        poll(c, 0x8000, 129, 0);
        assertEquals(-EINVAL, call(SCHED_OP, c, 3, ARG, 0), "too many ports");
        c.putInt(ARG + 64, 5000);
        poll(c, ARG + 64, 1, 0);
        assertEquals(-EINVAL, call(SCHED_OP, c, 3, ARG, 0), "no such port");
        c.putInt(ARG + 64, port);
        poll(c, ARG + 64, 1, new SystemClock(rig.machine).now() + 3_000_000L);
        assertEquals(0, call(SCHED_OP, c, 3, ARG, 0), "deadline");
        rig.events.send(dom0);
        poll(c, ARG + 64, 1, 0);
        assertEquals(0, call(SCHED_OP, c, 3, ARG, 0), "masked, and still it counts");
        assertTrue(own.pending(port), "a poll consumes nothing");
        r.stop();
    }

    private static void poll(final FakeCaller c, final long list, final int n, final long deadline)
    {
        c.putInt(ARG, (int)list);
        c.putInt(ARG + 4, n);
        c.putLong(ARG + 8, deadline);
    }

    @Test
    void aPausedDomainStopsAndGoesOn() throws Exception
    {
        machine(1);
        final AtomicLong turns = new AtomicLong();
        final AtomicBoolean over = new AtomicBoolean();
        final VcpuRunner r = runner(0);
        final Thread t = Thread.ofPlatform().start(() -> guestLoop(r, turns, over));
        await(() -> turns.get() > 100);
        rig.domctl.pause(domid);
        await(() -> run(0) == RunWord.PAUSED);
        final long at = turns.get();
        Thread.sleep(20);
        assertEquals(at, turns.get(), "paused");
        assertEquals(1, rig.domctl.info(domid).pauseCount());
        rig.domctl.unpause(domid);
        await(() -> turns.get() > at + 100);
        over.set(true);
        t.join();
    }

    private void guestLoop(final VcpuRunner r, final AtomicLong turns, final AtomicBoolean over)
    {
        r.start();
        while (!over.get())
        {
            if (r.enterGuest())
            {
                r.leaveGuest();
                final int duties = r.attend();
                if ((duties & VcpuRecord.ATTENTION_KILL) != 0)
                {
                    break;
                }
                continue;
            }
            while (Raw.getInt(r.attentionAddress()) == 0 && !over.get())
            {
                turns.incrementAndGet();
                Thread.onSpinWait();
            }
            r.leaveGuest();
        }
        r.stop();
    }

    @Test
    void vcpusShareOnePhysicalCpu() throws Exception
    {
        machine(1);
        final int other = rig.domain(16);
        Raw.putInt(rig.hv.vcpu(DomainRecord.slot(other), 0) + VcpuRecord.STATE, VcpuRecord.STATE_UP);
        final LocalHypervisor second = local(other);
        final List<VcpuRunner> runners = new ArrayList<>();
        runners.add(runner(0));
        runners.add(runner(1));
        runners.add(second.runner(new FakeCaller(rig, other, 0), (n) -> { }));
        final AtomicBoolean over = new AtomicBoolean();
        final AtomicInteger inGuest = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final List<AtomicLong> turns = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (final VcpuRunner r : runners)
        {
            final AtomicLong mine = new AtomicLong();
            turns.add(mine);
            threads.add(Thread.ofPlatform().start(() -> sharedLoop(r, mine, over, inGuest, most)));
        }
        final PcpuSlots pcpus = new PcpuSlots(rig.machine);
        final SystemClock clock = new SystemClock(rig.machine);
        await(() ->
        {
            pcpus.preempt(clock.now(), 1_000_000L);
            return turns.stream().allMatch((n) -> n.get() > 20);
        });
        over.set(true);
        await(() ->
        {
            pcpus.preempt(clock.now(), 0);
            return threads.stream().noneMatch(Thread::isAlive);
        });
        assertEquals(1, most.get(), "one physical CPU, one guest at a time");
        assertEquals(Party.NOBODY, Raw.getLong(rig.hv.pcpu(0) + PcpuSlot.HOLDER));
    }

    private static void sharedLoop(
        final VcpuRunner r, final AtomicLong turns, final AtomicBoolean over, final AtomicInteger inGuest,
        final AtomicInteger most)
    {
        r.start();
        while (!over.get())
        {
            if (!r.enterGuest())
            {
                most.accumulateAndGet(inGuest.incrementAndGet(), Math::max);
                turns.incrementAndGet();
                Thread.onSpinWait();
                inGuest.decrementAndGet();
            }
            r.leaveGuest();
            r.attend();
        }
        r.stop();
    }

    @Test
    void aDeadDomainsCpuIsTakenBackAndGivenOn() throws Exception
    {
        machine(1);
        final PcpuSlots pcpus = new PcpuSlots(rig.machine);
        final long dead = Party.of(99, 0, 77);
        assertEquals(0, pcpus.take(dead, 1));
        final VcpuRunner r = runner(0);
        final CountDownLatch running = new CountDownLatch(1);
        final Thread t = Thread.ofPlatform().start(() ->
        {
            r.start();
            running.countDown();
            r.stop();
        });
        await(() -> run(0) == RunWord.DESCHEDULED);
        assertEquals(1, pcpus.sweep(99, 77, 5));
        running.await();
        t.join();
    }

    @Test
    void shootdownWaitsForGuestsAndNotForTheQuiescent() throws Exception
    {
        machine(2);
        final AtomicBoolean over = new AtomicBoolean();
        final AtomicLong turns = new AtomicLong();
        final VcpuRunner r = runner(1);
        final AtomicInteger flushes = new AtomicInteger();
        final Thread t = Thread.ofPlatform().start(() ->
        {
            r.start();
            while (!over.get())
            {
                if (!r.enterGuest())
                {
                    while (Raw.getInt(r.attentionAddress()) == 0 && !over.get())
                    {
                        turns.incrementAndGet();
                    }
                }
                r.leaveGuest();
                flushes.addAndGet((r.attend() & VcpuRecord.ATTENTION_FLUSH) != 0 ? 1 : 0);
            }
            r.stop();
        });
        await(() -> turns.get() > 0);
        final Shootdown shootdown = new Shootdown(rig.machine);
        io.xenolith.shm.ProcessIdentity.self().write(
            rig.record(domid) + DomainRecord.PID, rig.record(domid) + DomainRecord.START_TIME);
        shootdown.own(domid, 0, -1, VcpuRecord.ATTENTION_FLUSH, Thread::onSpinWait);
        await(() -> flushes.get() > 0);
        over.set(true);
        t.join();
        shootdown.own(domid, 0, -1, VcpuRecord.ATTENTION_FLUSH, Thread::onSpinWait);
        assertTrue(shootdown.foreign(domid, VcpuRecord.ATTENTION_CODE), "nobody is in the guest");
        Raw.putInt(rig.record(domid) + DomainRecord.PID, 0);
    }

    // ---- timers

    @Test
    void timersFireForParkedAndForRunningVcpus() throws Exception
    {
        machine(1);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        final VcpuRunner r = local.runner(c, (n) -> { });
        final MailboxClient box = new MailboxClient(rig.machine, domid, () -> { });
        final int port = (int)box.call(1, GlobalOp.PORT_BIND_VIRQ, Virq.TIMER, 0, 0, 0);
        final OwnEvents own = new OwnEvents(rig.machine, rig.channels, domid);
        r.start();
        call(VCPU_OP, c, 7, 0, 0);
        final long deadline = new SystemClock(rig.machine).now() + 5_000_000L;
        c.putLong(ARG, deadline);
        assertEquals(0, call(VCPU_OP, c, 8, 0, ARG));
        r.block();
        assertTrue(own.pending(port), "a parked vCPU wakes by itself");
        assertTrue(new SystemClock(rig.machine).now() >= deadline);
        clear(own, port);
        c.putLong(ARG, new SystemClock(rig.machine).now() + 5_000_000L);
        assertEquals(0, call(VCPU_OP, c, 8, 0, ARG));
        await(() -> (attention(0) & VcpuRecord.ATTENTION_TIMER) != 0);
        r.attend();
        assertTrue(own.pending(port), "a running one is told");
        clear(own, port);
        c.putLong(ARG, 1);
        assertEquals(0, call(VCPU_OP, c, 8, 0, ARG), "a time in the past");
        assertTrue(own.pending(port), "fires at once");
        clear(own, port);
        final long far = new SystemClock(rig.machine).now() + 4_000_000L;
        assertEquals(0, call(SET_TIMER_OP, c, far & 0xffff_ffffL, far >>> 32, 0));
        r.block();
        assertTrue(own.pending(port));
        clear(own, port);
        c.putLong(ARG, 2_000_000L);
        assertEquals(0, call(VCPU_OP, c, 6, 0, ARG));
        r.block();
        clear(own, port);
        r.block();
        assertTrue(own.pending(port), "periodic");
        r.stop();
    }

    private static void clear(final OwnEvents own, final int port)
    {
        final long info = own.vcpuInfo(0);
        Raw.putByteVolatile(info, (byte)0);
        Raw.putInt(info + 4, 0);
        Raw.getAndAndInt(own.sharedInfo() + 0x800, ~(1 << port));
    }

    @Test
    void aWatchdogShutsTheDomainDown() throws Exception
    {
        machine(1);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        final VcpuRunner r = local.runner(c, (n) -> { });
        r.start();
        assertEquals(1, watchdog(c, 0, 100));
        assertEquals(2, watchdog(c, 0, 100));
        assertEquals(-ENOSPC, watchdog(c, 0, 100));
        assertEquals(0, watchdog(c, 2, 0));
        assertEquals(-EINVAL, watchdog(c, 2, 0));
        assertEquals(-EINVAL, watchdog(c, 3, 1));
        Raw.putLong(vcpu(0) + VcpuRecord.WATCHDOGS, 1);
        new VcpuWaker(rig.machine).attend(vcpu(0), VcpuRecord.ATTENTION_TIMER);
        assertEquals(VcpuRecord.ATTENTION_KILL, r.attend() & VcpuRecord.ATTENTION_KILL);
        assertEquals(DomainInfo.State.SHUTDOWN, rig.domctl.info(domid).state());
        assertEquals(DomainInfo.WATCHDOG, rig.domctl.info(domid).shutdownReason());
        r.stop();
    }

    private long watchdog(final FakeCaller c, final int id, final int seconds)
    {
        c.putInt(ARG, id);
        c.putInt(ARG + 4, seconds);
        return call(SCHED_OP, c, 6, ARG, 0);
    }

    // ---- hypercalls

    @Test
    void shutdownIsRecordedOnceAndToldToDomain0() throws Exception
    {
        machine(1);
        final int port = rig.events.bindVirq(Virq.DOM_EXC);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        local.runner(c, (n) -> { });
        c.putInt(ARG, 9);
        assertEquals(-EINVAL, call(SCHED_OP, c, 2, ARG, 0));
        c.putInt(ARG, DomainInfo.REBOOT);
        assertEquals(0, call(SCHED_OP, c, 2, ARG, 0));
        assertEquals(0, call(SCHED_OP_COMPAT, c, 2, DomainInfo.POWEROFF, 0));
        assertEquals(DomainInfo.REBOOT, rig.domctl.info(domid).shutdownReason(), "the first reason stays");
        final List<Integer> told = new ArrayList<>();
        rig.events.poll(told::add);
        assertEquals(List.of(port), told);
        assertEquals(-EPERM, call(SCHED_OP, c, 4, ARG, 0));
        assertEquals(-EPERM, call(SCHED_OP, c, 7, ARG, 0));
        assertEquals(-ENOSYS, call(SCHED_OP, c, 8, ARG, 0));
        assertEquals(-EFAULT, call(SCHED_OP, c, 2, 0, 0));
    }

    @Test
    void vcpuOpsKnowTheirVcpus() throws Exception
    {
        machine(1);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        local.runner(c, (n) -> { });
        assertEquals(1, call(VCPU_OP, c, 3, 0, 0));
        assertEquals(-ENOENT, call(VCPU_OP, c, 3, 2, 0));
        assertEquals(-ENOENT, call(VCPU_OP, c, 3, 8191, 0));
        assertEquals(-ENOENT, call(VCPU_OP, c, 3, -1, 0));
        assertEquals(-EEXIST, call(VCPU_OP, c, 0, 1, ARG));
        Raw.putInt(vcpu(1) + VcpuRecord.STATE, VcpuRecord.STATE_UNUSED);
        assertEquals(-EINVAL, call(VCPU_OP, c, 1, 1, 0), "not initialised");
        assertEquals(0, call(VCPU_OP, c, 0, 1, ARG));
        assertEquals(0, call(VCPU_OP, c, 3, 1, 0));
        assertEquals(0, call(VCPU_OP, c, 1, 1, 0));
        assertEquals(1, started.get());
        assertEquals(1, call(VCPU_OP, c, 3, 1, 0));
        assertEquals(0, call(VCPU_OP, c, 2, 1, 0));
        assertEquals(0, call(VCPU_OP, c, 3, 1, 0));
        assertEquals(-EINVAL, call(VCPU_OP, c, 12, 0, ARG));
        assertEquals(-ENOSYS, call(VCPU_OP, c, 99, 0, ARG));
        c.putLong(ARG, 10);
        assertEquals(-EINVAL, call(VCPU_OP, c, 6, 0, ARG), "too short a period");
        assertEquals(-EINVAL, call(VCPU_OP, c, 8, 1, ARG), "another vCPU's timer");
        assertEquals(0, call(VCPU_OP, c, 4, 0, ARG + 256));
        assertEquals(0, call(VCPU_OP, c, 2, 0, 0), "the last vCPU goes down");
        assertEquals(DomainInfo.POWEROFF, rig.domctl.info(domid).shutdownReason());
    }

    @Test
    void aRegisteredVcpuInfoTakesOver() throws Exception
    {
        machine(1);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        final VcpuRunner r = local.runner(c, (n) -> { });
        final long mfn = HypervisorKillTest.firstFrameOf(rig, domid);
        final OwnEvents own = new OwnEvents(rig.machine, rig.channels, domid);
        Raw.putByte(own.vcpuInfo(0) + 1, (byte)0);
        assertEquals(-ENXIO, registerInfo(c, mfn, 4096 - 32));
        assertEquals(-ENXIO, registerInfo(c, mfn, 3));
        assertEquals(-EINVAL, registerInfo(c, rig.hv.frames() + 1, 64));
        assertEquals(0, registerInfo(c, mfn, 64));
        final long info = rig.machine.memory().addressOf(mfn) + 64;
        assertEquals(info, own.vcpuInfo(0));
        assertEquals(-1, Raw.getInt(info + 4), "everything selected");
        assertEquals(1, Raw.getByte(info));
        assertEquals(0, Raw.getByte(info + 1), "contents copied");
        assertTrue(Raw.getInt(info + 32 + 24) != 0, "time too");
        assertEquals(-EBUSY, registerInfo(c, mfn, 128));
        assertTrue(c.held.contains(mfn));
        r.stop();
    }

    private long registerInfo(final FakeCaller c, final long mfn, final int offset)
    {
        c.putLong(ARG, mfn);
        c.putInt(ARG + 8, offset);
        return call(VCPU_OP, c, 10, 0, ARG);
    }

    @Test
    void theRunstateAreaFollowsTheVcpu() throws Exception
    {
        machine(1);
        final FakeCaller c = new FakeCaller(rig, domid, 0);
        final VcpuRunner r = local.runner(c, (n) -> { });
        r.start();
        c.putInt(ARG, (int)ARG + 512);
        assertEquals(0, call(VCPU_OP, c, 5, 0, ARG));
        assertEquals(RunState.RUNNING, c.getInt(ARG + 512));
        final long deadline = new SystemClock(rig.machine).now() + 2_000_000L;
        poll(c, ARG, 0, deadline);
        assertEquals(0, call(SCHED_OP, c, 3, ARG, 0));
        assertEquals(RunState.RUNNING, c.getInt(ARG + 512));
        assertTrue(c.getLong(ARG + 512 + 12 + 2 * 8) > 0, "time spent blocked");
        r.stop();
        assertEquals(RunState.OFFLINE, c.getInt(ARG + 512));
    }
}
