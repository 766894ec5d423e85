package io.xenolith.hv.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.grant.GrantPins;
import io.xenolith.hv.grant.PinnedGrant;
import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A machine that moves while it is audited: what is under way is no finding, and what is wrong is found beside it. */
class AuditMovingTest {
    private static final int AUDITS = 20;

    /** A domain that maps and unmaps, pins and unpins without pause. */
    private static final class Movement implements AutoCloseable {
        private final AuditRig rig;
        private final AtomicInteger turns = new AtomicInteger();
        private final Thread thread = new Thread(this::move, "movement");
        private volatile boolean over;
        private volatile Throwable failure;

        Movement(final AuditRig rig) throws InterruptedException {
            this.rig = rig;
            ProcessIdentity.self().write(rig.hv.header() + Header.DOM0_PID, rig.hv.header() + Header.DOM0_START);
            thread.start();
            while (turns.get() == 0 && thread.isAlive()) {
                Thread.sleep(1);
            }
        }

        private void move() {
            try {
                final GrantPins pins = new GrantPins(rig.machine, 0);
                while (!over) {
                    final int slot = 300 + turns.getAndIncrement() % 50;
                    final PinnedGrant pin = pins.pin(rig.a.domid, 0, true);
                    update(slot, Pte.of(rig.a.mfns[AuditRig.UNMAPPED + 3], Pte.P | Pte.RW));
                    update(slot, Pte.of(rig.a.mfns[AuditRig.UNMAPPED + 4], Pte.P));
                    pins.unpin(pin);
                    update(slot, 0);
                }
            }
            catch (final Throwable t) {
                failure = t;
            }
        }

        private void update(final int slot, final long pte) {
            if (rig.a.tables.update(rig.a.mfns[AuditRig.L1], slot, 1, pte, false) != 0) {
                throw new AssertionError("update refused");
            }
        }

        @Override
        public void close() throws InterruptedException {
            over = true;
            thread.join();
            assertEquals(null, failure);
            assertTrue(turns.get() > 1, "nothing moved");
        }
    }

    @Test
    void whatIsUnderWayIsNoFinding() throws Exception {
        try (AuditRig rig = new AuditRig(); Movement movement = new Movement(rig)) {
            for (int i = 0; i < AUDITS; i++) {
                assertEquals(List.of(), Audit.run(rig.machine, 20_000_000_000L));
            }
            assertTrue(movement.turns.get() > AUDITS, "the machine hardly moved");
        }
    }

    @Test
    void whatIsWrongIsFoundBesideIt() throws Exception {
        try (AuditRig rig = new AuditRig(); Movement movement = new Movement(rig)) {
            Raw.getAndAddInt(rig.a.frame(7) + FrameRecord.REFS, 1);
            final List<Finding> findings = Audit.run(rig.machine, 3_000_000_000L);
            assertTrue(findings.stream().anyMatch(
                f -> f.kind() == FindingKind.FRAME_REFS && f.subject().equals(rig.a.subject(7))), findings::toString);
            assertEquals(1, findings.size(), findings::toString);
            assertTrue(movement.thread.isAlive());
        }
    }
}
