package io.xenolith.hv.frames;

import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Party;

/**
 * Reference and type counting over the frame table.
 *
 * <p><b>Why two counts.</b> A guest's page tables are the ones the MMU walks, so the hypervisor must know two things of
 * every frame. May it leave the domain? Only when nothing refers to it: the <i>reference count</i> counts every page
 * table entry that maps it, every table entry that points to it, every pin, every base register, every descriptor-table
 * slot. What may the guest do with it? A frame that is a page table must never be writable, because the guest could
 * then write an entry that maps somebody else's memory. That is the <i>type</i>: a frame has one type at a time, and the
 * <i>type count</i> counts the references that need it. A read-only mapping needs no type, so it takes a reference only;
 * a writable mapping takes a reference and the type {@code writable}; an entry of a level-2 table takes a reference and
 * the type {@code l1}; and so on. A type may change only while its count is zero, which is the whole proof: a table
 * cannot have writable mappings, a descriptor page cannot be a table.
 *
 * <p><b>Types</b> are {@code none, l1, l2, l2_xen, l3, l4, seg_desc, writable} ({@link FrameType}). {@code l2_xen} is
 * the level-2 table of a 32-bit guest's top gigabyte, whose last entries are the hypervisor's: as a type of its own it
 * cannot be hung into another slot.
 *
 * <p><b>Validation.</b> The first reference of a table type checks the whole page, entry by entry, and takes the
 * references the entries need; a level-2 entry needs an {@code l1}, so this recurses. While one vCPU does that, the type
 * word says "count one, not validated": other vCPUs of the domain that want the same type wait, those that want another
 * fail. The last reference to go devalidates in the same manner: first the validated bit goes, so that no new reference
 * can be taken, then the entries' references, then the count. From then on the frame may become anything.
 *
 * <p><b>Pinning</b> is one more counted reference, taken by the guest so that a table that no base register uses at the
 * moment stays validated.
 *
 * <p><b>Page lock.</b> A validated table is changed entry by entry under its busy word, which carries its holder
 * ({@link #lock}). Locks are taken from higher to lower levels only. The domain's own vCPUs spin on it; nobody else takes
 * it, except the builder before the domain runs. A holder of another identity is therefore a builder that died, and its
 * lock is taken over (crash rule 2).
 *
 * <p><b>Foreign references are not counted here.</b> They are words of the active grant table (crash rule 3); a type that
 * excludes writing is refused while {@link TableChecker#writePinned} says that another domain may write. The new type (or
 * {@link #CLAIMED}) is published by a CAS first, the scan comes second; a pinner sets the frame's {@code GRANTED} flag,
 * publishes its pin, and looks at the type and reference words last; so at least one of the two sees the other.
 *
 * <p><b>What is over-approximated</b>, on purpose: a frame keeps the type {@code writable} with count zero until it is
 * needed otherwise, since only then must stale writable translations be dropped; a frame with any reference cannot leave
 * the domain, although a read-only mapping would do no harm to it until it is handed out again.
 *
 * <p>Being allocated is the owner word's business and not a reference: a fresh frame has both counts at zero.
 *
 * <p>Every store is one CAS on a word that only this domain's own code writes, so a domain killed between any two of them
 * needs no repair: its frames are swept by owner.
 */
public final class FrameTable {
    /** Reference count of a frame taken out of use ({@link #claim}): no reference can be taken. */
    public static final int CLAIMED = Integer.MIN_VALUE;

    private final long base;
    private final long frames;

    /**
     * @param base   address of frame 0's record.
     * @param frames number of frames of the machine.
     */
    public FrameTable(final long base, final long frames) {
        this.base = base;
        this.frames = frames;
    }

    /** @param domid domain. @param incarnation its incarnation. @return the domain as an owner of frames. */
    public static int ownerKey(final int domid, final int incarnation) {
        return domid & 0xffff | incarnation << 16;
    }

    /** @return number of frames of the machine. */
    public long frames() {
        return frames;
    }

    /** @param mfn any value. @return whether the machine has the frame. */
    public boolean contains(final long mfn) {
        return mfn > 0 && mfn < frames;
    }

    /** @param mfn a frame of the machine. @return address of its record. */
    public long record(final long mfn) {
        if (mfn < 0 || mfn >= frames) {
            throw io.xenolith.shm.BadFrameException.INSTANCE;
        }
        return base + mfn * FrameRecord.LENGTH;
    }

    /** @param mfn a frame. @return its owner word. */
    public long ownerWord(final long mfn) {
        return Raw.getLong(record(mfn) + FrameRecord.OWNER);
    }

    /** @param mfn a frame. @return its type word, see {@link FrameType}. */
    public long typeWord(final long mfn) {
        return Raw.getLong(record(mfn) + FrameRecord.TYPE_INFO);
    }

    /** @param mfn a frame. @return its type, which means something only while the count is above zero. */
    public int type(final long mfn) {
        return FrameType.type(typeWord(mfn));
    }

    /** @param mfn a frame. @return references held by the owner, or {@link #CLAIMED}. */
    public int references(final long mfn) {
        return Raw.getInt(record(mfn) + FrameRecord.REFS);
    }

    /**
     * @param mfn      any value.
     * @param ownerKey {@link #ownerKey}.
     * @return whether the frame exists, belongs to that owner and is in its use.
     */
    public boolean ownedBy(final long mfn, final int ownerKey) {
        return contains(mfn) && (int)ownerWord(mfn) == ownerKey && inUse(ownerWord(mfn));
    }

    private static boolean inUse(final long ownerWord) {
        final int state = FrameRecord.state(ownerWord);
        return state == FrameRecord.STATE_OWNED || state == FrameRecord.STATE_SHARED;
    }

    /**
     * Takes a general reference.
     *
     * @param mfn      any value, also a guest's.
     * @param ownerKey who must own it.
     * @return whether it was taken.
     */
    public boolean getReference(final long mfn, final int ownerKey) {
        if (!ownedBy(mfn, ownerKey)) {
            return false;
        }
        final long address = record(mfn) + FrameRecord.REFS;
        for (;;) {
            final int refs = Raw.getInt(address);
            if (refs < 0 || refs == Integer.MAX_VALUE) {
                return false;
            }
            KillPoint.hit(KillPoint.FRAME_BEFORE_REFERENCE);
            if (Raw.casInt(address, refs, refs + 1)) {
                break;
            }
        }
        if (ownedBy(mfn, ownerKey)) {
            return true;
        }
        putReference(mfn);
        return false;
    }

    /** Drops a general reference. @param mfn the frame. */
    public void putReference(final long mfn) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_REFERENCE);
        final int before = Raw.getAndAddInt(record(mfn) + FrameRecord.REFS, -1);
        if (before <= 0) {
            throw new BrokenInvariant("frame reference count below zero: mfn=" + mfn);
        }
    }

    /**
     * Takes an unreferenced frame out of use.
     *
     * @param mfn      any value.
     * @param ownerKey who must own it.
     * @return false when it is not owned, referenced, or part of the hypervisor's heap.
     */
    public boolean claim(final long mfn, final int ownerKey) {
        if (!ownedBy(mfn, ownerKey) || FrameRecord.state(ownerWord(mfn)) != FrameRecord.STATE_OWNED) {
            return false;
        }
        KillPoint.hit(KillPoint.FRAME_BEFORE_CLAIM);
        return Raw.casInt(record(mfn) + FrameRecord.REFS, 0, CLAIMED);
    }

    /** Puts a claimed frame back into use. @param mfn the frame. */
    public void unclaim(final long mfn) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_CLAIM);
        if (!Raw.casInt(record(mfn) + FrameRecord.REFS, CLAIMED, 0)) {
            throw new BrokenInvariant("frame was not claimed: mfn=" + mfn);
        }
    }

    /**
     * Takes a type reference. The caller holds a general reference.
     *
     * @param mfn     the frame.
     * @param type    the type wanted, not {@link FrameType#NONE}.
     * @param checker validates the content when this is the first reference.
     * @return 0, or a negative errno: the frame has another type, its content is not acceptable, or a foreign domain may
     *         write it.
     */
    public int getType(final long mfn, final int type, final TableChecker checker) {
        final long address = record(mfn) + FrameRecord.TYPE_INFO;
        for (;;) {
            final long word = Raw.getLong(address);
            final int count = FrameType.count(word);
            if (count == 0) {
                final int result = getFirstType(mfn, address, word, type, checker);
                if (result <= 0) {
                    return result;
                }
            }
            else if (FrameType.type(word) != type) {
                return -Errno.EINVAL;
            }
            else if (!FrameType.validated(word)) {
                checker.waiting();
            }
            else if (count == FrameType.MAX_COUNT) {
                return -Errno.EBUSY;
            }
            else if (casType(address, word, word + 1)) {
                return 0;
            }
        }
    }

    /** The step from count zero to one. Returns 1 when another vCPU was quicker. */
    private int getFirstType(
        final long mfn, final long address, final long word, final int type, final TableChecker checker) {
        final boolean writable = type == FrameType.WRITABLE;
        if (!writable && FrameRecord.state(ownerWord(mfn)) == FrameRecord.STATE_SHARED) {
            return -Errno.EINVAL; // the hypervisor writes it
        }
        final long fresh = FrameType.word(type, 1, writable ? FrameType.VALIDATED : 0);
        if (!casType(address, word, fresh)) {
            return 1;
        }
        if (writable) {
            return 0;
        }
        int result = excludeForeignWriters(mfn, checker);
        if (result == 0) {
            if (FrameType.type(word) == FrameType.WRITABLE) {
                checker.dropWritableTranslations(mfn);
            }
            result = checker.validate(mfn, type);
        }
        if (result == 0) {
            change(address, FrameType.VALIDATED, 0);
        }
        else {
            clearType(address);
        }
        return result;
    }

    private static boolean casType(final long address, final long word, final long next) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_TYPE);
        return Raw.casLong(address, word, next);
    }

    private static void clearType(final long address) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_TYPE);
        Raw.putLong(address, FrameType.word(FrameType.NONE, 0, 0));
    }

    private int excludeForeignWriters(final long mfn, final TableChecker checker) {
        final boolean granted = (ownerWord(mfn) & FrameRecord.FLAG_GRANTED) != 0;
        return granted && checker.writePinned(mfn) ? -Errno.EBUSY : 0;
    }

    /**
     * Drops a type reference; the last one devalidates.
     *
     * @param mfn     the frame.
     * @param checker devalidates the content.
     */
    public void putType(final long mfn, final TableChecker checker) {
        final long address = record(mfn) + FrameRecord.TYPE_INFO;
        for (;;) {
            final long word = Raw.getLong(address);
            final int count = FrameType.count(word);
            final int type = FrameType.type(word);
            if (count == 0 || !FrameType.validated(word)) {
                throw new BrokenInvariant("type count below zero: mfn=" + mfn + " type=" + FrameType.nameOf(type));
            }
            if (count > 1 || type == FrameType.WRITABLE) {
                if (casType(address, word, word - 1)) {
                    return;
                }
            }
            else if (casType(address, word, word & ~FrameType.VALIDATED)) {
                checker.devalidate(mfn, type);
                clearType(address);
                return;
            }
        }
    }

    /**
     * Marks a table as pinned. The caller has taken the references that the pin stands for.
     *
     * @param mfn the frame.
     * @return false when it was pinned already.
     */
    public boolean setPinned(final long mfn) {
        return (change(record(mfn) + FrameRecord.TYPE_INFO, FrameType.PINNED, 0) & FrameType.PINNED) == 0;
    }

    /**
     * Takes the pin mark away. The caller then drops the references that the pin stood for.
     *
     * @param mfn the frame.
     * @return false when it was not pinned.
     */
    public boolean clearPinned(final long mfn) {
        return (change(record(mfn) + FrameRecord.TYPE_INFO, 0, FrameType.PINNED) & FrameType.PINNED) != 0;
    }

    private static long change(final long address, final long set, final long clear) {
        for (;;) {
            final long word = Raw.getLong(address);
            final long next = word & ~clear | set;
            if (word == next || casType(address, word, next)) {
                return word;
            }
        }
    }

    /**
     * Takes the type reference of a linear entry: an entry that points to another table of its own level. Neither may
     * the table that is pointed to have linear entries itself, nor may the pointing one be pointed to; so tables never
     * form a cycle that nobody could take down.
     *
     * @param from the table that holds the entry, locked or being validated by the caller.
     * @param to   the table it points to; the caller holds a general reference.
     * @param type their common type.
     * @return 0 or a negative errno.
     */
    public int getLinear(final long from, final long to, final int type) {
        if (!addLinear(from, 1, type, false)) {
            return -Errno.EINVAL;
        }
        if (!addLinear(to, -1, type, true)) {
            addLinear(from, -1, type, false);
            return -Errno.EINVAL;
        }
        return 0;
    }

    /**
     * Drops what {@link #getLinear} took.
     *
     * @param from the table that held the entry.
     * @param to   the table it pointed to.
     * @param checker devalidates it, should that have been the last reference.
     */
    public void putLinear(final long from, final long to, final TableChecker checker) {
        final int type = type(to);
        addLinear(from, -1, type, false);
        final long address = record(to) + FrameRecord.TYPE_INFO;
        for (;;) {
            final long word = Raw.getLong(address);
            if (casType(address, word, word + FrameType.LINEAR_ONE)) {
                break;
            }
        }
        putType(to, checker);
    }

    /** Changes a linear count by one. With {@code reference}, a type reference comes with it. */
    private boolean addLinear(final long mfn, final int delta, final int type, final boolean reference) {
        final long address = record(mfn) + FrameRecord.TYPE_INFO;
        for (;;) {
            final long word = Raw.getLong(address);
            final int linear = FrameType.linear(word);
            if (reference) {
                final boolean usable = FrameType.count(word) > 0 && FrameType.count(word) < FrameType.MAX_COUNT
                    && FrameType.type(word) == type && FrameType.validated(word);
                if (!usable || linear > 0 || linear <= -FrameType.MAX_LINEAR) {
                    return false;
                }
            }
            else if (delta > 0 && linear < 0) {
                return false;
            }
            final long next = word + delta * FrameType.LINEAR_ONE + (reference ? 1 : 0);
            if (casType(address, word, next)) {
                return true;
            }
        }
    }

    /**
     * Takes the page lock of a frame.
     *
     * @param mfn     the frame.
     * @param holder  {@link Party} word of the calling vCPU.
     * @param checker serves the caller's duties while it waits.
     */
    public void lock(final long mfn, final long holder, final TableChecker checker) {
        final long address = record(mfn) + FrameRecord.BUSY;
        for (;;) {
            final long word = Raw.getLong(address);
            KillPoint.hit(KillPoint.FRAME_BEFORE_LOCK);
            if ((word == 0 || !sameDomain(word, holder)) && Raw.casLong(address, word, holder)) {
                return;
            }
            if (word == holder) {
                throw new BrokenInvariant("page lock taken twice: mfn=" + mfn);
            }
            checker.waiting();
        }
    }

    private static boolean sameDomain(final long one, final long other) {
        return Party.domid(one) == Party.domid(other) && Party.incarnation(one) == Party.incarnation(other);
    }

    /** Releases the page lock. @param mfn the frame. */
    public void unlock(final long mfn) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_LOCK);
        Raw.putLong(record(mfn) + FrameRecord.BUSY, 0);
    }

    /** Sets a flag of the owner word. @param mfn the frame. @param flag {@code FrameRecord.FLAG_...}. */
    public void setOwnerFlag(final long mfn, final long flag) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_FLAG);
        Raw.getAndOrLong(record(mfn) + FrameRecord.OWNER, flag);
    }

    /** Clears a flag of the owner word. @param mfn the frame. @param flag {@code FrameRecord.FLAG_...}. */
    public void clearOwnerFlag(final long mfn, final long flag) {
        KillPoint.hit(KillPoint.FRAME_BEFORE_FLAG);
        Raw.getAndAndLong(record(mfn) + FrameRecord.OWNER, ~flag);
    }
}
