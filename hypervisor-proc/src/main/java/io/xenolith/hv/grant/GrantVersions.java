package io.xenolith.hv.grant;

import static io.xenolith.hv.hypercall.Errno.EBUSY;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOMEM;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.control.GlobalCalls;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;

/**
 * Changes of a domain's own table as a whole: GNTTABOP_set_version and GNTTABOP_swap_grant_ref. The change of version happens while no entry is
 * in use, reserved ones aside: every other active word is claimed by the granter itself for that time, so that a pinner backs off.
 */
public final class GrantVersions
{
    private final HypervisorFile hv;
    private final MachineMemory memory;
    private final Domains domains;
    private final GrantTables tables;
    private final FrameTable frames;
    private final GlobalCalls global;

    /**
     * @param machine the machine.
     * @param tables  its grant tables.
     * @param global  way to the hypervisor process.
     */
    public GrantVersions(final Machine machine, final GrantTables tables, final GlobalCalls global)
    {
        this.hv = machine.hv();
        this.memory = machine.memory();
        this.domains = new Domains(machine);
        this.tables = tables;
        this.frames = new FrameTable(hv.frame(0), hv.frames());
        this.global = global;
    }

    /**
     * GNTTABOP_set_version.
     *
     * @param c       caller.
     * @param version any value.
     * @return 0 or a negative errno.
     */
    long set(final Caller c, final int version)
    {
        if (version != 1 && version != 2)
        {
            return -EINVAL;
        }
        final long record = domains.record(c.domid());
        if (Raw.getInt(record + DomainRecord.GRANT_VERSION) == version)
        {
            return 0;
        }
        if (version == 2)
        {
            final int frames2 = Raw.getInt(record + DomainRecord.GRANT_FRAMES);
            if (global.call(c.vcpu(), GlobalOp.GRANT_GROW, frames2, statusFramesFor(frames2), 0, 0) < 0)
            {
                return -ENOMEM;
            }
        }
        else if (statusMapped(record))
        {
            return -EBUSY;
        }
        return exchange(c, record, version);
    }

    /** Status frames that version 2 needs for a number of entry frames: 256 entries each, 2048 status words per frame. */
    static int statusFramesFor(final int entryFrames)
    {
        return (entryFrames + 7) / 8;
    }

    private boolean statusMapped(final long record)
    {
        final int n = Raw.getInt(record + DomainRecord.STATUS_FRAMES);
        for (int i = 0; i < n; i++)
        {
            if (frames.references(GrantTables.statusFrameOf(record, i)) > 0)
            {
                return true;
            }
        }
        return false;
    }

    /**
     * Changes the format while no entry is in use but reserved ones, which keep their pins: domain 0 holds console and xenstore for as
     * long as the domain lives.
     */
    private long exchange(final Caller c, final long record, final int version)
    {
        final int slot = DomainRecord.slot(c.domid());
        final int backed = Raw.getInt(record + DomainRecord.BACKED_GRANTS);
        final long own = ActiveGrant.pins(c.domid(), c.incarnation(), 0, 0);
        int looked = 0;
        while (looked < backed && (claim(slot, looked, own) || looked < GrantTables.RESERVED_ENTRIES))
        {
            looked++;
        }
        final boolean free = looked == backed;
        if (free)
        {
            convert(record, slot, version);
        }
        for (int gref = 0; gref < looked; gref++)
        {
            Raw.casLong(hv.active(slot, gref) + ActiveGrant.PINS, own, 0);
        }
        return free ? 0 : -EBUSY;
    }

    private boolean claim(final int slot, final int gref, final long own)
    {
        return Raw.casLong(hv.active(slot, gref) + ActiveGrant.PINS, 0, own);
    }

    /** Makes the flags of a reserved entry say what its active word says, which its holder may change meanwhile. */
    private void showUse(final long record, final int slot, final int gref)
    {
        final long active = hv.active(slot, gref) + ActiveGrant.PINS;
        long word;
        do
        {
            word = Raw.getLongVolatile(active);
            final boolean writes = ActiveGrant.writes(word) != 0;
            final boolean any = writes || ActiveGrant.reads(word) != 0;
            final int set = (any ? GrantTables.GTF_READING : 0) | (writes ? GrantTables.GTF_WRITING : 0);
            tables.changeInUse(record, gref, set, (GrantTables.GTF_READING | GrantTables.GTF_WRITING) & ~set);
        }
        while (Raw.getLongVolatile(active) != word);
    }

    /** Rewrites the reserved entries in the new format and clears all others. */
    private void convert(final long record, final int slot, final int version)
    {
        final int[] headers = new int[GrantTables.RESERVED_ENTRIES];
        final long[] mfns = new long[GrantTables.RESERVED_ENTRIES];
        for (int gref = 0; gref < headers.length; gref++)
        {
            final long entry = tables.entry(record, gref);
            headers[gref] = Raw.getInt(entry) & ~(GrantTables.GTF_READING | GrantTables.GTF_WRITING);
            mfns[gref] = GrantTables.frame(record, entry);
        }
        final int n = Raw.getInt(record + DomainRecord.GRANT_FRAMES);
        for (int i = 0; i < n; i++)
        {
            Raw.fill(memory.addressOf(GrantTables.entryFrameOf(record, i)), 4096, (byte)0);
        }
        final int statuses = Raw.getInt(record + DomainRecord.STATUS_FRAMES);
        for (int i = 0; i < statuses; i++)
        {
            Raw.fill(memory.addressOf(GrantTables.statusFrameOf(record, i)), 4096, (byte)0);
        }
        Raw.putIntVolatile(record + DomainRecord.GRANT_VERSION, version);
        KillPoint.hit(KillPoint.GRANT_BEFORE_TABLE);
        for (int gref = 0; gref < headers.length; gref++)
        {
            final boolean plain = (headers[gref] & GrantTables.GTF_TYPE_MASK) == GrantTables.GTF_PERMIT_ACCESS;
            if (plain)
            {
                tables.seed(record, gref, GrantTables.domid(headers[gref]), mfns[gref],
                    (headers[gref] & GrantTables.GTF_READONLY) != 0);
            }
            showUse(record, slot, gref);
        }
    }

    /**
     * GNTTABOP_swap_grant_ref.
     *
     * @param domid the calling domain.
     * @param a     any value.
     * @param b     any value.
     * @return {@link GrantStatus}.
     */
    int swap(final int domid, final int a, final int b)
    {
        final long record = domains.record(domid);
        final int entries = GrantTables.entries(record);
        if (a < 0 || b < 0 || a >= entries || b >= entries)
        {
            return GrantStatus.BAD_GNTREF;
        }
        if (a == b)
        {
            return GrantStatus.OKAY;
        }
        final int slot = DomainRecord.slot(domid);
        final long own = ActiveGrant.pins(domid, Domains.incarnation(record), 0, 0);
        final long first = hv.active(slot, Math.min(a, b)) + ActiveGrant.PINS;
        final long second = hv.active(slot, Math.max(a, b)) + ActiveGrant.PINS;
        if (!Raw.casLong(first, 0, own))
        {
            return GrantStatus.EAGAIN;
        }
        if (!Raw.casLong(second, 0, own))
        {
            Raw.putLong(first, 0);
            return GrantStatus.EAGAIN;
        }
        swapBytes(tables.entry(record, a), tables.entry(record, b), GrantTables.isV2(record) ? 2 : 1);
        Raw.putLong(second, 0);
        Raw.putLong(first, 0);
        return GrantStatus.OKAY;
    }

    private static void swapBytes(final long a, final long b, final int longs)
    {
        for (int i = 0; i < longs; i++)
        {
            final long kept = Raw.getLong(a + i * 8L);
            Raw.putLong(a + i * 8L, Raw.getLong(b + i * 8L));
            Raw.putLong(b + i * 8L, kept);
        }
    }
}
