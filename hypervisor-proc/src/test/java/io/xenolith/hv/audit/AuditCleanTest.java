package io.xenolith.hv.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
}
