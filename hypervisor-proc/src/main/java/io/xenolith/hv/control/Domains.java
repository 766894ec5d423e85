package io.xenolith.hv.control;

import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;

/**
 * The domain table, looked up by domid. A record counts only while its identity word names that domid and its slot is not
 * free; everything that is remembered across calls carries the incarnation too.
 */
public final class Domains
{
    /** Largest ordinary domid, exclusive; reserved ids begin here. */
    public static final int FIRST_RESERVED = 0x7ff0;

    private final HypervisorFile hv;

    /** @param machine the machine. */
    public Domains(final Machine machine)
    {
        hv = machine.hv();
    }

    /**
     * @param domid any value.
     * @return address of the domain's record, 0 when there is no such domain.
     */
    public long record(final int domid)
    {
        if (domid < 0 || domid >= FIRST_RESERVED)
        {
            return 0;
        }
        final long record = hv.domain(DomainRecord.slot(domid));
        final long identity = Raw.getLong(record + DomainRecord.IDENTITY);
        final boolean there = DomainRecord.domid(identity) == domid
            && DomainRecord.state(identity) != DomainRecord.STATE_FREE;
        return there ? record : 0;
    }

    /**
     * @param domid any value.
     * @return address of the record of a domain that is not being taken down, else 0.
     */
    public long usable(final int domid)
    {
        final long record = record(domid);
        return record != 0 && state(record) != DomainRecord.STATE_DYING ? record : 0;
    }

    /**
     * @param domid any value.
     * @return whether such a domain exists and is not being taken down.
     */
    public boolean exists(final int domid)
    {
        return usable(domid) != 0;
    }

    /**
     * @param domid       a domid as stored somewhere.
     * @param incarnation the incarnation stored beside it.
     * @return whether that very domain still has its slot.
     */
    public boolean present(final int domid, final int incarnation)
    {
        final long record = record(domid);
        return record != 0 && incarnation(record) == incarnation;
    }

    /** @param record a domain record. @return its state, DomainRecord.STATE_. */
    public static int state(final long record)
    {
        return DomainRecord.state(Raw.getLong(record + DomainRecord.IDENTITY));
    }

    /** @param record a domain record. @return its domid. */
    public static int domid(final long record)
    {
        return DomainRecord.domid(Raw.getLong(record + DomainRecord.IDENTITY));
    }

    /** @param record a domain record. @return its incarnation. */
    public static int incarnation(final long record)
    {
        return DomainRecord.incarnation(Raw.getLong(record + DomainRecord.IDENTITY));
    }

    /**
     * Changes the state of a domain.
     *
     * @param record domain record.
     * @param from   state it must be in.
     * @param to     new state.
     * @return whether it was in {@code from}.
     */
    public static boolean changeState(final long record, final int from, final int to)
    {
        for (;;)
        {
            final long identity = Raw.getLong(record + DomainRecord.IDENTITY);
            if (DomainRecord.state(identity) != from)
            {
                return false;
            }
            final long next = identity & ~(0xffL << 32) | (long)to << 32;
            if (Raw.casLong(record + DomainRecord.IDENTITY, identity, next))
            {
                return true;
            }
        }
    }
}
