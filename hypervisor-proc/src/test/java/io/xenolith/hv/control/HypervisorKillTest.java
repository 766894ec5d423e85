package io.xenolith.hv.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.event.PortStatus;
import io.xenolith.hv.event.Virq;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.grant.GrantStatus;
import io.xenolith.hv.grant.PinnedGrant;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The hypervisor process is killed before each of its stores in turn, in the middle of a scenario that uses every global operation, and
 * replaced. Every request must be answered exactly once and as if nothing had happened, and nothing may be left over.
 */
class HypervisorKillTest
{
    /** Points of the hypervisor's own code. Each must be reached. */
    private static final Set<KillPoint> POINTS = EnumSet.of(
        KillPoint.MAILBOX_BEFORE_SERVE, KillPoint.INTENT_BEFORE_BEGIN, KillPoint.INTENT_BEFORE_PLAN,
        KillPoint.INTENT_BEFORE_COMMIT, KillPoint.INTENT_BEFORE_APPLY, KillPoint.INTENT_BEFORE_ANSWER,
        KillPoint.MAILBOX_BEFORE_SERVED, KillPoint.MAILBOX_BEFORE_DONE, KillPoint.INTENT_BEFORE_END,
        KillPoint.HEAP_BEFORE_OWNER, KillPoint.HEAP_BEFORE_RELEASE, KillPoint.HEAP_BEFORE_FREE,
        KillPoint.DOMAIN_BEFORE_IDENTITY, KillPoint.REAP_BEFORE_SLOTS, KillPoint.REAP_BEFORE_PORTS,
        KillPoint.REAP_BEFORE_PEER, KillPoint.REAP_BEFORE_PINS, KillPoint.REAP_BEFORE_FRAMES,
        KillPoint.REAP_BEFORE_FREE, KillPoint.REAP_BEFORE_TELL, KillPoint.PORT_BEFORE_BINDING,
        KillPoint.PORT_BEFORE_PEER, KillPoint.PORT_BEFORE_VIRQ, KillPoint.EVTCHN_RAISE, KillPoint.EVTCHN_HINT,
        KillPoint.EVTCHN_ATTENTION, KillPoint.GRANT_BEFORE_TABLE, KillPoint.TRANSFER_BEFORE_ENTRY,
        KillPoint.TRANSFER_BEFORE_COMPLETED, KillPoint.GRANT_BEFORE_UNPIN, KillPoint.GRANT_BEFORE_CLEAR,
        KillPoint.GRANT_BEFORE_RELEASE);
    /** Points that a run passes many times, which are tried at a later time too. */
    private static final Set<KillPoint> AGAIN = EnumSet.of(
        KillPoint.HEAP_BEFORE_OWNER, KillPoint.INTENT_BEFORE_ANSWER, KillPoint.PORT_BEFORE_BINDING);
    private static final int LATER = 7;

    @TestFactory
    List<DynamicTest> killedBeforeEachStore()
    {
        final List<DynamicTest> tests = new ArrayList<>();
        for (final KillPoint point : POINTS)
        {
            tests.add(DynamicTest.dynamicTest(point + ":1", () -> run(point, 1)));
            if (AGAIN.contains(point))
            {
                tests.add(DynamicTest.dynamicTest(point + ":" + LATER, () -> run(point, LATER)));
            }
        }
        return tests;
    }

    private static void run(final KillPoint point, final int occurrence) throws Exception
    {
        try (MachineRig rig = new MachineRig())
        {
            final long free = countFree(rig);
            rig.serveByChild(point + ":" + occurrence);
            scenario(rig);
            final boolean died = rig.childDied();
            assertTrue(died, "the scenario never came to " + point);
            rig.ensureChild();
            assertEquals(free, countFree(rig), "frames are back");
            assertNothingLeft(rig);
        }
    }

    /** Uses every global operation, with results that do not depend on whether somebody died. */
    private static void scenario(final MachineRig rig) throws Exception
    {
        final int a = rig.domain(40);
        final int b = rig.domain(20);
        assertEquals(1, a);
        assertEquals(2, b);
        assertEquals(40, rig.domctl.info(a).totalPages());
        final MailboxClient mailboxA = new MailboxClient(rig.machine, a, rig::ensureChild);
        final MailboxClient mailboxB = new MailboxClient(rig.machine, b, rig::ensureChild);
        ports(rig, a, b, mailboxA, mailboxB);
        frames(rig, a, mailboxA);
        transfer(rig, a, b, mailboxA);
        deathWithPins(rig, a, b);
    }

    private static void ports(
        final MachineRig rig, final int a, final int b, final MailboxClient mailboxA, final MailboxClient mailboxB)
        throws Exception
    {
        assertEquals(1, mailboxA.call(0, GlobalOp.PORT_ALLOC_UNBOUND, a, b, 0, 0));
        assertEquals(1, mailboxB.call(0, GlobalOp.PORT_BIND_INTERDOMAIN, a, 1, 0, 0));
        assertEquals(2, mailboxA.call(0, GlobalOp.PORT_BIND_VIRQ, Virq.TIMER, 0, 0, 0));
        assertEquals(3, mailboxA.call(0, GlobalOp.PORT_BIND_IPI, 1, 0, 0, 0));
        assertEquals(4, rig.domctl.allocUnbound(a, 0));
        assertEquals(1, rig.events.bindInterdomain(a, 4));
        assertEquals(2, rig.events.bindVirq(Virq.DOM_EXC));
        assertEquals(PortStatus.INTERDOMAIN, rig.channels.status(a, 1).state());
        assertEquals(1, rig.channels.status(a, 1).remotePort());
        assertEquals(0, mailboxB.call(0, GlobalOp.PORT_CLOSE, 1, 0, 0, 0));
        assertEquals(PortStatus.UNBOUND, rig.channels.status(a, 1).state());
        assertEquals(1, mailboxB.call(0, GlobalOp.PORT_BIND_INTERDOMAIN, a, 1, 0, 0));
        assertEquals(0, mailboxB.call(0, GlobalOp.PORT_RESET, b, 0, 0, 0));
        assertEquals(PortStatus.UNBOUND, rig.channels.status(a, 1).state());
        assertEquals(1, mailboxB.call(0, GlobalOp.PORT_BIND_INTERDOMAIN, a, 1, 0, 0));
    }

    private static void frames(final MachineRig rig, final int a, final MailboxClient mailboxA)
    {
        final long mfn = mailboxA.call(0, GlobalOp.FRAMES_CLAIM, 8, 0, 0, 0);
        assertTrue(mfn > 0, "claimed " + mfn);
        for (int i = 0; i < 8; i++)
        {
            final long owner = Raw.getLong(rig.hv.frame(mfn + i) + FrameRecord.OWNER);
            assertEquals(FrameRecord.STATE_MAGAZINE, FrameRecord.state(owner));
            assertEquals(a, FrameRecord.domid(owner));
        }
        final long[] list = {Extent.of(mfn, 8)};
        assertEquals(8, mailboxA.callWithList(0, GlobalOp.FRAMES_RETURN, new long[0], list).result());
        assertEquals(3, mailboxA.call(0, GlobalOp.GRANT_GROW, 3, 0, 0, 0));
        assertEquals(3, Raw.getInt(rig.record(a) + DomainRecord.GRANT_FRAMES));
    }

    /** A frame of a goes to b, which has published an entry for it. */
    private static void transfer(final MachineRig rig, final int a, final int b, final MailboxClient mailboxA)
    {
        final long mfn = firstFrameOf(rig, a);
        final long entry = rig.machine.memory().addressOf(
            Raw.getInt(rig.record(b) + DomainRecord.GRANT_FRAME_MFNS)) + 9 * 8L;
        Raw.putLong(entry, (long)a << 16 | 2);
        assertEquals(0, Raw.getInt(rig.hv.frame(mfn) + FrameRecord.REFS));
        Raw.putInt(rig.hv.frame(mfn) + FrameRecord.REFS, FrameTable.CLAIMED);
        assertEquals(GrantStatus.OKAY, mailboxA.call(0, GlobalOp.GRANT_TRANSFER, mfn, b, 9, 0));
        assertEquals(39, rig.domctl.info(a).totalPages());
        assertEquals(21, rig.domctl.info(b).totalPages());
        assertEquals(mfn, Raw.getInt(entry + 4));
        assertEquals(0xe, Raw.getInt(entry) & 0xffff, "accept, committed, completed");
        assertEquals(b, FrameRecord.domid(Raw.getLong(rig.hv.frame(mfn) + FrameRecord.OWNER)));
    }

    /** b dies holding a pin of a's, and while domain 0 pins frames of it. */
    private static void deathWithPins(final MachineRig rig, final int a, final int b) throws Exception
    {
        final long granted = firstFrameOf(rig, b);
        rig.domctl.seedGrant(b, 20, 0, granted, false);
        rig.domctl.seedGrant(a, 21, b, firstFrameOf(rig, a), false);
        final PinnedGrant held = rig.pins.pin(b, 20, true);
        Raw.putByte(held.address(), (byte)7);
        final PinnedGrant byB = new io.xenolith.hv.grant.GrantPins(rig.machine, b).pin(a, 21, true);
        assertNotNull(byB);
        rig.domctl.destroy(b);
        awaitOnlyPinned(rig, b);
        assertEquals(7, Raw.getByte(held.address()), "a pinned frame outlives its owner");
        assertEquals(0, Raw.getLong(rig.hv.active(DomainRecord.slot(a), 21) + ActiveGrant.PINS), "a dead holder's pin");
        rig.pins.unpin(held);
        rig.awaitGone(b);
        assertEquals(PortStatus.UNBOUND, rig.channels.status(a, 1).state(), "peer of a dead domain's port");
        rig.domctl.destroy(a);
        rig.awaitGone(a);
    }

    private static void awaitOnlyPinned(final MachineRig rig, final int domid) throws InterruptedException
    {
        for (int i = 0; i < 2000; i++)
        {
            rig.ensureChild();
            if (count(rig, domid, FrameRecord.STATE_OWNED) == 0)
            {
                assertTrue(count(rig, domid, FrameRecord.STATE_DYING) >= 1);
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("not swept: domid=" + domid);
    }

    private static int count(final MachineRig rig, final int domid, final int state)
    {
        int n = 0;
        for (long mfn = 1; mfn < rig.hv.frames(); mfn++)
        {
            final long owner = Raw.getLong(rig.hv.frame(mfn) + FrameRecord.OWNER);
            n += FrameRecord.domid(owner) == domid && FrameRecord.state(owner) == state ? 1 : 0;
        }
        return n;
    }

    private static long countFree(final MachineRig rig)
    {
        return count(rig, FrameRecord.NO_OWNER, FrameRecord.STATE_FREE);
    }

    static long firstFrameOf(final MachineRig rig, final int domid)
    {
        for (long mfn = 1; mfn < rig.hv.frames(); mfn++)
        {
            final long owner = Raw.getLong(rig.hv.frame(mfn) + FrameRecord.OWNER);
            if (FrameRecord.domid(owner) == domid && FrameRecord.state(owner) == FrameRecord.STATE_OWNED)
            {
                return mfn;
            }
        }
        throw new AssertionError("no frame: domid=" + domid);
    }

    private static void assertNothingLeft(final MachineRig rig)
    {
        assertEquals(0, Raw.getInt(rig.hv.intent()), "intent record");
        for (int slot = 1; slot < DomainRecord.SLOTS; slot++)
        {
            assertEquals(DomainRecord.STATE_FREE, Domains.state(rig.hv.domain(slot)), "slot " + slot);
        }
        assertEquals(PortStatus.UNBOUND, rig.channels.status(0, 1).state());
        for (long mfn = 1; mfn < rig.hv.frames(); mfn++)
        {
            final long owner = Raw.getLong(rig.hv.frame(mfn) + FrameRecord.OWNER);
            if (FrameRecord.state(owner) == FrameRecord.STATE_FREE)
            {
                assertEquals(MachineToPhysical.INVALID, MachineToPhysical.get(rig.machine, mfn), "m2p of " + mfn);
            }
        }
    }
}
