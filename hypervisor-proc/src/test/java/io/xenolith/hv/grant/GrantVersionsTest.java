package io.xenolith.hv.grant;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.hv.audit.Audit;
import io.xenolith.hv.audit.AuditRig;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrantVersionsTest {
    private static final int CONSOLE = 0;

    /** Domain 0 holds console and xenstore for as long as the domain lives; that must not keep it from changing its table. */
    @Test
    void reservedEntriesInUseKeepTheirPins() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            rig.hypervisor.startServing();
            final GrantTables tables = new GrantTables(rig.machine);
            final GrantVersions versions = new GrantVersions(rig.machine, tables, rig.b.mailbox);
            final GuestCaller caller = new GuestCaller(rig.b);
            final GrantPins dom0 = new GrantPins(rig.machine, 0);
            rig.domctl.seedGrant(rig.b.domid, CONSOLE, 0, rig.b.mfns[3], false);
            final PinnedGrant console = dom0.pin(rig.b.domid, CONSOLE, true);
            final int used = GrantTables.GTF_READING | GrantTables.GTF_WRITING;

            assertEquals(0, versions.set(caller, 2));
            assertEquals(2, tables.version(rig.b.domid));
            assertEquals(used, tables.inUse(rig.b.record, CONSOLE));
            assertEquals(rig.b.mfns[3], GrantTables.frame(rig.b.record, tables.entry(rig.b.record, CONSOLE)));
            assertEquals(List.of(), Audit.run(rig.machine));

            assertEquals(0, versions.set(caller, 1));
            assertEquals(used, tables.inUse(rig.b.record, CONSOLE));
            assertEquals(List.of(), Audit.run(rig.machine));

            dom0.unpin(console);
            assertEquals(0, tables.inUse(rig.b.record, CONSOLE));
            assertEquals(0, Raw.getLong(rig.hv.active(rig.b.slot, CONSOLE) + ActiveGrant.PINS));
            assertEquals(List.of(), Audit.run(rig.machine));
        }
    }

    @Test
    void anOrdinaryEntryInUseKeepsTheVersion() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            rig.hypervisor.startServing();
            final GrantVersions versions =
                new GrantVersions(rig.machine, new GrantTables(rig.machine), rig.a.mailbox);
            assertEquals(-Errno.EBUSY, versions.set(new GuestCaller(rig.a), 2));
            assertEquals(1, Raw.getInt(rig.a.record + DomainRecord.GRANT_VERSION));
            assertEquals(List.of(), Audit.run(rig.machine));
        }
    }
}
