package io.xenolith.hv.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A machine that is right has no findings. */
class AuditCleanTest {
    @Test
    void aMachineThatIsRightIsClean() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            assertEquals(List.of(), Audit.run(rig.machine));
        }
    }

    @Test
    void aStoppedMachineGoesOnWhenNothingElseIsWrong() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            final long stopped = rig.hv.header() + Header.STOPPED;
            assertFalse(Audit.clearStop(rig.machine), "it was not stopped");
            Raw.putInt(stopped, Header.STOP_INVARIANT);
            Raw.getAndAddInt(rig.a.frame(5) + FrameRecord.REFS, 1);
            assertFalse(Audit.clearStop(rig.machine));
            assertEquals(Header.STOP_INVARIANT, Raw.getInt(stopped));
            Raw.getAndAddInt(rig.a.frame(5) + FrameRecord.REFS, -1);
            assertTrue(Audit.clearStop(rig.machine));
            assertEquals(Header.STOP_NONE, Raw.getInt(stopped));
            assertEquals(VcpuRecord.ATTENTION_PAUSE, Raw.getInt(rig.a.vcpu + VcpuRecord.ATTENTION));
        }
    }

    @Test
    void aStopThatWasAskedForStays() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            Raw.putInt(rig.hv.header() + Header.STOPPED, Header.STOP_REQUESTED);
            assertFalse(Audit.clearStop(rig.machine));
        }
    }

    @Test
    void aDomainThatDiedAndWasReapedLeavesNothing() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            rig.destroy(rig.b);
            assertEquals(1, rig.hypervisor.reap());
            rig.takeEvents();
            assertEquals(List.of(), Audit.run(rig.machine));
        }
    }

    @Test
    void aDyingDomainHeldByAPinIsNoFinding() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            rig.destroy(rig.a);
            assertEquals(0, rig.hypervisor.reap());
            rig.takeEvents();
            assertEquals(List.of(), Audit.run(rig.machine));
        }
    }
}
