package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.EEXIST;
import static io.xenolith.hv.hypercall.Errno.EFAULT;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOENT;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.EOPNOTSUPP;
import static io.xenolith.hv.hypercall.Errno.EPERM;
import static io.xenolith.hv.hypercall.Errno.ESRCH;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.event.EventChannelOps;
import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Event channels of two domains: results, what is written where, and that nothing is lost between threads. */
class EventChannelTest
{
    private static final long ARG = FakeCaller.BASE;

    private MachineRig rig;
    private int a;
    private int b;
    private Guest guestA;
    private Guest guestB;

    /** A domain's own side, without a CPU. */
    private final class Guest
    {
        final int domid;
        final OwnEvents own;
        final EventChannelOps ops;
        final FakeCaller c;
        final long info;

        Guest(final int domid)
        {
            this.domid = domid;
            own = new OwnEvents(rig.machine, rig.channels, domid);
            ops = new EventChannelOps(rig.channels, own, new MailboxClient(rig.machine, domid, () -> { }));
            c = new FakeCaller(rig, domid, 0);
            info = own.vcpuInfo(0);
        }

        long op(final int cmd)
        {
            try
            {
                return ops.eventChannelOp(c, cmd, ARG, 0, 0, 0);
            }
            catch (final GuestFault e)
            {
                return -EFAULT;
            }
        }

        int allocUnbound(final int remote)
        {
            c.putShort(ARG, 0x7ff0);
            c.putShort(ARG + 2, remote);
            assertEquals(0, op(6));
            return c.getInt(ARG + 4);
        }

        int bind(final int remote, final int port)
        {
            c.putShort(ARG, remote);
            c.putInt(ARG + 4, port);
            assertEquals(0, op(0));
            return c.getInt(ARG + 8);
        }

        long send(final int port)
        {
            c.putInt(ARG, port);
            return op(4);
        }

        boolean pendingBit(final int port)
        {
            return (Raw.getInt(own.sharedInfo() + 0x800 + (port >>> 5) * 4) >>> (port & 31) & 1) != 0;
        }

        void mask(final int port)
        {
            Raw.getAndOrInt(own.sharedInfo() + 0x880 + (port >>> 5) * 4, 1 << (port & 31));
        }

        int selector()
        {
            return Raw.getInt(info + 4);
        }

        int upcall()
        {
            return Raw.getByte(info);
        }

        /** What a guest's up-call handler does. */
        List<Integer> consume()
        {
            final List<Integer> ports = new ArrayList<>();
            Raw.putByteVolatile(info, (byte)0);
            int sel = Raw.xchgInt(info + 4, 0);
            while (sel != 0)
            {
                final int w = Integer.numberOfTrailingZeros(sel);
                sel &= sel - 1;
                final long word = own.sharedInfo() + 0x800 + w * 4;
                final int todo = Raw.getInt(word) & ~Raw.getInt(own.sharedInfo() + 0x880 + w * 4);
                for (int bit = 0; bit < 32; bit++)
                {
                    if ((todo >>> bit & 1) != 0)
                    {
                        Raw.getAndAndInt(word, ~(1 << bit));
                        ports.add(w * 32 + bit);
                    }
                }
            }
            return ports;
        }
    }

    @BeforeEach
    void setUp() throws Exception
    {
        rig = new MachineRig().serveInProcess();
        a = rig.domain(16);
        b = rig.domain(16);
        guestA = new Guest(a);
        guestB = new Guest(b);
    }

    @AfterEach
    void tearDown() throws Exception
    {
        rig.close();
    }

    @Test
    void anEventGoesThroughPendingSelectorAndUpcallInThatOrderOfDependence()
    {
        final int offered = guestA.allocUnbound(b);
        final int port = guestB.bind(a, offered);
        guestB.own.derive(0);
        assertEquals(List.of(port), guestB.consume(), "binding sets the local port pending once");
        assertEquals(0, guestB.send(port));
        assertFalse(guestA.pendingBit(offered), "the sender writes nothing of the guest's");
        assertTrue(EventChannels.raised(Raw.getLong(rig.channels.port(a, offered) + EvtchnRecord.BINDING)));
        assertTrue(guestA.own.pending(offered));
        final long v = rig.hv.vcpu(DomainRecord.slot(a), 0);
        assertEquals(VcpuRecord.ATTENTION_EVENT, Raw.getInt(v + VcpuRecord.ATTENTION) & VcpuRecord.ATTENTION_EVENT);
        guestA.own.derive(0);
        assertTrue(guestA.pendingBit(offered));
        assertEquals(1, guestA.selector());
        assertEquals(1, guestA.upcall());
        assertEquals(List.of(offered), guestA.consume());
    }

    @Test
    void aMaskedPortBecomesPendingButIsAnnouncedOnlyByUnmask()
    {
        final int offered = guestA.allocUnbound(b);
        final int port = guestB.bind(a, offered);
        guestA.mask(offered);
        guestB.send(port);
        guestA.own.derive(0);
        assertTrue(guestA.pendingBit(offered));
        assertEquals(0, guestA.selector());
        assertEquals(0, guestA.upcall());
        guestA.c.putInt(ARG, offered);
        assertEquals(0, guestA.op(9));
        assertEquals(1, guestA.upcall());
        assertEquals(List.of(offered), guestA.consume());
    }

    @Test
    void aPendingPortIsNotAnnouncedTwice()
    {
        final int offered = guestA.allocUnbound(b);
        final int port = guestB.bind(a, offered);
        guestB.send(port);
        guestA.own.derive(0);
        Raw.putByte(guestA.info, (byte)0);
        guestB.send(port);
        guestA.own.derive(0);
        assertEquals(0, guestA.upcall(), "pending already: the guest was told");
    }

    @Test
    void portsThatAreNotJoinedDoNotReachAnybody()
    {
        final int offered = guestA.allocUnbound(b);
        assertEquals(0, guestA.send(offered), "unbound: nobody listens");
        final int port = guestB.bind(a, offered);
        guestA.c.putInt(ARG, offered);
        assertEquals(0, guestA.op(3));
        assertEquals(0, guestB.send(port), "the peer is unbound again");
        assertFalse(guestA.own.pending(offered));
        assertEquals(-EINVAL, guestA.send(offered), "closed");
        assertEquals(-EINVAL, guestA.send(0));
        assertEquals(-EINVAL, guestA.send(-1));
        assertEquals(-EINVAL, guestA.send(1 << 20));
    }

    @Test
    void bindingErrors()
    {
        final int offered = guestA.allocUnbound(0);
        guestB.c.putShort(ARG, a);
        guestB.c.putInt(ARG + 4, offered);
        assertEquals(-EINVAL, guestB.op(0), "offered to somebody else");
        guestB.c.putShort(ARG, 77);
        assertEquals(-ESRCH, guestB.op(0));
        guestB.c.putShort(ARG, a);
        guestB.c.putInt(ARG + 4, -5);
        assertEquals(-EINVAL, guestB.op(0));
        guestB.c.putShort(ARG, a);
        guestB.c.putShort(ARG + 2, b);
        assertEquals(-EPERM, guestB.op(6), "ports of another domain");
        guestB.c.putShort(ARG, 99);
        assertEquals(-ESRCH, guestB.op(6));
        assertEquals(-EPERM, guestB.op(2), "physical interrupts");
        assertEquals(-ENOSYS, guestB.op(14));
        guestB.c.putInt(ARG, 1000);
        assertEquals(-EINVAL, guestB.op(3));
    }

    @Test
    void virtualInterruptsAreBoundOncePerVcpu()
    {
        assertEquals(-EINVAL, bindVirq(guestA, 24, 0));
        assertEquals(-ENOENT, bindVirq(guestA, 0, 2));
        assertEquals(-EINVAL, bindVirq(guestA, 3, 1), "a global one belongs to vCPU 0");
        assertEquals(-EPERM, bindVirq(guestA, 3, 0), "and to domain 0");
        assertEquals(0, bindVirq(guestA, 0, 1));
        final int port = guestA.c.getInt(ARG + 8);
        assertEquals(-EEXIST, bindVirq(guestA, 0, 1));
        assertEquals(0, bindVirq(guestA, 0, 0));
        rig.channels.raiseVirq(a, 1, 0);
        guestA.own.derive(1);
        assertTrue(guestA.pendingBit(port));
        assertEquals(-EINVAL, guestA.send(port), "nobody sends a virtual interrupt");
        guestA.c.putInt(ARG, port);
        guestA.c.putInt(ARG + 4, 0);
        assertEquals(-EINVAL, guestA.op(8), "a per-vCPU interrupt cannot be moved");
        assertEquals(0, guestA.op(3));
        assertEquals(0, bindVirq(guestA, 0, 1), "bindable again");
    }

    private static long bindVirq(final Guest g, final int virq, final int vcpu)
    {
        g.c.putInt(ARG, virq);
        g.c.putInt(ARG + 4, vcpu);
        return g.op(1);
    }

    @Test
    void statusTellsBothEnds()
    {
        final int offered = guestA.allocUnbound(b);
        status(guestA, offered);
        assertEquals(1, guestA.c.getInt(ARG + 8));
        assertEquals(b, guestA.c.getShort(ARG + 16));
        final int port = guestB.bind(a, offered);
        status(guestB, port);
        assertEquals(2, guestB.c.getInt(ARG + 8));
        assertEquals(a, guestB.c.getShort(ARG + 16));
        assertEquals(offered, guestB.c.getInt(ARG + 20));
        guestB.c.putShort(ARG, a);
        assertEquals(-EPERM, guestB.op(5));
        guestB.c.putShort(ARG, 88);
        assertEquals(-ESRCH, guestB.op(5));
    }

    private static void status(final Guest g, final int port)
    {
        g.c.putShort(ARG, 0x7ff0);
        g.c.putInt(ARG + 4, port);
        assertEquals(0, g.op(5));
    }

    @Test
    void portsRunOutAndAResetGivesThemBack()
    {
        long result = 0;
        int n = 0;
        while (result == 0)
        {
            guestA.c.putShort(ARG, 0x7ff0);
            guestA.c.putShort(ARG + 2, b);
            result = guestA.op(6);
            n += result == 0 ? 1 : 0;
        }
        assertEquals(-ENOSPC, result);
        assertEquals(DomainBirth.DOMU_PORTS - 1, n);
        guestA.c.putShort(ARG, 0x7ff0);
        assertEquals(0, guestA.op(10));
        assertEquals(1, guestA.allocUnbound(b));
    }

    @Test
    void aPortThatCannotBeReportedIsTakenBack()
    {
        final long readOnly = FakeCaller.READ_ONLY - 4;
        guestA.c.putShort(readOnly, 0x7ff0);
        guestA.c.putShort(readOnly + 2, b);
        assertEquals(-EFAULT, guestA.ops.eventChannelOp(guestA.c, 6, readOnly, 0, 0, 0));
        assertEquals(1, guestA.allocUnbound(b), "the lowest port is free again");
    }

    @Test
    void fifoQueuesLinkInPriorityOrder()
    {
        final FakeCaller c = guestA.c;
        final long control = HypervisorKillTest.firstFrameOf(rig, a);
        initControl(c, 0, 0, 0);
        assertEquals(-EINVAL, guestA.op(11), "frame 0");
        initControl(c, control, 4, 0);
        assertEquals(-EINVAL, guestA.op(11), "not aligned");
        initControl(c, control, 4096 - 64, 0);
        assertEquals(-EINVAL, guestA.op(11), "crosses the page");
        c.putLong(ARG, control + 1);
        assertEquals(-EOPNOTSUPP, guestA.op(12), "no control block yet");
        initControl(c, control, 128, 9);
        assertEquals(-ENOENT, guestA.op(11));
        initControl(c, control, 128, 0);
        assertEquals(0, guestA.op(11));
        assertEquals(17, c.getByte(ARG + 16));
        c.putLong(ARG, control + 1);
        assertEquals(0, guestA.op(12));

        final int p = guestA.allocUnbound(b);
        final int q = guestA.allocUnbound(b);
        final int toP = guestB.bind(a, p);
        final int toQ = guestB.bind(a, q);
        final long words = rig.machine.memory().addressOf(control + 1);
        final long block = rig.machine.memory().addressOf(control) + 128;
        guestB.send(toP);
        guestA.own.derive(0);
        assertEquals(1 << 31 | 1 << 30, Raw.getInt(words + p * 4), "masked at first: pending, not linked");
        unmask(p);
        unmask(q);
        assertEquals(1 << 31 | 1 << 29, Raw.getInt(words + p * 4), "linked");
        assertEquals(1 << 7, Raw.getInt(block), "ready, default priority");
        assertEquals(p, Raw.getInt(block + 8 + 7 * 4), "head");
        guestB.send(toQ);
        guestA.own.derive(0);
        assertEquals(q, Raw.getInt(words + p * 4) & 0x1ffff, "the tail links to the next");
        assertEquals(1, guestA.upcall());
        c.putInt(ARG, q);
        c.putInt(ARG + 4, 16);
        assertEquals(-EINVAL, guestA.op(13));
    }

    private void unmask(final int port)
    {
        guestA.c.putInt(ARG, port);
        assertEquals(0, guestA.op(9));
    }

    private static void initControl(final FakeCaller c, final long gfn, final int offset, final int vcpu)
    {
        c.putLong(ARG, gfn);
        c.putInt(ARG + 8, offset);
        c.putInt(ARG + 12, vcpu);
    }

    @Test
    void noEventIsLostBetweenASenderAndAGuestThatConsumes() throws Exception
    {
        final int offered = guestA.allocUnbound(b);
        final int port = guestB.bind(a, offered);
        final AtomicInteger produced = new AtomicInteger();
        final int rounds = 20_000;
        final Thread sender = Thread.ofPlatform().start(() ->
        {
            for (int i = 1; i <= rounds; i++)
            {
                produced.set(i);
                rig.channels.send(b, port);
            }
        });
        int seen = 0;
        while (seen < rounds)
        {
            guestA.own.derive(0);
            if (guestA.upcall() != 0 && guestA.consume().contains(offered))
            {
                seen = produced.get();
            }
            else if (!sender.isAlive())
            {
                guestA.own.derive(0);
                assertTrue(seen == rounds || guestA.upcall() != 0, "the last event is lost: seen=" + seen);
            }
        }
        sender.join();
    }

    @Test
    void anEventSentBeforeADeathIsAnnouncedAgain()
    {
        final int offered = guestA.allocUnbound(b);
        final int port = guestB.bind(a, offered);
        guestB.send(port);
        final long v = rig.hv.vcpu(DomainRecord.slot(a), 0);
        Raw.putLong(v + VcpuRecord.EVENT_WORDS, 0);
        Raw.putInt(v + VcpuRecord.ATTENTION, 0);
        guestA.own.derive(0);
        assertFalse(guestA.pendingBit(offered), "the hint was lost with the sender");
        rig.channels.rederive(b);
        guestA.own.derive(0);
        assertEquals(List.of(offered), guestA.consume());
    }

    @Test
    void aWideGuestHasWideWords() throws Exception
    {
        final int wide = rig.domctl.create(true, 64, 1, UUID.randomUUID());
        rig.domctl.unpause(wide);
        final Guest g = new Guest(wide);
        int port = 0;
        for (int i = 0; i < 70; i++)
        {
            port = g.allocUnbound(b);
        }
        final int theirs = guestB.bind(wide, port);
        guestB.send(theirs);
        g.own.derive(0);
        assertEquals(1L << (port & 63), Raw.getLong(g.own.sharedInfo() + 0x800 + 8));
        assertEquals(2, Raw.getLong(g.info + 8), "selector of the second word");
    }

    @Test
    void hostileArgumentsAreRefused()
    {
        final java.util.Random random = new java.util.Random(20260101);
        for (int i = 0; i < 3000; i++)
        {
            for (int w = 0; w < 6; w++)
            {
                guestA.c.putInt(ARG + w * 4, random.nextInt(4) == 0 ? random.nextInt(8) : random.nextInt());
            }
            final long result = guestA.op(random.nextInt(16) - 1);
            assertTrue(result <= 0, "result " + result + " of call " + i);
        }
        guestA.c.putShort(ARG, 0x7ff0);
        assertEquals(0, guestA.op(10), "still sane");
        assertEquals(1, guestA.allocUnbound(b));
    }
}
