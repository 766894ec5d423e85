package io.xenolith.hv.grant;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;

/**
 * The receiver's side of GNTTABOP_transfer: an entry that accepts a frame is committed, then filled in, then marked as completed. The
 * receiver may not touch it between the two marks.
 */
public final class TransferEntry
{
    private static final int TRIES = 5;

    private final Machine machine;
    private final GrantTables tables;

    /** @param machine the machine. */
    public TransferEntry(final Machine machine)
    {
        this.machine = machine;
        this.tables = new GrantTables(machine);
    }

    /**
     * Commits an entry to a transfer.
     *
     * @param record the receiver.
     * @param gref   any value.
     * @param from   domain that gives the frame.
     * @return {@link GrantStatus}.
     */
    public int commit(final long record, final int gref, final int from)
    {
        final boolean there = gref >= 0 && gref < GrantTables.entries(record)
            && machine.hv().hasGrant(DomainRecord.slot(Domains.domid(record)), gref);
        if (!there)
        {
            return GrantStatus.BAD_GNTREF;
        }
        final long entry = tables.entry(record, gref);
        for (int i = 0; i < TRIES; i++)
        {
            final int header = Raw.getInt(entry);
            if (GrantTables.flags(header) != GrantTables.GTF_ACCEPT_TRANSFER || GrantTables.domid(header) != from)
            {
                return GrantStatus.BAD_GNTREF;
            }
            if (Raw.casInt(entry, header, header | GrantTables.GTF_TRANSFER_COMMITTED))
            {
                return GrantStatus.OKAY;
            }
        }
        return GrantStatus.BAD_GNTREF;
    }

    /** Takes a commitment back. @param record the receiver. @param gref a committed entry. */
    public void withdraw(final long record, final int gref)
    {
        Raw.getAndAndInt(tables.entry(record, gref), ~GrantTables.GTF_TRANSFER_COMMITTED);
    }

    /**
     * Stores the frame and marks the entry as completed.
     *
     * @param record the receiver.
     * @param gref   a committed entry.
     * @param mfn    the frame.
     */
    public void complete(final long record, final int gref, final long mfn)
    {
        final long entry = tables.entry(record, gref);
        if (GrantTables.isV2(record))
        {
            Raw.putLong(entry + 8, mfn);
        }
        else
        {
            Raw.putInt(entry + 4, (int)mfn);
        }
        KillPoint.hit(KillPoint.TRANSFER_BEFORE_COMPLETED);
        Raw.getAndOrInt(entry, GrantTables.GTF_TRANSFER_COMPLETED);
    }
}
