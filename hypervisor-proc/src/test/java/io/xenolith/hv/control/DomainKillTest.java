package io.xenolith.hv.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.audit.Audit;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * A domain's process is killed before each store that it makes to shared state: as a domU, whose death is the domain's, and as domain 0, which
 * lives on and drops what its dead process held. A second domain must not notice, and the audit must be clean.
 */
class DomainKillTest
{
    private static final Set<KillPoint> DOMU = EnumSet.of(
        KillPoint.MAILBOX_BEFORE_POST, KillPoint.MAILBOX_BEFORE_HINT, KillPoint.MAILBOX_BEFORE_RING,
        KillPoint.MAILBOX_BEFORE_TAKE, KillPoint.DOMAIN_BEFORE_PID, KillPoint.EVTCHN_RAISE, KillPoint.EVTCHN_HINT,
        KillPoint.EVTCHN_ATTENTION, KillPoint.EVTCHN_TAKE, KillPoint.EVTCHN_PENDING, KillPoint.EVTCHN_SELECTOR,
        KillPoint.EVTCHN_UPCALL, KillPoint.EVTCHN_BIND_VCPU, KillPoint.FIFO_CONTROL, KillPoint.FIFO_EXPAND,
        KillPoint.FIFO_PRIORITY, KillPoint.FIFO_HEAD, KillPoint.FIFO_LINK, KillPoint.GRANT_BEFORE_FLAGS,
        KillPoint.GRANT_BEFORE_FRAME, KillPoint.GRANT_BEFORE_PIN, KillPoint.GRANT_BEFORE_RECHECK,
        KillPoint.GRANT_BEFORE_UNPIN, KillPoint.GRANT_BEFORE_CLEAR, KillPoint.GRANT_BEFORE_RELEASE,
        KillPoint.CODE_BEFORE_GENERATION, KillPoint.CODE_BEFORE_ATTENTION, KillPoint.SLOT_TAKEN, KillPoint.SLOT_FREE,
        KillPoint.SLOT_GIVEN, KillPoint.TIMER_SET, KillPoint.TIMER_BEFORE_RAISE, KillPoint.SHUTDOWN_BEFORE_STATE,
        KillPoint.SHUTDOWN_BEFORE_TELL);
    private static final Set<KillPoint> DOM0 = EnumSet.of(
        KillPoint.GRANT_BEFORE_FLAGS, KillPoint.GRANT_BEFORE_FRAME, KillPoint.GRANT_BEFORE_PIN,
        KillPoint.GRANT_BEFORE_RECHECK, KillPoint.GRANT_BEFORE_UNPIN, KillPoint.GRANT_BEFORE_CLEAR,
        KillPoint.GRANT_BEFORE_RELEASE, KillPoint.CODE_BEFORE_GENERATION, KillPoint.CODE_BEFORE_ATTENTION,
        KillPoint.PAUSE_BEFORE_ATTENTION);

    @TestFactory
    List<DynamicTest> aDomUIsKilled()
    {
        final List<DynamicTest> tests = new ArrayList<>();
        for (final KillPoint point : DOMU)
        {
            tests.add(DynamicTest.dynamicTest("domU " + point, () -> killDomU(point)));
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> domain0IsKilled()
    {
        final List<DynamicTest> tests = new ArrayList<>();
        for (final KillPoint point : DOM0)
        {
            tests.add(DynamicTest.dynamicTest("dom0 " + point, () -> killDom0(point)));
        }
        return tests;
    }

    private static void killDomU(final KillPoint point) throws Exception
    {
        try (MachineRig rig = new MachineRig(1).serveInProcess())
        {
            final int other = otherDomain(rig);
            final int domid = rig.domain(24);
            runAndKill(rig, point, domid, other);
            if (Domains.state(rig.record(domid)) != DomainRecord.STATE_FREE)
            {
                rig.domctl.destroy(domid);
            }
            rig.awaitGone(domid);
            assertOtherUntouched(rig, other);
        }
    }

    private static void killDom0(final KillPoint point) throws Exception
    {
        try (MachineRig rig = new MachineRig(1).serveInProcess())
        {
            final int other = otherDomain(rig);
            runAndKill(rig, point, 0, other);
            rig.pins.dropOthers((granter, gref, write) -> 0);
            rig.channels.rederive(0);
            assertOtherUntouched(rig, other);
        }
    }

    private static int otherDomain(final MachineRig rig) throws DomctlException
    {
        final int other = rig.domain(24);
        final long mfn = HypervisorKillTest.firstFrameOf(rig, other);
        for (int to = 0; to < 4; to++)
        {
            rig.domctl.seedGrant(other, 8 + to, to, mfn + to, false);
        }
        return other;
    }

    private static void runAndKill(final MachineRig rig, final KillPoint point, final int domid, final int other)
        throws Exception
    {
        final Process child = rig.spawn(KillableDomain.class, point + ":1", rig.dir.path().toString(),
            Integer.toString(domid), Integer.toString(other));
        assertTrue(child.waitFor(60, TimeUnit.SECONDS), "the child hangs");
        final String log = java.nio.file.Files.readString(rig.dir.logs().resolve("KillableDomain.log"));
        assertNotEquals(0, child.exitValue(), "the script never came to " + point + " " + log);
        assertEquals(128 + 9, child.exitValue(), "died of something else: " + log);
    }

    private static void assertOtherUntouched(final MachineRig rig, final int other) throws Exception
    {
        assertEquals(DomainRecord.STATE_LIVE, Domains.state(rig.record(other)));
        for (int gref = 0; gref < 512; gref++)
        {
            assertEquals(0, Raw.getLong(rig.hv.active(DomainRecord.slot(other), gref) + ActiveGrant.PINS), "pin " + gref);
        }
        final long table = rig.machine.memory().addressOf(
            Raw.getInt(rig.record(other) + DomainRecord.GRANT_FRAME_MFNS));
        for (int gref = 8; gref < 12; gref++)
        {
            assertEquals(0, Raw.getInt(table + gref * 8L) & 0x18, "in-use flags of entry " + gref);
        }
        assertEquals(24, rig.domctl.info(other).totalPages());
        assertEquals("", Audit.report(Audit.run(rig.machine), true));
    }
}
