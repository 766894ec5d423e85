package io.xenolith.hv.grant;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.sched.Shootdown;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * The one gate through which a process writes frames of a domain that is not its own: writable pins, grant copies, transfers, the
 * domain builder.
 *
 * <p>If the owner's vCPUs hold decoded code of the frame (its CODE flag), they drop it before the first byte changes: the flag goes,
 * the generation advances, each vCPU's attention is called, and we wait until each has left its guest or is out of it anyway. A
 * vCPU that wants to cache code of a frame sets CODE first and then looks for foreign writers ({@link #mayCache}); a foreign writer
 * publishes its pin first and then looks at CODE; one of them sees the other.
 */
public final class ForeignWrite
{
    private final HypervisorFile hv;
    private final Domains domains;
    private final Shootdown shootdown;

    /** @param machine the machine. */
    public ForeignWrite(final Machine machine)
    {
        hv = machine.hv();
        domains = new Domains(machine);
        shootdown = new Shootdown(machine);
    }

    /**
     * To be called before the first byte of a foreign frame is written. The caller holds a write pin, or the frame belongs to
     * a domain that does not run.
     *
     * @param mfn the frame.
     * @return false when a vCPU of the owner did not give up its decoded code in time (its process may be stopped): write
     *         nothing, try again later.
     */
    public boolean begin(final long mfn)
    {
        final long record = hv.frame(mfn);
        final long owner = Raw.getLongVolatile(record + FrameRecord.OWNER);
        if ((owner & FrameRecord.FLAG_CODE) == 0)
        {
            return true;
        }
        Raw.getAndAndLong(record + FrameRecord.OWNER, ~FrameRecord.FLAG_CODE);
        KillPoint.hit(KillPoint.CODE_BEFORE_GENERATION);
        Raw.getAndAddInt(record + FrameRecord.GENERATION, 1);
        KillPoint.hit(KillPoint.CODE_BEFORE_ATTENTION);
        final int domid = FrameRecord.domid(owner);
        if (!domains.present(domid, FrameRecord.incarnation(owner)))
        {
            return true;
        }
        if (shootdown.foreign(domid, VcpuRecord.ATTENTION_CODE))
        {
            return true;
        }
        Raw.getAndOrLong(record + FrameRecord.OWNER, FrameRecord.FLAG_CODE);
        return false;
    }

    /**
     * To be called after the last byte has been written: marks the frame for the log-dirty bitmap.
     *
     * @param mfn the frame.
     */
    public void end(final long mfn)
    {
        final long owner = hv.frame(mfn) + FrameRecord.OWNER;
        if ((Raw.getLong(owner) & FrameRecord.FLAG_DIRTY) == 0)
        {
            Raw.getAndOrLong(owner, FrameRecord.FLAG_DIRTY);
        }
    }

    /**
     * Marks a frame as decoded, unless a foreign domain may write it. For the owner's vCPUs, one at a time: while one looks for
     * pins, the mark of foreign writing is off.
     *
     * @param mfn a frame of the calling domain.
     * @return false: do not cache code of it.
     */
    public boolean mayCache(final long mfn)
    {
        final long address = hv.frame(mfn) + FrameRecord.OWNER;
        final long before = Raw.getAndOrLong(address, FrameRecord.FLAG_CODE);
        if ((before & FrameRecord.FLAG_FOREIGN_WRITE) == 0)
        {
            return true;
        }
        final int owner = FrameRecord.domid(before);
        Raw.getAndAndLong(address, ~FrameRecord.FLAG_FOREIGN_WRITE);
        if (!ActiveGrants.scan(hv, owner, mfn, true))
        {
            return true;
        }
        Raw.getAndOrLong(address, FrameRecord.FLAG_FOREIGN_WRITE);
        if ((before & FrameRecord.FLAG_CODE) == 0)
        {
            Raw.getAndAndLong(address, ~FrameRecord.FLAG_CODE);
        }
        return false;
    }

    /**
     * Takes the CODE mark off a frame of the calling domain whose decoded code has been dropped everywhere.
     *
     * @param mfn the frame.
     */
    public void uncached(final long mfn)
    {
        Raw.getAndAndLong(hv.frame(mfn) + FrameRecord.OWNER, ~FrameRecord.FLAG_CODE);
    }
}
