package io.xenolith.hv.control;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.LockFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import java.io.IOException;
import java.nio.file.Path;

/**
 * How a domain's process takes up its post: it locks the domain's lock file for life and records itself. Of two processes started for
 * one domain the one that gets the lock is the domain's; the other ends.
 */
public final class DomainProcess
{
    /** Exit code of a process that is not needed: another has its post, or the domain is gone. */
    public static final int EXIT_NOT_NEEDED = 3;

    private DomainProcess()
    {
    }

    /** @param dir machine directory. @param domid a domain. @return its lock file. */
    public static Path lockFile(final MachineDir dir, final int domid)
    {
        return dir.lock(domid == 0 ? "dom0" : "dom-" + domid);
    }

    /**
     * Takes up the post of a domain's process. The lock is held until the process ends.
     *
     * @param machine the machine.
     * @param domid   the domain.
     * @return false when another process has the post or the domain is gone: end with {@link #EXIT_NOT_NEEDED}.
     * @throws IOException when the lock file cannot be used.
     */
    public static boolean enter(final Machine machine, final int domid) throws IOException
    {
        final LockFile lock = LockFile.tryAcquire(lockFile(machine.dir(), domid));
        if (lock == null)
        {
            return false;
        }
        HELD.add(lock);
        final HypervisorFile hv = machine.hv();
        final long record = hv.domain(DomainRecord.slot(domid));
        final int state = Domains.state(record);
        final boolean wanted = Domains.domid(record) == domid
            && state != DomainRecord.STATE_FREE && state != DomainRecord.STATE_DYING;
        if (!wanted)
        {
            return false;
        }
        KillPoint.hit(KillPoint.DOMAIN_BEFORE_PID);
        ProcessIdentity.self().write(record + DomainRecord.PID, record + DomainRecord.START_TIME);
        if (domid == 0)
        {
            ProcessIdentity.self().write(hv.header() + Header.DOM0_PID, hv.header() + Header.DOM0_START);
        }
        Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
        return true;
    }

    /** Locks of this process, kept for its life. */
    private static final java.util.List<LockFile> HELD = new java.util.ArrayList<>();

    /** @param record a domain record. @return the process that runs the domain. */
    static ProcessIdentity of(final long record)
    {
        return ProcessIdentity.read(record + DomainRecord.PID, record + DomainRecord.START_TIME);
    }

    /** @param hv hypervisor's structures. @return the hypervisor process. */
    public static ProcessIdentity hypervisor(final HypervisorFile hv)
    {
        return ProcessIdentity.read(hv.header() + Header.HYPERVISOR_PID, hv.header() + Header.HYPERVISOR_START);
    }

    /** @param hv hypervisor's structures. @return domain 0's process. */
    public static ProcessIdentity dom0(final HypervisorFile hv)
    {
        return ProcessIdentity.read(hv.header() + Header.DOM0_PID, hv.header() + Header.DOM0_START);
    }

    /** @param hv hypervisor's structures. @return whether the machine is meant to run. */
    static boolean poweredUp(final HypervisorFile hv)
    {
        return Raw.getInt(hv.header() + Header.POWER) == Header.POWER_UP;
    }
}
