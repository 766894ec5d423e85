package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.frames.TableChecker;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.KillPoint;

/**
 * Validation, devalidation and change of a guest's page tables. One instance per vCPU: it holds that vCPU's lock
 * identity and the result of its last walk.
 *
 * <p>What an entry may say, by the level of its table (level 1 maps, the others point):
 * <ul>
 * <li>not present: anything; it is the guest's to interpret;</li>
 * <li>level 1, read-only: any frame of the domain; writable: any frame of the domain that is not a table or descriptor
 * page at the moment;</li>
 * <li>above: a frame of the domain that is, or becomes by this, a valid table of the level below; or, read-only, a table
 * of the same level (a <i>linear map</i>, by which guests look at their own tables);</li>
 * <li>frames of others: never by the guest's own hand; {@link #setForeign} puts granted ones in.</li>
 * </ul>
 */
public final class PageTables implements TableChecker {
    private static final long SAME_MAPPING = Pte.ADDRESS | Pte.RW | Pte.P;

    private final FrameTable frames;
    private final MemoryAccess memory;
    private final PagingMode mode;
    private final int ownerKey;
    private final long holder;
    private final TlbControl tlb;
    private final HypervisorSlots hypervisorSlots;
    private final DescriptorPages descriptors;
    private ForeignPins foreignPins = ForeignPins.NONE;
    private LdtUse ldtUse = LdtUse.NONE;

    private long foundTable;
    private int foundSlot;

    /** Tells whether other domains have pinned a frame by a grant. */
    @FunctionalInterface
    public interface ForeignPins {
        /** No grants. */
        ForeignPins NONE = mfn -> false;

        /** @param mfn a frame of this domain. @return whether a foreign domain holds a writable pin on it. */
        boolean writePinned(long mfn);
    }

    /** Told when a mapping of a descriptor page goes away, because LDT pages are found through mappings. */
    @FunctionalInterface
    public interface LdtUse {
        /** No LDT. */
        LdtUse NONE = () -> { };

        /** Drops the descriptor pages that LDTs of the domain hold. */
        void dropPages();
    }

    /**
     * @param frames          the frame table.
     * @param memory          machine memory.
     * @param mode            the guest's kind of tables.
     * @param ownerKey        the domain as owner.
     * @param holder          the vCPU as holder of page locks.
     * @param tlb             translation caches.
     * @param hypervisorSlots what goes into the hypervisor's slots.
     */
    public PageTables(final FrameTable frames, final MemoryAccess memory, final PagingMode mode, final int ownerKey,
        final long holder, final TlbControl tlb, final HypervisorSlots hypervisorSlots) {
        this.frames = frames;
        this.memory = memory;
        this.mode = mode;
        this.ownerKey = ownerKey;
        this.holder = holder;
        this.tlb = tlb;
        this.hypervisorSlots = hypervisorSlots;
        this.descriptors = new DescriptorPages(memory, mode);
    }

    /** @param pins the grant table's view. */
    public void foreignPins(final ForeignPins pins) {
        foreignPins = pins;
    }

    /** @param use who holds LDT pages. */
    public void ldtUse(final LdtUse use) {
        ldtUse = use;
    }

    /** @return the guest's kind of tables. */
    public PagingMode mode() {
        return mode;
    }

    /** @return the frame table. */
    public FrameTable frames() {
        return frames;
    }

    /** @return access to machine memory. */
    public MemoryAccess memory() {
        return memory;
    }

    /** @return the domain as owner of frames. */
    public int ownerKey() {
        return ownerKey;
    }

    /**
     * Takes a reference and a type reference.
     *
     * @param mfn  any value, also a guest's.
     * @param type the type needed.
     * @return 0 or a negative errno.
     */
    public int getFrameAndType(final long mfn, final int type) {
        if (!frames.getReference(mfn, ownerKey)) {
            return -Errno.EINVAL;
        }
        final int result = frames.getType(mfn, type, this);
        if (result != 0) {
            frames.putReference(mfn);
        }
        return result;
    }

    /** Drops what {@link #getFrameAndType} took. @param mfn the frame. */
    public void putFrameAndType(final long mfn) {
        frames.putType(mfn, this);
        frames.putReference(mfn);
    }

    /**
     * Pins a table: one more reference, so that it stays validated while nothing uses it.
     *
     * @param mfn  any value.
     * @param type the table's type.
     * @return 0, also for a type that this kind of guest has no tables of; else a negative errno.
     */
    public int pin(final long mfn, final int type) {
        if (!mode.hasType(type)) {
            return 0; // a 32-bit guest's level-4 table is the hypervisor's own affair
        }
        final int result = getFrameAndType(mfn, type);
        if (result != 0) {
            return result;
        }
        if (!frames.setPinned(mfn)) {
            putFrameAndType(mfn);
            return -Errno.EINVAL;
        }
        return 0;
    }

    // ---- walking

    /**
     * Finds the level-1 entry that translates an address, by the tables under a root.
     *
     * @param rootMfn a root table in use.
     * @param vaddr   linear address.
     * @return whether there is one; then {@link #foundTable} and {@link #foundSlot} tell where.
     */
    public boolean walk(final long rootMfn, final long vaddr) {
        long table = rootMfn;
        for (int level = mode.levels(); level > 1; level--) {
            final long pte = memory.getLong(table, mode.slot(vaddr, level) * 8);
            if ((pte & (Pte.P | Pte.PSE)) != Pte.P || !frames.contains(Pte.mfn(pte))) {
                return false;
            }
            table = Pte.mfn(pte);
        }
        foundTable = table;
        foundSlot = mode.slot(vaddr, 1);
        return true;
    }

    /** @return the table that the last successful walk ended in. */
    public long foundTable() {
        return foundTable;
    }

    /** @return the slot that the last successful walk ended in. */
    public int foundSlot() {
        return foundSlot;
    }

    /**
     * Reads the level-1 entry of an address.
     *
     * @param rootMfn a root table in use.
     * @param vaddr   linear address.
     * @return the entry, 0 when there is none.
     */
    public long read(final long rootMfn, final long vaddr) {
        return walk(rootMfn, vaddr) ? memory.getLong(foundTable, foundSlot * 8) : 0;
    }

    // ---- changing entries

    /**
     * Changes one entry of a validated table.
     *
     * @param table      frame that the caller holds a reference on.
     * @param slot       index of the entry.
     * @param level      the level the table must have, or 0 for any.
     * @param pte        new entry, as the guest gave it.
     * @param preserveAd whether the accessed and dirty bits stay as the MMU left them.
     * @return 0, a negative errno, or {@link #NOT_A_TABLE}.
     */
    public int update(
        final long table, final int slot, final int level, final long pte, final boolean preserveAd) {
        frames.lock(table, holder, this);
        try {
            final int type = lockedTableType(table);
            if (type == FrameType.NONE || level != 0 && level != FrameType.levelOf(type)) {
                return NOT_A_TABLE;
            }
            return set(table, type, slot, pte, preserveAd);
        }
        finally {
            frames.unlock(table);
        }
    }

    /** {@link #update} found that the frame is not a (validated) table of that level. */
    public static final int NOT_A_TABLE = 1;

    /** {@link #compareAndUpdate} found another value. */
    public static final int DIFFERENT = 2;

    /**
     * Changes one entry of a level-1 table if it still has a value.
     *
     * @param table    frame that the caller holds a reference on.
     * @param slot     index of the entry.
     * @param expected the whole entry.
     * @param mask     bits of {@code expected} that count.
     * @param pte      new entry.
     * @return 0, a negative errno, {@link #NOT_A_TABLE} or {@link #DIFFERENT}.
     */
    public int compareAndUpdate(
        final long table, final int slot, final long expected, final long mask, final long pte) {
        frames.lock(table, holder, this);
        try {
            if (lockedTableType(table) != FrameType.L1) {
                return NOT_A_TABLE;
            }
            if (((memory.getLong(table, slot * 8) ^ expected) & mask) != 0) {
                return DIFFERENT;
            }
            return set(table, FrameType.L1, slot, pte, false);
        }
        finally {
            frames.unlock(table);
        }
    }

    private int lockedTableType(final long table) {
        final long word = frames.typeWord(table);
        final boolean usable = FrameType.count(word) > 0 && FrameType.validated(word);
        return usable && FrameType.isTable(FrameType.type(word)) ? FrameType.type(word) : FrameType.NONE;
    }

    private int set(final long table, final int type, final int slot, final long pte, final boolean preserveAd) {
        final int level = FrameType.levelOf(type);
        if (slot >= mode.entries(level)) {
            return -Errno.EINVAL;
        }
        if (mode.isHypervisorSlot(type, slot)) {
            return mode == PagingMode.PAE32 ? -Errno.EPERM : -Errno.EINVAL;
        }
        final long old = memory.getLong(table, slot * 8);
        long stored = pte;
        if (Pte.present(pte)) {
            final boolean sameMapping = ((old ^ pte) & SAME_MAPPING) == 0;
            final int result = sameMapping ? checkBits(level, pte) : get(table, type, slot, pte);
            if (result != 0) {
                return result;
            }
            stored = mode.adjust(level, pte);
            if (sameMapping) {
                store(table, slot, stored, preserveAd);
                return 0;
            }
        }
        else if (mustBePresent(type, slot)) {
            return -Errno.EINVAL;
        }
        store(table, slot, stored, preserveAd);
        if (Pte.present(old)) {
            put(table, type, slot, old);
        }
        if (level > 1) {
            tlb.flushLocal();
        }
        return 0;
    }

    private void store(final long table, final int slot, final long pte, final boolean preserveAd) {
        for (;;) {
            final long current = memory.getLong(table, slot * 8);
            final long kept = preserveAd && Pte.present(pte) ? current & (Pte.A | Pte.D) : 0;
            KillPoint.hit(KillPoint.TABLE_BEFORE_ENTRY);
            if (memory.casLong(table, slot * 8, current, pte | kept)) {
                return;
            }
        }
    }

    /**
     * Puts a granted frame of another domain into a level-1 entry. The pin is the reference; none is taken here.
     *
     * @param table frame that the caller holds a reference on.
     * @param slot  index of the entry.
     * @param pte   the entry, with the foreign frame.
     * @return 0, a negative errno or {@link #NOT_A_TABLE}.
     */
    public int setForeign(final long table, final int slot, final long pte) {
        frames.lock(table, holder, this);
        try {
            if (lockedTableType(table) != FrameType.L1) {
                return NOT_A_TABLE;
            }
            if (frames.ownedBy(Pte.mfn(pte), ownerKey)) {
                return set(table, FrameType.L1, slot, pte, false);
            }
            final long old = memory.getLong(table, slot * 8);
            store(table, slot, mode.adjust(1, pte), false);
            if (Pte.present(old)) {
                put(table, FrameType.L1, slot, old);
            }
            return 0;
        }
        finally {
            frames.unlock(table);
        }
    }

    // ---- references of one entry

    private int checkBits(final int level, final long pte) {
        return (pte & mode.refusedBits(level)) == 0 ? 0 : -Errno.EINVAL;
    }

    private int get(final long table, final int type, final int slot, final long pte) {
        final int level = FrameType.levelOf(type);
        if (checkBits(level, pte) != 0) {
            return -Errno.EINVAL;
        }
        return level == 1 ? getMapping(pte) : getTable(table, type, slot, pte);
    }

    private int getMapping(final long pte) {
        final long mfn = Pte.mfn(pte);
        if (!frames.getReference(mfn, ownerKey)) {
            return -Errno.EINVAL;
        }
        if ((pte & Pte.RW) == 0) {
            return 0;
        }
        final int result = frames.getType(mfn, FrameType.WRITABLE, this);
        if (result != 0) {
            frames.putReference(mfn);
        }
        return result;
    }

    private int getTable(final long table, final int type, final int slot, final long pte) {
        final long mfn = Pte.mfn(pte);
        if (!frames.getReference(mfn, ownerKey)) {
            return -Errno.EINVAL;
        }
        int result;
        if ((pte & Pte.RW) == 0 && mode.allowsLinear(type) && isLinearTarget(table, mfn, type)) {
            result = table == mfn ? 0 : frames.getLinear(table, mfn, type);
        }
        else {
            result = frames.getType(mfn, mode.typeBelow(type, slot), this);
        }
        if (result != 0) {
            frames.putReference(mfn);
        }
        return result;
    }

    private boolean isLinearTarget(final long table, final long mfn, final int type) {
        if (table == mfn) {
            return true;
        }
        final long word = frames.typeWord(mfn);
        return FrameType.count(word) > 0 && FrameType.type(word) == type;
    }

    private void put(final long table, final int type, final int slot, final long pte) {
        final long mfn = Pte.mfn(pte);
        if (FrameType.levelOf(type) == 1) {
            putMapping(mfn, pte);
            return;
        }
        if (table != mfn) {
            if (frames.type(mfn) == type) {
                frames.putLinear(table, mfn, this);
            }
            else {
                frames.putType(mfn, this);
            }
        }
        frames.putReference(mfn);
    }

    private void putMapping(final long mfn, final long pte) {
        if (!frames.ownedBy(mfn, ownerKey)) {
            return; // a granted frame: its pin is the grant table's to drop
        }
        if ((pte & Pte.RW) != 0) {
            frames.putType(mfn, this);
        }
        else if (frames.type(mfn) == FrameType.SEG_DESC && FrameType.count(frames.typeWord(mfn)) > 0) {
            ldtUse.dropPages();
        }
        frames.putReference(mfn);
    }

    private boolean mustBePresent(final int type, final int slot) {
        return mode == PagingMode.PAE32 && type == FrameType.L3 && slot == 3;
    }

    // ---- whole pages

    @Override
    public int validate(final long mfn, final int type) {
        if (type == FrameType.SEG_DESC) {
            return descriptors.validate(mfn);
        }
        if (!mode.hasType(type)) {
            return -Errno.EINVAL;
        }
        final int level = FrameType.levelOf(type);
        final int entries = mode.entries(level);
        for (int slot = 0; slot < entries; slot++) {
            final int result = validateEntry(mfn, type, level, slot);
            if (result != 0) {
                putEntries(mfn, type, slot);
                return result;
            }
        }
        hypervisorSlots.fill(memory, mfn, type);
        return 0;
    }

    private int validateEntry(final long mfn, final int type, final int level, final int slot) {
        if (mode.isHypervisorSlot(type, slot)) {
            return 0;
        }
        final long pte = memory.getLong(mfn, slot * 8);
        if (!Pte.present(pte)) {
            return mustBePresent(type, slot) ? -Errno.EINVAL : 0;
        }
        final int result = get(mfn, type, slot, pte);
        if (result == 0) {
            final long adjusted = mode.adjust(level, pte);
            if (adjusted != pte) {
                KillPoint.hit(KillPoint.TABLE_BEFORE_ENTRY);
                memory.putLong(mfn, slot * 8, adjusted);
            }
        }
        return result;
    }

    @Override
    public void devalidate(final long mfn, final int type) {
        if (type == FrameType.SEG_DESC) {
            return;
        }
        frames.lock(mfn, holder, this);
        hypervisorSlots.clear(memory, mfn, type);
        putEntries(mfn, type, mode.entries(FrameType.levelOf(type)));
        frames.unlock(mfn);
    }

    private void putEntries(final long mfn, final int type, final int end) {
        for (int slot = 0; slot < end; slot++) {
            if (mode.isHypervisorSlot(type, slot)) {
                continue;
            }
            final long pte = memory.getLong(mfn, slot * 8);
            if (Pte.present(pte)) {
                put(mfn, type, slot, pte);
            }
        }
    }

    @Override
    public void dropWritableTranslations(final long mfn) {
        tlb.flushLocal();
        tlb.flushOthers(tlb.allVcpus());
    }

    @Override
    public boolean writePinned(final long mfn) {
        return foreignPins.writePinned(mfn);
    }

    @Override
    public void waiting() {
        tlb.waiting();
    }
}
