package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.EBUSY;
import static io.xenolith.hv.hypercall.Errno.EFAULT;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.grant.ActiveGrants;
import io.xenolith.hv.grant.ForeignWrite;
import io.xenolith.hv.grant.GrantCopy;
import io.xenolith.hv.grant.GrantException;
import io.xenolith.hv.grant.GrantMappings;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.hv.grant.GrantStatus;
import io.xenolith.hv.grant.GrantTableOps;
import io.xenolith.hv.grant.GrantTables;
import io.xenolith.hv.grant.GrantVersions;
import io.xenolith.hv.grant.Pin;
import io.xenolith.hv.grant.PinnedGrant;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Grants of domain a to domain b and to domain 0: flags, pins, mappings, copies, versions, and races with the granter. */
class GrantTest
{
    private static final long ARG = FakeCaller.BASE;
    private static final int GREF = 8;
    private static final int READING = 8;
    private static final int WRITING = 0x10;

    private MachineRig rig;
    private int a;
    private int b;
    private long mfn;
    private FakeCaller callerA;
    private FakeCaller callerB;
    private GrantTableOps opsA;
    private GrantTableOps opsB;
    private ActiveGrants grantsB;

    @BeforeEach
    void setUp() throws Exception
    {
        rig = new MachineRig().serveInProcess();
        a = rig.domain(16);
        b = rig.domain(16);
        mfn = HypervisorKillTest.firstFrameOf(rig, a);
        callerA = new FakeCaller(rig, a, 0);
        callerB = new FakeCaller(rig, b, 0);
        opsA = ops(a);
        opsB = ops(b);
        grantsB = new ActiveGrants(rig.machine, b, callerB.incarnation());
    }

    @AfterEach
    void tearDown() throws Exception
    {
        rig.close();
    }

    private GrantTableOps ops(final int domid)
    {
        final ActiveGrants grants =
            new ActiveGrants(rig.machine, domid, Domains.incarnation(rig.record(domid)));
        final GrantTables tables = new GrantTables(rig.machine);
        final MailboxClient mailbox = new MailboxClient(rig.machine, domid, () -> { });
        return new GrantTableOps(tables, new GrantMappings(grants),
            new GrantCopy(grants, new ForeignWrite(rig.machine), rig.machine.memory()),
            new GrantVersions(rig.machine, tables, mailbox), mailbox);
    }

    private long entry(final int gref)
    {
        return rig.machine.memory().addressOf(Raw.getInt(rig.record(a) + DomainRecord.GRANT_FRAME_MFNS)) + gref * 8L;
    }

    private void grant(final int gref, final int to, final long frame, final int flags)
    {
        Raw.putInt(entry(gref) + 4, (int)frame);
        Raw.putInt(entry(gref), to << 16 | flags);
    }

    private int inUse(final int gref)
    {
        return Raw.getInt(entry(gref)) & (READING | WRITING);
    }

    private long active(final int gref)
    {
        return Raw.getLong(rig.hv.active(DomainRecord.slot(a), gref) + ActiveGrant.PINS);
    }

    private static long call(final GrantTableOps ops, final FakeCaller c, final int cmd, final int count)
    {
        try
        {
            return ops.grantTableOp(c, cmd, ARG, count, 0, 0);
        }
        catch (final GuestFault e)
        {
            return -EFAULT;
        }
    }

    private int map(final GrantTableOps ops, final FakeCaller c, final int dom, final int gref, final int flags)
    {
        c.putLong(ARG, 0x4000);
        c.putInt(ARG + 8, flags);
        c.putInt(ARG + 12, gref);
        c.putShort(ARG + 16, dom);
        assertEquals(0, call(ops, c, 0, 1));
        return (short)c.getShort(ARG + 18);
    }

    private int unmap(final GrantTableOps ops, final FakeCaller c, final int handle, final long host, final long device)
    {
        c.putLong(ARG, host);
        c.putLong(ARG + 8, device);
        c.putInt(ARG + 16, handle);
        assertEquals(0, call(ops, c, 1, 1));
        return (short)c.getShort(ARG + 20);
    }

    @Test
    void flagsAreSetWhilePinnedAndClearAfterwards() throws Exception
    {
        grant(GREF, 0, mfn, 1);
        final PinnedGrant read = rig.pins.pin(a, GREF, false);
        assertEquals(READING, inUse(GREF));
        final PinnedGrant write = rig.pins.pin(a, GREF, true);
        assertEquals(READING | WRITING, inUse(GREF));
        assertEquals(mfn, write.mfn());
        assertEquals(ActiveGrant.pins(0, Domains.incarnation(rig.record(0)), 1, 1), active(GREF));
        rig.pins.unpin(write);
        assertEquals(READING, inUse(GREF));
        rig.pins.unpin(read);
        assertEquals(0, inUse(GREF));
        assertEquals(0, active(GREF));
    }

    @Test
    void whatTheEntryDoesNotPermitIsRefused()
    {
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, false);
        grant(GREF, 0, mfn, 1 | 4);
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, true);
        grant(GREF, b, mfn, 1);
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, false);
        grant(GREF, 0, mfn, 2);
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, false);
        grant(GREF, 0, rig.hv.frames() + 5, 1);
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, false);
        grant(GREF, 0, HypervisorKillTest.firstFrameOf(rig, b), 1);
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, false);
        assertPinFails(GrantStatus.BAD_GNTREF, 512, false);
        assertPinFails(GrantStatus.BAD_GNTREF, -1, false);
        assertEquals(GrantStatus.BAD_DOMAIN, assertThrows(GrantException.class,
            () -> rig.pins.pin(55, GREF, false)).status());
        assertEquals(0, inUse(GREF), "a refused pin leaves no flag");
        assertEquals(0, active(GREF), "and no word");
    }

    private void assertPinFails(final int status, final int gref, final boolean write)
    {
        assertEquals(status,
            assertThrows(GrantException.class, () -> rig.pins.pin(a, gref, write)).status());
    }

    @Test
    void aSecondHolderIsKeptOut() throws Exception
    {
        grant(GREF, 0, mfn, 1);
        final PinnedGrant held = rig.pins.pin(a, GREF, false);
        Raw.putInt(entry(GREF), b << 16 | 1 | READING);
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pin(new Pin(), a, GREF, false));
        rig.pins.unpin(held);
        assertEquals(GrantStatus.OKAY, grantsB.pin(new Pin(), a, GREF, false));
    }

    @Test
    void aClaimedFrameCannotBePinnedAndAPinnedFrameIsSeen() throws Exception
    {
        grant(GREF, 0, mfn, 1);
        final FrameTable frames = new FrameTable(rig.hv.frame(0), rig.hv.frames());
        final int key = FrameTable.ownerKey(a, callerA.incarnation());
        assertTrue(frames.claim(mfn, key));
        assertPinFails(GrantStatus.GENERAL_ERROR, GREF, false);
        frames.unclaim(mfn);
        final PinnedGrant held = rig.pins.pin(a, GREF, true);
        final ActiveGrants grantsA = new ActiveGrants(rig.machine, a, callerA.incarnation());
        assertTrue(grantsA.pinned(a, mfn));
        assertTrue(grantsA.writePinned(a, mfn));
        assertTrue((frames.ownerWord(mfn) & FrameRecord.FLAG_GRANTED) != 0);
        rig.pins.unpin(held);
        assertFalse(grantsA.pinned(a, mfn));
    }

    /** The heart of crash rule 3: the granter frees while the grantee pins; never both. */
    @Test
    void freeingAndPinningExcludeEachOther() throws Exception
    {
        grant(GREF, b, mfn, 1);
        final FrameTable frames = new FrameTable(rig.hv.frame(0), rig.hv.frames());
        final int key = FrameTable.ownerKey(a, callerA.incarnation());
        final ActiveGrants grantsA = new ActiveGrants(rig.machine, a, callerA.incarnation());
        final AtomicBoolean freed = new AtomicBoolean();
        final AtomicBoolean both = new AtomicBoolean();
        final AtomicBoolean over = new AtomicBoolean();
        final int[] counts = new int[2];
        final Thread granter = Thread.ofPlatform().start(() ->
        {
            while (!over.get())
            {
                if (frames.claim(mfn, key))
                {
                    if (!grantsA.pinned(a, mfn))
                    {
                        freed.set(true);
                        counts[0]++;
                        Thread.onSpinWait();
                        freed.set(false);
                    }
                    frames.unclaim(mfn);
                    Thread.yield();
                }
            }
        });
        final Pin pin = new Pin();
        // On a busy host the two may miss each other for long: go on until both have had a turn.
        for (long i = 0; i < 20_000 || (counts[0] == 0 || counts[1] == 0) && i < 200_000_000; i++)
        {
            if (grantsB.pin(pin, a, GREF, true) == GrantStatus.OKAY)
            {
                both.set(both.get() || freed.get());
                counts[1]++;
                grantsB.unpin(pin);
            }
        }
        over.set(true);
        granter.join();
        assertFalse(both.get(), "pinned and freed at once");
        assertTrue(counts[0] > 0 && counts[1] > 0, "both happened: freed " + counts[0] + " pinned " + counts[1]);
        assertEquals(0, active(GREF));
        assertEquals(0, inUse(GREF));
    }

    /** The guest rewrites its entry as fast as it can; pins come and go; in the end flags and words agree. */
    @Test
    void aGuestThatKeepsChangingItsEntryGetsNothing() throws Exception
    {
        final AtomicBoolean over = new AtomicBoolean();
        final Thread guest = Thread.ofPlatform().start(() ->
        {
            int n = 0;
            while (!over.get())
            {
                final int old = Raw.getInt(entry(GREF));
                final int kind = (n++ & 3) == 0 ? 0 : n & 7;
                Raw.casInt(entry(GREF), old, b << 16 | old & (READING | WRITING) | kind);
                Raw.putInt(entry(GREF) + 4, (int)(mfn + (n & 3)));
            }
        });
        final Pin pin = new Pin();
        for (int i = 0; i < 20_000; i++)
        {
            if (grantsB.pin(pin, a, GREF, (i & 1) == 0) == GrantStatus.OKAY)
            {
                assertEquals(a, FrameRecord.domid(Raw.getLong(rig.hv.frame(pin.mfn()) + FrameRecord.OWNER)));
                grantsB.unpin(pin);
            }
        }
        over.set(true);
        guest.join();
        assertEquals(0, active(GREF));
        assertEquals(0, inUse(GREF));
    }

    @Test
    void mappingsHaveTwoPartsThatGoSeparately()
    {
        grant(GREF, b, mfn, 1);
        assertEquals(GrantStatus.BAD_GNTREF, map(opsB, callerB, a, GREF, 4), "neither part asked for");
        assertEquals(GrantStatus.OKAY, map(opsB, callerB, a, GREF, 1 | 2));
        final int handle = callerB.getInt(ARG + 20);
        assertEquals(mfn << 12, callerB.getLong(ARG + 24));
        assertTrue(callerB.mapped.contains(mfn));
        assertEquals(2, ActiveGrant.writes(active(GREF)));
        assertEquals(GrantStatus.OKAY, unmap(opsB, callerB, handle, 0, mfn << 12));
        assertEquals(1, ActiveGrant.writes(active(GREF)));
        assertEquals(GrantStatus.OKAY, unmap(opsB, callerB, handle, 0x4000, 0));
        assertEquals(0, active(GREF));
        assertTrue(callerB.mapped.isEmpty());
        assertEquals(GrantStatus.BAD_HANDLE, unmap(opsB, callerB, handle, 0x4000, 0));
        assertEquals(GrantStatus.BAD_HANDLE, unmap(opsB, callerB, -7, 0x4000, 0));
    }

    @Test
    void aMappingThatCannotBeEnteredLeavesNothing()
    {
        grant(GREF, b, mfn, 1);
        callerB.mapResult = -EINVAL;
        assertEquals(GrantStatus.GENERAL_ERROR, map(opsB, callerB, a, GREF, 2));
        assertEquals(0, active(GREF));
        assertEquals(0, inUse(GREF));
        assertEquals(GrantStatus.GENERAL_ERROR, map(opsB, callerB, 0, GREF, 2), "domain 0 grants nothing");
        assertEquals(GrantStatus.BAD_DOMAIN, map(opsB, callerB, 0x7ff0, GREF, 2));
    }

    private int copy(
        final long source, final int sourceDom, final int sourceOffset, final long dest, final int destDom,
        final int destOffset, final int length, final int flags)
    {
        callerB.putInt(ARG, (int)source);
        callerB.putShort(ARG + 4, sourceDom);
        callerB.putShort(ARG + 6, sourceOffset);
        callerB.putInt(ARG + 8, (int)dest);
        callerB.putShort(ARG + 12, destDom);
        callerB.putShort(ARG + 14, destOffset);
        callerB.putShort(ARG + 16, length);
        callerB.putShort(ARG + 18, flags);
        assertEquals(0, call(opsB, callerB, 5, 1));
        return (short)callerB.getShort(ARG + 20);
    }

    @Test
    void copiesMoveBytesBetweenGrantsAndOwnFrames()
    {
        grant(GREF, b, mfn, 1);
        grant(GREF + 1, b, mfn + 1, 1 | 4);
        final long own = HypervisorKillTest.firstFrameOf(rig, b);
        final long to = rig.machine.memory().addressOf(mfn);
        Raw.putInt(rig.machine.memory().addressOf(own) + 16, 0x1234);
        assertEquals(GrantStatus.OKAY, copy(own, 0x7ff0, 16, GREF, a, 4092, 4, 2));
        assertEquals(0x1234, Raw.getInt(to + 4092));
        assertEquals(GrantStatus.OKAY, copy(GREF + 1, a, 0, own, 0x7ff0, 0, 4096, 1));
        assertEquals(GrantStatus.BAD_COPY_ARG, copy(own, 0x7ff0, 16, GREF, a, 4093, 4, 2));
        assertEquals(GrantStatus.BAD_COPY_ARG, copy(own, 0x7ff0, 0xffff, GREF, a, 0, 0xffff, 2));
        assertEquals(GrantStatus.GENERAL_ERROR, copy(own, 0x7ff0, 0, GREF + 1, a, 0, 4, 2), "read-only");
        assertEquals(GrantStatus.GENERAL_ERROR, copy(mfn, 0x7ff0, 0, own, 0x7ff0, 0, 4, 0), "not its own frame");
        assertEquals(GrantStatus.PERMISSION_DENIED, copy(mfn, a, 0, own, 0x7ff0, 0, 4, 0), "another's frame by number");
        assertEquals(GrantStatus.BAD_GNTREF, copy(100_000, a, 0, own, 0x7ff0, 0, 4, 1));
        assertEquals(0, inUse(GREF));
        assertTrue(callerB.held.isEmpty());
    }

    @Test
    void tablesGrowAndKeepTheirFrames()
    {
        querySize();
        assertEquals(1, callerA.getInt(ARG + 4));
        assertEquals(64, callerA.getInt(ARG + 8));
        final int first = setup(1);
        assertEquals(Raw.getInt(rig.record(a) + DomainRecord.GRANT_FRAME_MFNS), first);
        assertEquals(first, setup(4));
        querySize();
        assertEquals(4, callerA.getInt(ARG + 4));
        callerA.putShort(ARG, 0x7ff0);
        callerA.putInt(ARG + 4, 65);
        callerA.putInt(ARG + 12, (int)ARG + 64);
        assertEquals(0, call(opsA, callerA, 2, 1));
        assertEquals(GrantStatus.GENERAL_ERROR, (short)callerA.getShort(ARG + 8));
        assertEquals(-EINVAL, call(opsA, callerA, 2, 2));
        callerA.putShort(ARG, b);
        assertEquals(0, call(opsA, callerA, 2, 1));
        assertEquals(GrantStatus.PERMISSION_DENIED, (short)callerA.getShort(ARG + 8));
        assertEquals(-ENOSYS, call(opsA, callerA, 12, 1));
        assertEquals(-ENOSYS, call(opsA, callerA, 99, 1));
        assertEquals(-EINVAL, call(opsA, callerA, 0, -1));
    }

    private void querySize()
    {
        callerA.putShort(ARG, 0x7ff0);
        assertEquals(0, call(opsA, callerA, 6, 1));
        assertEquals(GrantStatus.OKAY, (short)callerA.getShort(ARG + 12));
    }

    private int setup(final int frames)
    {
        callerA.putShort(ARG, 0x7ff0);
        callerA.putInt(ARG + 4, frames);
        callerA.putInt(ARG + 12, (int)ARG + 64);
        assertEquals(0, call(opsA, callerA, 2, 1));
        assertEquals(GrantStatus.OKAY, (short)callerA.getShort(ARG + 8));
        return callerA.getInt(ARG + 64);
    }

    @Test
    void versionTwoHasItsStatusApartAndSubPages() throws Exception
    {
        grant(1, 0, mfn + 1, 1);
        grant(GREF, b, mfn, 1);
        final Pin pin = new Pin();
        assertEquals(GrantStatus.OKAY, grantsB.pin(pin, a, GREF, false));
        assertEquals(-EBUSY, setVersion(2));
        grantsB.unpin(pin);
        assertEquals(-EINVAL, setVersion(3));
        assertEquals(0, setVersion(2));
        assertEquals(2, callerA.getInt(ARG));
        assertEquals(1, Raw.getInt(rig.record(a) + DomainRecord.STATUS_FRAMES));
        final PinnedGrant reserved = rig.pins.pin(a, 1, false);
        assertEquals(mfn + 1, reserved.mfn(), "reserved entries survive");
        rig.pins.unpin(reserved);
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pin(pin, a, GREF, false), "others do not");

        final long table = rig.machine.memory().addressOf(Raw.getInt(rig.record(a) + DomainRecord.GRANT_FRAME_MFNS));
        final long status = rig.machine.memory().addressOf(Raw.getInt(rig.record(a) + DomainRecord.STATUS_FRAME_MFNS));
        final long e = table + 9 * 16L;
        Raw.putLong(e + 8, mfn);
        Raw.putShort(e + 4, (short)100);
        Raw.putShort(e + 6, (short)50);
        Raw.putInt(e, b << 16 | 1 | 0x100);
        assertEquals(GrantStatus.OKAY, grantsB.pin(pin, a, 9, false));
        assertEquals(100, pin.offset());
        assertEquals(50, pin.length());
        assertEquals(READING, Raw.getShort(status + 9 * 2));
        assertEquals(b << 16 | 1 | 0x100, Raw.getInt(e), "the entry itself is the guest's");
        grantsB.unpin(pin);
        assertEquals(0, Raw.getShort(status + 9 * 2));
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pinForMapping(pin, a, 9, false), "no mapping of a part");
        assertEquals(0, Raw.getShort(status + 9 * 2));
        assertEquals(0, setVersion(1));
    }

    @Test
    void aTransitiveGrantLendsAnothersGrantForCopies() throws Exception
    {
        assertEquals(0, setVersion(2));
        final long table = rig.machine.memory().addressOf(Raw.getInt(rig.record(a) + DomainRecord.GRANT_FRAME_MFNS));
        final long lending = table + 12 * 16L;
        final int third = rig.domain(16);
        final long frame = HypervisorKillTest.firstFrameOf(rig, third);
        rig.domctl.seedGrant(third, 30, a, frame, true);
        Raw.putShort(lending + 4, (short)third);
        Raw.putInt(lending + 8, 30);
        Raw.putInt(lending, b << 16 | 3 | 4);
        final Pin pin = new Pin();
        assertEquals(GrantStatus.OKAY, grantsB.pin(pin, a, 12, false));
        assertEquals(frame, pin.mfn());
        assertEquals(1, ActiveGrant.reads(active(12)));
        assertEquals(1, ActiveGrant.reads(Raw.getLong(rig.hv.active(DomainRecord.slot(third), 30))));
        grantsB.unpin(pin);
        assertEquals(0, active(12));
        assertEquals(0, Raw.getLong(rig.hv.active(DomainRecord.slot(third), 30)));
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pin(pin, a, 12, true), "lent for reading only");
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pinForMapping(pin, a, 12, false), "never mapped");
        Raw.putInt(lending + 8, 31);
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pin(pin, a, 12, false), "the third grants nothing there");
        Raw.putShort(lending + 4, (short)a);
        Raw.putInt(lending + 8, 12);
        assertEquals(GrantStatus.GENERAL_ERROR, grantsB.pin(pin, a, 12, false), "to itself");
        assertEquals(0, active(12), "nothing is left of what failed");
    }

    private long setVersion(final int version)
    {
        callerA.putInt(ARG, version);
        return call(opsA, callerA, 8, 1);
    }

    @Test
    void entriesAreSwappedUnlessInUse() throws Exception
    {
        grant(GREF, 0, mfn, 1);
        grant(GREF + 1, b, mfn + 1, 1 | 4);
        assertEquals(GrantStatus.OKAY, swap(GREF, GREF + 1));
        assertEquals(b << 16 | 5, Raw.getInt(entry(GREF)));
        assertEquals(mfn, Raw.getInt(entry(GREF + 1) + 4));
        final PinnedGrant held = rig.pins.pin(a, GREF + 1, false);
        assertEquals(GrantStatus.EAGAIN, swap(GREF, GREF + 1));
        rig.pins.unpin(held);
        assertEquals(GrantStatus.BAD_GNTREF, swap(GREF, 4000));
        assertEquals(GrantStatus.OKAY, swap(GREF, GREF));
    }

    private int swap(final int x, final int y)
    {
        callerA.putInt(ARG, x);
        callerA.putInt(ARG + 4, y);
        assertEquals(0, call(opsA, callerA, 11, 1));
        return (short)callerA.getShort(ARG + 8);
    }

    @Test
    void transfersNeedAnEntryThatAcceptsThem()
    {
        final long own = HypervisorKillTest.firstFrameOf(rig, b);
        assertEquals(GrantStatus.BAD_GNTREF, transfer(own, a, GREF));
        assertEquals(GrantStatus.BAD_DOMAIN, transfer(own, 66, GREF));
        assertEquals(GrantStatus.BAD_PAGE, transfer(mfn, a, GREF), "not the caller's");
        assertEquals(0, Raw.getInt(rig.hv.frame(own) + FrameRecord.REFS), "given back after a failure");
        grant(GREF, b, 0, 2);
        assertEquals(GrantStatus.OKAY, transfer(own, a, GREF));
        assertEquals(own, Raw.getInt(entry(GREF) + 4));
        assertEquals(17, rig.domctl.info(a).totalPages());
        assertEquals(15, rig.domctl.info(b).totalPages());
    }

    private int transfer(final long frame, final int to, final int gref)
    {
        callerB.putInt(ARG, (int)frame);
        callerB.putShort(ARG + 4, to);
        callerB.putInt(ARG + 8, gref);
        assertEquals(0, call(opsB, callerB, 4, 1));
        return (short)callerB.getShort(ARG + 12);
    }

    @Test
    void aReplacedProcessKeepsWhatItsJournalLists() throws Exception
    {
        grant(GREF, 0, mfn, 1);
        grant(GREF + 1, 0, mfn + 1, 1);
        rig.pins.pin(a, GREF, true);
        rig.pins.pin(a, GREF, true);
        rig.pins.pin(a, GREF + 1, false);
        final GrantPins successor = new GrantPins(rig.machine, 0);
        final PinnedGrant adopted = successor.adopt(a, GREF, true);
        assertEquals(mfn, adopted.mfn());
        assertEquals(2, successor.dropOthers((granter, gref, write) -> gref == GREF && write ? 1 : 0));
        assertEquals(READING | WRITING, inUse(GREF));
        assertEquals(0, inUse(GREF + 1));
        successor.unpin(adopted);
        assertEquals(0, inUse(GREF));
        assertEquals(0, successor.dropOthers((granter, gref, write) -> 0));
    }

    @Test
    void codeIsNotCachedWhileAForeignDomainMayWrite() throws Exception
    {
        grant(GREF, 0, mfn, 1);
        final ForeignWrite gate = new ForeignWrite(rig.machine);
        assertTrue(gate.mayCache(mfn));
        final int generation = Raw.getInt(rig.hv.frame(mfn) + FrameRecord.GENERATION);
        final PinnedGrant held = rig.pins.pin(a, GREF, true);
        assertEquals(generation + 1, Raw.getInt(rig.hv.frame(mfn) + FrameRecord.GENERATION), "invalidated");
        assertFalse(gate.mayCache(mfn));
        rig.pins.unpin(held);
        assertTrue(gate.mayCache(mfn));
    }

    @Test
    void hostileArgumentsAreRefused()
    {
        final java.util.Random random = new java.util.Random(42);
        for (int i = 0; i < 5000; i++)
        {
            for (int w = 0; w < 16; w++)
            {
                callerB.putInt(ARG + w * 4, switch (random.nextInt(5))
                {
                    case 0 -> random.nextInt(10);
                    case 1 -> a << 16 | random.nextInt(16);
                    case 2 -> random.nextInt((int)rig.hv.frames());
                    case 3 -> (int)ARG + 128;
                    default -> random.nextInt();
                });
            }
            final long result = call(opsB, callerB, random.nextInt(14) - 1, random.nextInt(3));
            assertTrue(result <= 0, "result " + result + " of call " + i);
        }
        grant(GREF, b, mfn, 1);
        assertEquals(GrantStatus.OKAY, map(opsB, callerB, a, GREF, 2), "still sane");
    }
}
