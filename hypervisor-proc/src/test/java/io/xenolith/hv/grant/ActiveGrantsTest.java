package io.xenolith.hv.grant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.audit.Audit;
import io.xenolith.hv.audit.AuditRig;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ActiveGrantsTest {
    private static final int GREF = 40;
    private static final int TURNS = 20_000;

    private AuditRig rig;
    private GrantPins dom0;

    @BeforeEach
    void build() throws Exception {
        rig = new AuditRig();
        dom0 = new GrantPins(rig.machine, 0);
    }

    @AfterEach
    void remove() throws Exception {
        rig.close();
    }

    private long active(final int gref) {
        return Raw.getLong(rig.hv.active(rig.a.slot, gref) + ActiveGrant.PINS);
    }

    private int flags(final int gref) {
        return Raw.getInt(rig.a.grant(gref)) & (GrantTables.GTF_READING | GrantTables.GTF_WRITING);
    }

    private int refused(final int gref, final boolean write) {
        return assertThrows(GrantException.class, () -> dom0.pin(rig.a.domid, gref, write)).status();
    }

    @Test
    void aPinIsShownInTheEntryAndGoesWithoutTrace() throws Exception {
        rig.domctl.seedGrant(rig.a.domid, GREF, 0, rig.a.mfns[30], false);
        final PinnedGrant read = dom0.pin(rig.a.domid, GREF, false);
        assertEquals(GrantTables.GTF_READING, flags(GREF));
        final PinnedGrant write = dom0.pin(rig.a.domid, GREF, true);
        assertEquals(GrantTables.GTF_READING | GrantTables.GTF_WRITING, flags(GREF));
        dom0.unpin(write);
        assertEquals(GrantTables.GTF_READING, flags(GREF));
        dom0.unpin(read);
        assertEquals(0, flags(GREF));
        assertEquals(0, active(GREF));
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    /** The number in an entry is the guest's own choice. */
    @Test
    void aFrameThatIsNotTheGrantersIsNotTouched() throws Exception {
        final long[] others = {rig.freeFrame(), rig.b.mfns[5], 1, Raw.getLong(rig.hv.header() + Header.M2P32_MFN)};
        for (final long mfn : others) {
            final long before = FrameRecord.ownerOf(rig.hv.frame(mfn));
            rig.domctl.seedGrant(rig.a.domid, GREF, 0, mfn, false);
            assertEquals(GrantStatus.GENERAL_ERROR, refused(GREF, true));
            assertEquals(before, FrameRecord.ownerOf(rig.hv.frame(mfn)), "owner word of frame " + mfn);
            assertEquals(0, active(GREF));
            assertEquals(0, flags(GREF));
        }
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void aPageTableIsNotPinnedForWriting() throws Exception {
        rig.domctl.seedGrant(rig.a.domid, GREF, 0, rig.a.mfns[AuditRig.L1], false);
        assertEquals(GrantStatus.GENERAL_ERROR, refused(GREF, true));
        dom0.unpin(dom0.pin(rig.a.domid, GREF, false));
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void aFrameThatLeavesItsOwnerIsNotPinned() throws Exception {
        final long mfn = rig.a.mfns[AuditRig.UNMAPPED + 5];
        rig.domctl.seedGrant(rig.a.domid, GREF, 0, mfn, false);
        assertTrue(rig.a.frames.claim(mfn, rig.a.tables.ownerKey()));
        assertEquals(GrantStatus.GENERAL_ERROR, refused(GREF, true));
        rig.a.frames.unclaim(mfn);
        dom0.unpin(dom0.pin(rig.a.domid, GREF, true));
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void aDyingDomainIsNotPinned() throws Exception {
        rig.domctl.seedGrant(rig.a.domid, GREF, 0, rig.a.mfns[30], false);
        rig.destroy(rig.a);
        assertEquals(GrantStatus.BAD_DOMAIN, refused(GREF, true));
        assertEquals(0, active(GREF));
    }

    /** A granter that dies in the middle of pinning: whoever fails leaves no word behind that would hold its frames for ever. */
    @Test
    void whoFailsLeavesNoClaim() throws Exception {
        rig.domctl.seedGrant(rig.a.domid, GREF, 0, rig.a.mfns[30], false);
        final long live = Raw.getLong(rig.a.record + DomainRecord.IDENTITY);
        final long dying = DomainRecord.identity(rig.a.domid, rig.a.incarnation, DomainRecord.STATE_DYING, 0);
        final AtomicBoolean over = new AtomicBoolean();
        final Thread death = new Thread(() -> {
            while (!over.get()) {
                Raw.putLongVolatile(rig.a.record + DomainRecord.IDENTITY, dying);
                Raw.putLongVolatile(rig.a.record + DomainRecord.IDENTITY, live);
            }
        });
        death.start();
        int failed = 0;
        int pinned = 0;
        while (failed + pinned < TURNS || failed == 0 || pinned == 0) {
            try {
                dom0.unpin(dom0.pin(rig.a.domid, GREF, true));
                pinned++;
            }
            catch (final GrantException e) {
                failed++;
            }
            assertEquals(0, active(GREF));
        }
        over.set(true);
        death.join();
    }

    /** Whoever holds a write pin can rely on it that no code of the frame is cached, whatever the owner's vCPUs did meanwhile. */
    @Test
    void codeIsNotCachedBesideAWriter() throws Exception {
        final long mfn = rig.a.mfns[30];
        rig.domctl.seedGrant(rig.a.domid, GREF, 0, mfn, false);
        final ForeignWrite code = new ForeignWrite(rig.machine);
        final AtomicBoolean over = new AtomicBoolean();
        final CountDownLatch begun = new CountDownLatch(1);
        final Thread decoder = new Thread(() -> {
            while (!over.get()) {
                mayCache(code, mfn);
                begun.countDown();
            }
        });
        decoder.start();
        begun.await();
        for (int i = 0; i < TURNS; i++) {
            final PinnedGrant pin = dom0.pin(rig.a.domid, GREF, true);
            assertFalse(mayCache(code, mfn), "turn " + i);
            dom0.unpin(pin);
        }
        over.set(true);
        decoder.join();
        assertTrue(mayCache(code, mfn));
    }

    /** A domain's vCPUs ask one at a time. */
    private static boolean mayCache(final ForeignWrite code, final long mfn) {
        synchronized (code) {
            return code.mayCache(mfn);
        }
    }
}
