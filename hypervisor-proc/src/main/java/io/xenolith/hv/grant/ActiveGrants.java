package io.xenolith.hv.grant;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.SystemCounter;

/**
 * Foreign references to frames. A grant in use is one attributable word, {@code active[granter][gref] = {holder, incarnation,
 * read pins, write pins}}, beside the frame that it fixes; nothing else in the machine says that a foreign domain uses a frame.
 *
 * <p><b>First pin</b>, by the holder's process:
 * <pre>
 *   1  claim      active word: 0 -&gt; {holder, 0, 0}             by CAS; another holder keeps us out
 *   2  flags      guest's entry: GTF_reading (and writing)      by CAS with the checks; at most five tries
 *   3  fix        active frame = the entry's frame; frame record: GRANTED
 *   4  pin        active word: {holder, 1, 0} or {holder, 0, 1}
 *   5  re-check   frame record: still owned by the granter, not being freed, and not a table if we write
 * </pre>
 * <b>Last unpin</b> is the same backwards: {holder, 0, 0}; flags cleared; frame forgotten; word 0. So the entry's flags are set
 * whenever a pin counts, and whenever a flag is set, the word names somebody. A holder that dies anywhere is found by its name
 * in the word, and the flags follow from what is left ({@link #sweep}).
 *
 * <p><b>Against freeing and retyping</b> (crash rule 3): who frees or transfers a frame first takes it out of use (its reference
 * count becomes {@link FrameTable#CLAIMED}), who makes it a table first publishes the new type; then, if GRANTED is set, they
 * scan the owner's active words ({@link #pinned}, {@link #writePinned}). A pinner publishes (3, 4), then re-checks (5). Both sides
 * store first and look second, with a full fence between, so at least one of them sees the other.
 *
 * <p>Threads of the holder's process exclude each other per entry by ordinary monitors, which die with the process. The guest can
 * change its entry faster than a loop can follow, hence the five tries.
 */
public final class ActiveGrants
{
    private static final int TRIES = 5;
    private static final int STRIPES = 64;
    private static final int PAGE = 4096;
    /** Stands in an active word's frame for the entry of a transitive grant: it fixes no frame itself. */
    public static final long LENT = Long.MIN_VALUE;

    private final HypervisorFile hv;
    private final Domains domains;
    private final GrantTables tables;
    private final FrameTable frames;
    private final ForeignWrite foreign;
    private final int holder;
    private final int incarnation;
    private final Object[] stripes = new Object[STRIPES];

    /**
     * @param machine     the machine.
     * @param holder      domain that the pins belong to: this process's.
     * @param incarnation its incarnation.
     */
    public ActiveGrants(final Machine machine, final int holder, final int incarnation)
    {
        this.hv = machine.hv();
        this.domains = new Domains(machine);
        this.tables = new GrantTables(machine);
        this.frames = new FrameTable(hv.frame(0), hv.frames());
        this.foreign = new ForeignWrite(machine);
        this.holder = holder;
        this.incarnation = incarnation;
        java.util.Arrays.setAll(stripes, (i) -> new Object());
    }

    /**
     * Pins a grant for copying: parts of pages and entries that lend another domain's grant are followed.
     *
     * @param pin     filled in.
     * @param granter any value.
     * @param gref    any value.
     * @param write   whether the frame will be written.
     * @return {@link GrantStatus}.
     */
    public int pin(final Pin pin, final int granter, final int gref, final boolean write)
    {
        pin.viaDomid = -1;
        return pin(pin, granter, gref, write, holder, true);
    }

    /**
     * Pins a whole granted frame, for mapping it or working on it in place.
     *
     * @param pin     filled in.
     * @param granter any value.
     * @param gref    any value.
     * @param write   whether the frame will be written.
     * @return {@link GrantStatus}.
     */
    public int pinForMapping(final Pin pin, final int granter, final int gref, final boolean write)
    {
        pin.viaDomid = -1;
        return pin(pin, granter, gref, write, holder, false);
    }

    private int pin(
        final Pin pin, final int granter, final int gref, final boolean write, final int permitted, final boolean parts)
    {
        final long record = domains.usable(granter);
        if (record == 0)
        {
            return GrantStatus.BAD_DOMAIN;
        }
        final int slot = DomainRecord.slot(granter);
        final long active = hv.activeIfBacked(slot, gref);
        if (active == 0 || gref >= GrantTables.entries(record))
        {
            return GrantStatus.BAD_GNTREF;
        }
        pin.granter = granter;
        pin.granterIncarnation = Domains.incarnation(record);
        pin.gref = gref;
        pin.write = write;
        final int status;
        synchronized (stripe(granter, gref))
        {
            status = pinLocked(pin, record, active, permitted, parts);
        }
        if (status == GrantStatus.OKAY && pin.mfn == LENT)
        {
            return follow(pin);
        }
        if (status == GrantStatus.OKAY)
        {
            hv.count(SystemCounter.GRANT_PINS, 1);
            if (write && !foreign.begin(pin.mfn))
            {
                unpin(pin);
                return GrantStatus.EAGAIN;
            }
        }
        return status;
    }

    /** Pins what a transitive entry lends: an entry of another domain that permits the lender. One link, no chains. */
    private int follow(final Pin pin)
    {
        final int lender = pin.granter;
        final int lenderIncarnation = pin.granterIncarnation;
        final int lent = pin.gref;
        final int status = pin.viaDomid >= 0 ?
            GrantStatus.GENERAL_ERROR : pinLent(pin, lender, lenderIncarnation, lent);
        if (status != GrantStatus.OKAY)
        {
            unpin(lender, lenderIncarnation, lent, pin.write);
        }
        return status;
    }

    private int pinLent(final Pin pin, final int lender, final int lenderIncarnation, final int lent)
    {
        pin.viaDomid = lender;
        pin.viaIncarnation = lenderIncarnation;
        pin.viaGref = lent;
        final int status = pin(pin, pin.nextDomid, pin.nextGref, pin.write, lender, true);
        if (status != GrantStatus.OKAY)
        {
            pin.viaDomid = -1;
        }
        return status;
    }

    private Object stripe(final int granter, final int gref)
    {
        return stripes[(granter * 31 + gref) & STRIPES - 1];
    }

    private int pinLocked(
        final Pin pin, final long record, final long active, final int permitted, final boolean parts)
    {
        final long word = Raw.getLong(active + ActiveGrant.PINS);
        if (word == 0)
        {
            if (!Raw.casLong(active + ActiveGrant.PINS, 0, ActiveGrant.pins(holder, incarnation, 0, 0)))
            {
                return GrantStatus.EAGAIN;
            }
            KillPoint.hit(KillPoint.GRANT_BEFORE_FLAGS);
            if (!lives(pin, record))
            {
                giveBack(active);
                return GrantStatus.BAD_DOMAIN;
            }
        }
        else if (ActiveGrant.domid(word) != holder || ActiveGrant.incarnation(word) != incarnation)
        {
            return GrantStatus.GENERAL_ERROR;
        }
        final int status = pinClaimed(pin, record, active, permitted, parts);
        if (status != GrantStatus.OKAY)
        {
            settle(record, pin.gref, active);
            ringReaper(record);
        }
        return status;
    }

    /** Has the hypervisor go on with a dying domain that may have waited for a pin. */
    private void ringReaper(final long record)
    {
        if (Domains.state(record) == DomainRecord.STATE_DYING)
        {
            Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
        }
    }

    /**
     * The look after the claim: a granter that dies is marked first and its words are scanned second, so either the reaper sees
     * our claim and leaves the table in place, or we see the mark.
     */
    private boolean lives(final Pin pin, final long record)
    {
        return domains.usable(pin.granter) == record && Domains.incarnation(record) == pin.granterIncarnation;
    }

    /** Drops a claim on an entry of a granter that is going; the reaper may have come across it and waits. */
    private void giveBack(final long active)
    {
        Raw.putLong(active + ActiveGrant.PINS, 0);
        Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
    }

    private int pinClaimed(
        final Pin pin, final long record, final long active, final int permitted, final boolean parts)
    {
        final long before = Raw.getLong(active + ActiveGrant.PINS);
        final boolean first = ActiveGrant.reads(before) + ActiveGrant.writes(before) == 0;
        final int kept = pin.write ? ActiveGrant.writes(before) : ActiveGrant.reads(before);
        if (kept == ActiveGrant.MAX_PINS)
        {
            return GrantStatus.NO_SPACE;
        }
        int status = setInUse(pin, record, permitted, parts);
        if (status != GrantStatus.OKAY)
        {
            return status;
        }
        KillPoint.hit(KillPoint.GRANT_BEFORE_FRAME);
        status = readFrame(pin, record, parts);
        if (status != GrantStatus.OKAY)
        {
            return status;
        }
        if (first)
        {
            Raw.putLong(active + ActiveGrant.FRAME, pin.mfn);
        }
        else if (Raw.getLong(active + ActiveGrant.FRAME) != pin.mfn)
        {
            return GrantStatus.GENERAL_ERROR;
        }
        KillPoint.hit(KillPoint.GRANT_BEFORE_PIN);
        final boolean lent = pin.mfn == LENT;
        if (!lent && !markGranted(pin))
        {
            return GrantStatus.GENERAL_ERROR;
        }
        Raw.getAndAddLong(active + ActiveGrant.PINS, pin.write ? ActiveGrant.ONE_WRITE : ActiveGrant.ONE_READ);
        KillPoint.hit(KillPoint.GRANT_BEFORE_RECHECK);
        if (!lent && (!markGranted(pin) || !stillUsable(pin)))
        {
            Raw.getAndAddLong(active + ActiveGrant.PINS, pin.write ? -ActiveGrant.ONE_WRITE : -ActiveGrant.ONE_READ);
            return GrantStatus.GENERAL_ERROR;
        }
        return GrantStatus.OKAY;
    }

    /** Checks the guest's entry and says in it that it is in use, in one atomic step. */
    private int setInUse(final Pin pin, final long record, final int permitted, final boolean parts)
    {
        return GrantTables.isV2(record) ?
            setInUseV2(pin, record, permitted, parts) : setInUseV1(pin, record, permitted);
    }

    private int setInUseV1(final Pin pin, final long record, final int permitted)
    {
        final long entry = tables.entry(record, pin.gref);
        final int bits = inUseBits(pin.write);
        for (int i = 0; i < TRIES; i++)
        {
            final int header = Raw.getInt(entry);
            final int flags = GrantTables.flags(header);
            if ((flags & GrantTables.GTF_TYPE_MASK) != GrantTables.GTF_PERMIT_ACCESS
                || !permits(header, pin.write, permitted))
            {
                return GrantStatus.GENERAL_ERROR;
            }
            if (Raw.casInt(entry, header, header | bits))
            {
                return GrantStatus.OKAY;
            }
        }
        return GrantStatus.GENERAL_ERROR;
    }

    /** Version 2: the status is a word of its own, so it is set first and the entry is looked at again afterwards. */
    private int setInUseV2(final Pin pin, final long record, final int permitted, final boolean parts)
    {
        final long entry = tables.entry(record, pin.gref);
        if (!acceptsV2(Raw.getInt(entry), pin.write, permitted, parts))
        {
            return GrantStatus.GENERAL_ERROR;
        }
        tables.changeInUse(record, pin.gref, inUseBits(pin.write), 0);
        return acceptsV2(Raw.getIntVolatile(entry), pin.write, permitted, parts) ?
            GrantStatus.OKAY : GrantStatus.GENERAL_ERROR;
    }

    private static boolean acceptsV2(final int header, final boolean write, final int permitted, final boolean parts)
    {
        final int flags = GrantTables.flags(header);
        final boolean kind = switch (flags & GrantTables.GTF_TYPE_MASK)
        {
            case GrantTables.GTF_PERMIT_ACCESS -> parts || (flags & GrantTables.GTF_SUB_PAGE) == 0;
            case GrantTables.GTF_TRANSITIVE -> parts;
            default -> false;
        };
        return kind && permits(header, write, permitted);
    }

    private static boolean permits(final int header, final boolean write, final int permitted)
    {
        final boolean readOnly = (GrantTables.flags(header) & GrantTables.GTF_READONLY) != 0;
        return GrantTables.domid(header) == permitted && !(write && readOnly);
    }

    private static int inUseBits(final boolean write)
    {
        return GrantTables.GTF_READING | (write ? GrantTables.GTF_WRITING : 0);
    }

    /** Reads which frame, and which part of it, the entry grants, or where it leads to. */
    private int readFrame(final Pin pin, final long record, final boolean parts)
    {
        final long entry = tables.entry(record, pin.gref);
        pin.offset = 0;
        pin.length = PAGE;
        if (!GrantTables.isV2(record))
        {
            pin.mfn = GrantTables.frame(record, entry);
            return exists(pin.mfn);
        }
        final int flags = GrantTables.flags(Raw.getInt(entry));
        if ((flags & GrantTables.GTF_TYPE_MASK) == GrantTables.GTF_TRANSITIVE)
        {
            pin.nextDomid = Raw.getUnsignedShort(entry + 4);
            pin.nextGref = Raw.getInt(entry + 8);
            pin.mfn = LENT;
            return GrantStatus.OKAY;
        }
        if (parts && (flags & GrantTables.GTF_SUB_PAGE) != 0)
        {
            pin.offset = Raw.getUnsignedShort(entry + 4);
            pin.length = Math.min(Raw.getUnsignedShort(entry + 6), PAGE - Math.min(pin.offset, PAGE));
        }
        pin.mfn = GrantTables.frame(record, entry);
        return exists(pin.mfn);
    }

    private int exists(final long mfn)
    {
        return frames.contains(mfn) ? GrantStatus.OKAY : GrantStatus.GENERAL_ERROR;
    }

    /**
     * Marks the frame as granted, and as written by others, for its owner to look for pins before it frees it, retypes it or caches
     * code of it. Only a frame of the granter is marked: the number is the guest's and may be anything.
     *
     * <p>Done before the pin counts, because who frees looks at the mark first; and again afterwards, because the owner takes a
     * mark of writing off when it finds no pin ({@link ForeignWrite#mayCache}), which may have happened in between.
     *
     * @return whether the frame is the granter's.
     */
    private boolean markGranted(final Pin pin)
    {
        final long flags = FrameRecord.FLAG_GRANTED | (pin.write ? FrameRecord.FLAG_FOREIGN_WRITE : 0);
        final long address = hv.frame(pin.mfn) + FrameRecord.OWNER;
        for (;;)
        {
            final long owner = Raw.getLong(address);
            if ((int)owner != FrameTable.ownerKey(pin.granter, pin.granterIncarnation))
            {
                return false;
            }
            if ((owner & flags) == flags || Raw.casLong(address, owner, owner | flags))
            {
                return true;
            }
        }
    }

    /** The look after the store: the granter may have begun to free the frame or to make it a table. */
    private boolean stillUsable(final Pin pin)
    {
        final long owner = frames.ownerWord(pin.mfn);
        final int state = FrameRecord.state(owner);
        if (FrameRecord.domid(owner) != pin.granter || FrameRecord.incarnation(owner) != pin.granterIncarnation
            || state != FrameRecord.STATE_OWNED || frames.references(pin.mfn) < 0)
        {
            return false;
        }
        final long type = frames.typeWord(pin.mfn);
        return !pin.write || FrameType.count(type) == 0 || !FrameType.needsValidation(FrameType.type(type));
    }

    /**
     * Drops a pin. The flags in the guest's entry are clear when this returns, if it was the last of its kind: call it before
     * the response is published.
     *
     * @param pin a pin that is held.
     */
    public void unpin(final Pin pin)
    {
        unpin(pin.granter, pin.granterIncarnation, pin.gref, pin.write);
        if (pin.viaDomid >= 0)
        {
            unpin(pin.viaDomid, pin.viaIncarnation, pin.viaGref, pin.write);
            pin.viaDomid = -1;
        }
    }

    private void unpin(final int granter, final int granterIncarnation, final int gref, final boolean write)
    {
        final long record = domains.record(granter);
        if (record == 0 || Domains.incarnation(record) != granterIncarnation)
        {
            return;
        }
        final long active = hv.activeIfBacked(DomainRecord.slot(granter), gref);
        if (active == 0)
        {
            return;
        }
        synchronized (stripe(granter, gref))
        {
            KillPoint.hit(KillPoint.GRANT_BEFORE_UNPIN);
            Raw.getAndAddLong(active + ActiveGrant.PINS, write ? -ActiveGrant.ONE_WRITE : -ActiveGrant.ONE_READ);
            settle(record, gref, active);
        }
        ringReaper(record);
    }

    /** Makes the entry's flags, the frame and the word agree with the pins that are left. The word names its holder. */
    private void settle(final long record, final int gref, final long active)
    {
        final long word = Raw.getLong(active + ActiveGrant.PINS);
        final boolean reads = ActiveGrant.reads(word) != 0;
        final boolean writes = ActiveGrant.writes(word) != 0;
        KillPoint.hit(KillPoint.GRANT_BEFORE_CLEAR);
        if (gref < GrantTables.entries(record))
        {
            final int clear = (writes ? 0 : GrantTables.GTF_WRITING) | (reads || writes ? 0 : GrantTables.GTF_READING);
            tables.changeInUse(record, gref, 0, clear);
        }
        if (!reads && !writes)
        {
            Raw.putLong(active + ActiveGrant.FRAME, 0);
            KillPoint.hit(KillPoint.GRANT_BEFORE_RELEASE);
            Raw.putLong(active + ActiveGrant.PINS, 0);
        }
    }

    /**
     * Whether some foreign domain holds any pin on a frame. Asked by the owner after taking the frame out of use.
     *
     * @param owner domain that owns it.
     * @param mfn   the frame.
     * @return whether it must stay.
     */
    public boolean pinned(final int owner, final long mfn)
    {
        return scan(hv, owner, mfn, false);
    }

    /**
     * Whether some foreign domain holds a write pin on a frame. Asked by the owner after publishing a new type.
     *
     * @param owner domain that owns it.
     * @param mfn   the frame.
     * @return whether it must stay writable.
     */
    public boolean writePinned(final int owner, final long mfn)
    {
        return scan(hv, owner, mfn, true);
    }

    /**
     * Scans a domain's active words for a frame.
     *
     * @param hv     the hypervisor's structures.
     * @param owner  domain that owns the frame.
     * @param mfn    the frame.
     * @param writes whether only write pins count.
     * @return whether there is such a pin.
     */
    static boolean scan(final HypervisorFile hv, final int owner, final long mfn, final boolean writes)
    {
        Raw.fullFence();
        final int slot = DomainRecord.slot(owner);
        final int backed = Raw.getInt(hv.domain(slot) + DomainRecord.BACKED_GRANTS);
        if (backed == 0)
        {
            return false;
        }
        final long first = hv.active(slot, 0);
        for (int gref = 0; gref < backed; gref++)
        {
            final long active = first + (long)gref * ActiveGrant.LENGTH;
            final long word = Raw.getLong(active + ActiveGrant.PINS);
            if (word != 0 && Raw.getLong(active + ActiveGrant.FRAME) == mfn)
            {
                final int writers = ActiveGrant.writes(word);
                if (writes ? writers != 0 : writers + ActiveGrant.reads(word) != 0)
                {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Finds a pin that an earlier life of this process took, so that it can be dropped in due course.
     *
     * @param pin     filled in.
     * @param granter the granter.
     * @param gref    its grant.
     * @param write   kind of the pin.
     * @return whether there is one.
     */
    public boolean adopt(final Pin pin, final int granter, final int gref, final boolean write)
    {
        final long record = domains.record(granter);
        final int slot = DomainRecord.slot(granter);
        final long active = hv.activeIfBacked(slot, gref);
        if (record == 0 || active == 0)
        {
            return false;
        }
        final long word = Raw.getLong(active + ActiveGrant.PINS);
        final int pins = write ? ActiveGrant.writes(word) : ActiveGrant.reads(word);
        if (ActiveGrant.domid(word) != holder || ActiveGrant.incarnation(word) != incarnation || pins == 0)
        {
            return false;
        }
        pin.granter = granter;
        pin.granterIncarnation = Domains.incarnation(record);
        pin.gref = gref;
        pin.write = write;
        pin.mfn = Raw.getLong(active + ActiveGrant.FRAME);
        pin.offset = 0;
        pin.length = PAGE;
        return true;
    }

    /** How many pins of each kind a holder keeps on one grant after its process was replaced. */
    @FunctionalInterface
    public interface Kept
    {
        /**
         * @param granter the granter.
         * @param gref    its grant.
         * @param write   kind of pin.
         * @return pins of that kind that are accounted for.
         */
        int pins(int granter, int gref, boolean write);
    }

    /**
     * Drops what a holder no longer accounts for: everything, after its death; what its journal does not list, after its
     * process was replaced. Idempotent; the holder's process does not run, or is the caller.
     *
     * @param holderDomid       the holder.
     * @param holderIncarnation its incarnation.
     * @param kept              what stays.
     * @return pins dropped.
     */
    public int sweep(final int holderDomid, final int holderIncarnation, final Kept kept)
    {
        int dropped = 0;
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            final long record = hv.domain(slot);
            if (Domains.state(record) == DomainRecord.STATE_FREE)
            {
                continue;
            }
            final int backed = Raw.getInt(record + DomainRecord.BACKED_GRANTS);
            for (int gref = 0; gref < backed; gref++)
            {
                dropped += sweepOne(record, slot, gref, holderDomid, holderIncarnation, kept);
            }
        }
        return dropped;
    }

    private int sweepOne(
        final long record, final int slot, final int gref, final int holderDomid, final int holderIncarnation,
        final Kept kept)
    {
        final long active = hv.activeIfBacked(slot, gref);
        final long word = active == 0 ? 0 : Raw.getLong(active + ActiveGrant.PINS);
        if (word == 0 || ActiveGrant.domid(word) != holderDomid || ActiveGrant.incarnation(word) != holderIncarnation)
        {
            return 0;
        }
        final int granter = Domains.domid(record);
        final int reads = Math.min(ActiveGrant.reads(word), kept.pins(granter, gref, false));
        final int writes = Math.min(ActiveGrant.writes(word), kept.pins(granter, gref, true));
        final int dropped = ActiveGrant.reads(word) - reads + ActiveGrant.writes(word) - writes;
        KillPoint.hit(KillPoint.GRANT_BEFORE_UNPIN);
        Raw.putLong(active + ActiveGrant.PINS, ActiveGrant.pins(holderDomid, holderIncarnation, reads, writes));
        settle(record, gref, active);
        return dropped;
    }
}
