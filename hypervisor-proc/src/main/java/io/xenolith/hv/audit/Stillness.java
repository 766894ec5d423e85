package io.xenolith.hv.audit;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;

/** Whether anything in a machine can move: whether one of its processes is alive. */
final class Stillness {
    private Stillness() {
    }

    static boolean of(final Machine machine) {
        final HypervisorFile hv = machine.hv();
        if (hypervisor(hv).isAlive() || dom0(hv).isAlive()) {
            return false;
        }
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++) {
            final long record = hv.domain(slot);
            if (Domains.state(record) != DomainRecord.STATE_FREE
                && ProcessIdentity.read(record + DomainRecord.PID, record + DomainRecord.START_TIME).isAlive()) {
                return false;
            }
        }
        return true;
    }

    /** The hypervisor process, as the header names it. */
    static ProcessIdentity hypervisor(final HypervisorFile hv) {
        return ProcessIdentity.read(hv.header() + Header.HYPERVISOR_PID, hv.header() + Header.HYPERVISOR_START);
    }

    private static ProcessIdentity dom0(final HypervisorFile hv) {
        return ProcessIdentity.read(hv.header() + Header.DOM0_PID, hv.header() + Header.DOM0_START);
    }
}
