package io.xenolith.hv.grant;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;

/**
 * The grant tables as guests share them: where an entry lies, and its fields in either version.
 *
 * <pre>
 *   v1 entry   0 flags u16 | 2 domid u16 | 4 frame u32                                     512 per frame
 *   v2 entry   0 flags u16 | 2 domid u16 | 4 page_off u16, length u16 | 8 frame u64         256 per frame
 *              transitive:   4 trans_domid u16 |                        8 gref u32
 *   v2 status  u16 per entry, in status frames                                            2048 per frame
 * </pre>
 *
 * Flags and domid are one aligned 32-bit word: the hypervisor changes flags by CAS on that word.
 */
public final class GrantTables
{
    /** Entry grants nothing. */
    static final int GTF_INVALID = 0;
    /** Entry lets its domain use the frame. */
    static final int GTF_PERMIT_ACCESS = 1;
    /** Entry waits for a frame. */
    static final int GTF_ACCEPT_TRANSFER = 2;
    /** Entry lends another domain's grant (version 2). */
    static final int GTF_TRANSITIVE = 3;
    static final int GTF_TYPE_MASK = 3;
    static final int GTF_READONLY = 4;
    /** In use for reading. Written by the hypervisor. */
    static final int GTF_READING = 8;
    /** In use for writing. Written by the hypervisor. */
    static final int GTF_WRITING = 0x10;
    static final int GTF_SUB_PAGE = 0x100;
    static final int GTF_TRANSFER_COMMITTED = 4;
    static final int GTF_TRANSFER_COMPLETED = 8;
    /** Entries that tools may fill in and that survive a change of version. */
    static final int RESERVED_ENTRIES = 8;

    private static final int V1_SHIFT = 3;
    private static final int V2_SHIFT = 4;
    private static final int STATUS_SHIFT = 1;
    private static final int PAGE_SHIFT = 12;

    private final Domains domains;
    private final MachineMemory memory;

    /** @param machine the machine. */
    public GrantTables(final Machine machine)
    {
        domains = new Domains(machine);
        memory = machine.memory();
    }

    /** @param domid any value. @return whether such a domain exists. */
    public boolean exists(final int domid)
    {
        return domains.exists(domid);
    }

    /** @param domid a domain that exists. @return its table's version, 1 or 2. */
    public int version(final int domid)
    {
        return Raw.getInt(domains.record(domid) + DomainRecord.GRANT_VERSION);
    }

    /** @param domid a domain that exists. @return frames of entries. */
    public int entryFrames(final int domid)
    {
        return Raw.getInt(domains.record(domid) + DomainRecord.GRANT_FRAMES);
    }

    /** @param domid a domain that exists. @return most frames of entries it may have. */
    public int maxFrames(final int domid)
    {
        return Raw.getInt(domains.record(domid) + DomainRecord.GRANT_MAX_FRAMES);
    }

    /** @param domid a domain that exists. @return frames of status words. */
    public int statusFrames(final int domid)
    {
        return Raw.getInt(domains.record(domid) + DomainRecord.STATUS_FRAMES);
    }

    /** @param domid a domain that exists. @param index below {@link #entryFrames}. @return machine frame. */
    public long entryFrame(final int domid, final int index)
    {
        return entryFrameOf(domains.record(domid), index);
    }

    /** @param domid a domain that exists. @param index below {@link #statusFrames}. @return machine frame. */
    public long statusFrame(final int domid, final int index)
    {
        return statusFrameOf(domains.record(domid), index);
    }

    static long entryFrameOf(final long record, final int index)
    {
        return Raw.getInt(record + DomainRecord.GRANT_FRAME_MFNS + (long)index * Integer.BYTES) & 0xffff_ffffL;
    }

    static long statusFrameOf(final long record, final int index)
    {
        return Raw.getInt(record + DomainRecord.STATUS_FRAME_MFNS + (long)index * Integer.BYTES) & 0xffff_ffffL;
    }

    /** @param record a domain's record. @return number of entries its table has now. */
    static int entries(final long record)
    {
        final int frames = Raw.getInt(record + DomainRecord.GRANT_FRAMES);
        return frames << PAGE_SHIFT - entryShift(record);
    }

    private static int entryShift(final long record)
    {
        return isV2(record) ? V2_SHIFT : V1_SHIFT;
    }

    /** @param record a domain's record. @return whether its table is of version 2. */
    static boolean isV2(final long record)
    {
        return Raw.getInt(record + DomainRecord.GRANT_VERSION) == 2;
    }

    /** @param record a domain's record. @param gref below {@link #entries}. @return address of the entry. */
    long entry(final long record, final int gref)
    {
        final int shift = entryShift(record);
        final int perFrame = 1 << PAGE_SHIFT - shift;
        return memory.addressOf(entryFrameOf(record, gref / perFrame)) + ((long)(gref % perFrame) << shift);
    }

    /** @param record a record with a version 2 table. @param gref below {@link #entries}. @return its status word. */
    long status(final long record, final int gref)
    {
        final int perFrame = 1 << PAGE_SHIFT - STATUS_SHIFT;
        return memory.addressOf(statusFrameOf(record, gref / perFrame)) + ((long)(gref % perFrame) << STATUS_SHIFT);
    }

    /** @param header flags and domid of an entry. @return flags. */
    static int flags(final int header)
    {
        return header & 0xffff;
    }

    /** @param header flags and domid of an entry. @return domid. */
    static int domid(final int header)
    {
        return header >>> 16;
    }

    /**
     * Frame of a permitting entry.
     *
     * @param record the granter.
     * @param entry  address of the entry.
     * @return machine frame, as the guest wrote it.
     */
    static long frame(final long record, final long entry)
    {
        return isV2(record) ? Raw.getLong(entry + 8) : Raw.getInt(entry + 4) & 0xffff_ffffL;
    }

    /**
     * Whether the hypervisor's bits of an entry say that it is in use.
     *
     * @param record the granter.
     * @param gref   below {@link #entries}.
     * @return GTF_READING and GTF_WRITING as they stand.
     */
    int inUse(final long record, final int gref)
    {
        final int flags = isV2(record) ? Raw.getShort(status(record, gref)) : Raw.getInt(entry(record, gref));
        return flags & (GTF_READING | GTF_WRITING);
    }

    /** Sets or clears the in-use bits of an entry, whatever else the guest does to it. */
    void changeInUse(final long record, final int gref, final int set, final int clear)
    {
        if (isV2(record))
        {
            changeStatus(status(record, gref), set, clear);
            return;
        }
        final long entry = entry(record, gref);
        if (set != 0)
        {
            Raw.getAndOrInt(entry, set);
        }
        if (clear != 0)
        {
            Raw.getAndAndInt(entry, ~clear);
        }
    }

    /** Status words are 16 bits wide; the atomic operations work on the aligned 32 bits around them. */
    private static void changeStatus(final long status, final int set, final int clear)
    {
        final long word = status & -4;
        final int shift = (int)(status & 2) * Byte.SIZE;
        if (set != 0)
        {
            Raw.getAndOrInt(word, set << shift);
        }
        if (clear != 0)
        {
            Raw.getAndAndInt(word, ~(clear << shift));
        }
    }

    /**
     * Fills in an entry on behalf of a domain that does not run yet.
     *
     * @param record   the granter.
     * @param gref     below {@link #entries}.
     * @param to       domain that gets the right.
     * @param mfn      frame of the granter.
     * @param readOnly whether it may only read.
     */
    public void seed(final long record, final int gref, final int to, final long mfn, final boolean readOnly)
    {
        final long entry = entry(record, gref);
        if (isV2(record))
        {
            Raw.putLong(entry + 8, mfn);
        }
        else
        {
            Raw.putInt(entry + 4, (int)mfn);
        }
        Raw.putInt(entry, to << 16 | GTF_PERMIT_ACCESS | (readOnly ? GTF_READONLY : 0));
    }
}
