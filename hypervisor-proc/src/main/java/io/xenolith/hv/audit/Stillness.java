package io.xenolith.hv.audit;

import io.xenolith.hv.control.DomainProcess;
import io.xenolith.hv.control.Domains;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.hv.DomainRecord;

/** Whether anything in a machine can move: whether one of its processes is alive. */
final class Stillness {
    private Stillness() {
    }

    static boolean of(final Machine machine) {
        final HypervisorFile hv = machine.hv();
        if (DomainProcess.hypervisor(hv).isAlive() || DomainProcess.dom0(hv).isAlive()) {
            return false;
        }
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++) {
            final long record = hv.domain(slot);
            if (Domains.state(record) != DomainRecord.STATE_FREE
                && process(record).isAlive()) {
                return false;
            }
        }
        return true;
    }

    /** The process of a domU, as its record names it. */
    static ProcessIdentity process(final long record) {
        return ProcessIdentity.read(record + DomainRecord.PID, record + DomainRecord.START_TIME);
    }
}
