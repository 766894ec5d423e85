package io.xenolith.x86.mmu;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;

/**
 * The architectural page walk in its four forms: none, two levels (4 KiB and 4 MiB pages), PAE, and four levels.
 *
 * <p>A walk leaves its result in fields, so that it allocates nothing. Accessed bits are set level by level as
 * entries are used, the dirty bit with the accessed bit of the last level once the access is known to be allowed;
 * both with compare-and-swap, because other processors and other processes write the same tables.
 *
 * <p>PAE's four page-directory pointers are registers, loaded with CR3 and checked then; a table changed in memory
 * is not seen until {@link #loadPointers()}. {@link #rereadPointers} gives the other behaviour, that of a 64-bit
 * hypervisor under a 32-bit guest, where the pointer table is an ordinary level of the walk.
 */
final class PageWalker {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int EXEC = 2;

    static final int NO_FAULT = -1;
    static final int ERR_P = 1;
    static final int ERR_W = 2;
    static final int ERR_U = 4;
    static final int ERR_RSVD = 8;
    static final int ERR_I = 16;

    static final int MODE_NONE = 0;
    static final int MODE_LEGACY = 1;
    static final int MODE_PAE = 2;
    static final int MODE_LONG = 3;

    private static final long P = 1;
    private static final long RW = 2;
    private static final long US = 4;
    private static final long A = 0x20;
    private static final long D = 0x40;
    private static final long PS = 0x80;
    private static final long G = 0x100;
    private static final long NX = 1L << 63;

    private final PhysicalMemory memory;
    private final long[] pointers = new long[4];

    // What CR0, CR3, CR4 and EFER say.
    int mode = MODE_NONE;
    boolean writeProtect;
    boolean pageSizeExtensions;
    boolean globalPages;
    boolean noExecute;
    boolean rereadPointers;
    boolean gigabytePages;
    int physicalBits = 40;
    long cr3;

    // Result of the last walk that returned NO_FAULT.
    /** Physical address of the 4 KiB page that holds the linear address. */
    long physicalPage;
    /** Whether user-mode stores, after this walk, may go ahead without another one. */
    boolean writable;
    boolean executable;
    boolean global;
    boolean large;

    // The walk in progress.
    private boolean user;
    private int access;
    private boolean marking;
    private long rights;
    private boolean nx;
    /** An entry changed between being read and being marked: what was read must not be used. */
    private boolean raced;

    PageWalker(final PhysicalMemory memory) {
        this.memory = memory;
    }

    /** Loads the four PAE pointers from CR3; false, and nothing changed, if a present one has a reserved bit set. */
    boolean loadPointers() {
        return loadPointers(cr3);
    }

    /** CR3 has 32 bits, except where a hypervisor in long mode gives a PAE guest any frame for its pointer table. */
    private long pointerTable(final long fromCr3) {
        return rereadPointers ? fromCr3 & addressMask() : fromCr3 & 0xFFFF_FFE0L;
    }

    /** As {@link #loadPointers()} for a CR3 value that is not yet in force. */
    boolean loadPointers(final long newCr3) {
        final long table = pointerTable(newCr3);
        final long[] loaded = new long[4];
        for (int i = 0; i < 4; i++) {
            loaded[i] = entry64(table + i * 8);
            if (!rereadPointers && (loaded[i] & P) != 0 && (loaded[i] & pointerReserved()) != 0) {
                return false;
            }
        }
        System.arraycopy(loaded, 0, pointers, 0, 4);
        return true;
    }

    /**
     * Walks for one access.
     *
     * @param marking whether accessed and dirty bits are set (false for a look without traces)
     * @return {@link #NO_FAULT}, with the result fields set, or the page-fault error code
     */
    int walk(final long linear, final int access, final boolean user, final boolean marking) {
        this.user = user;
        this.access = access;
        this.marking = marking;
        int result;
        do {
            result = walkOnce(linear);
        } while (raced);
        return result;
    }

    private int walkOnce(final long linear) {
        rights = RW | US;
        nx = false;
        global = false;
        large = false;
        raced = false;
        return switch (mode) {
            case MODE_NONE -> identity(linear);
            case MODE_LEGACY -> walkLegacy(linear);
            case MODE_PAE -> walkPae(linear);
            default -> walkLong(linear);
        };
    }

    private int identity(final long linear) {
        physicalPage = linear & 0xFFFF_F000L;
        writable = true;
        executable = true;
        return NO_FAULT;
    }

    private int walkLegacy(final long linear) {
        final long at = (cr3 & 0xFFFF_F000L) + (linear >>> 22 & 0x3FF) * 4;
        final long entry = entry32(at);
        if ((entry & P) == 0) {
            return fault(0);
        }
        if (pageSizeExtensions && (entry & PS) != 0) {
            return largeLegacy(linear, at, entry);
        }
        rights &= entry;
        mark32(at, entry, A);
        final long leafAt = (entry & 0xFFFF_F000L) + (linear >>> 12 & 0x3FF) * 4;
        final long leaf = entry32(leafAt);
        if ((leaf & P) == 0) {
            return fault(0);
        }
        return leaf32(leafAt, leaf, leaf & 0xFFFF_F000L);
    }

    /** A 4 MiB page: with PSE-36, bits 13 to 20 of the entry are bits 32 to 39 of the address; bit 21 is reserved. */
    private int largeLegacy(final long linear, final long at, final long entry) {
        final long high = entry >>> 13 & 0xFF;
        if ((entry & 1 << 21) != 0 || high << 32 >>> physicalBits != 0) {
            return fault(ERR_P | ERR_RSVD);
        }
        large = true;
        return leaf32(at, entry, entry & 0xFFC0_0000L | high << 32 | linear & 0x3F_F000L);
    }

    private int leaf32(final long at, final long leaf, final long page) {
        rights &= leaf;
        final int error = check();
        if (error != NO_FAULT) {
            return error;
        }
        final long now = mark32(at, leaf, leafMarks());
        return finish(now, page);
    }

    private int walkPae(final long linear) {
        final int slot = (int) (linear >>> 30) & 3;
        final long pointer = rereadPointers ? entry64(pointerTable(cr3) + slot * 8L) : pointers[slot];
        if ((pointer & P) == 0) {
            return fault(0);
        }
        return walkDirectory(pointer & addressMask(), linear);
    }

    private int walkLong(final long linear) {
        final long top = (cr3 & addressMask()) + (linear >>> 39 & 0x1FF) * 8;
        final long l4 = entry64(top);
        int error = checkEntry(l4, tableReserved() | PS);
        if (error != NO_FAULT) {
            return error;
        }
        narrow(top, l4);
        final long at = (l4 & addressMask()) + (linear >>> 30 & 0x1FF) * 8;
        final long l3 = entry64(at);
        final boolean big = (l3 & PS) != 0;
        error = checkEntry(l3, !big ? tableReserved() : gigabytePages ? tableReserved() | 0x3FFF_E000L : PS);
        if (error != NO_FAULT) {
            return error;
        }
        if (big) {
            large = true;
            return leaf64(at, l3, l3 & addressMask() & ~0x3FFF_FFFFL | linear & 0x3FFF_F000L);
        }
        narrow(at, l3);
        return walkDirectory(l3 & addressMask(), linear);
    }

    /** The last two levels, which PAE and long mode share. */
    private int walkDirectory(final long directory, final long linear) {
        final long at = directory + (linear >>> 21 & 0x1FF) * 8;
        final long entry = entry64(at);
        final boolean big = (entry & PS) != 0;
        int error = checkEntry(entry, big ? tableReserved() | 0x1F_E000L : tableReserved());
        if (error != NO_FAULT) {
            return error;
        }
        if (big) {
            large = true;
            return leaf64(at, entry, entry & addressMask() & ~0x1F_FFFFL | linear & 0x1F_F000L);
        }
        narrow(at, entry);
        final long leafAt = (entry & addressMask()) + (linear >>> 12 & 0x1FF) * 8;
        final long leaf = entry64(leafAt);
        error = checkEntry(leaf, tableReserved());
        if (error != NO_FAULT) {
            return error;
        }
        return leaf64(leafAt, leaf, leaf & addressMask());
    }

    private int checkEntry(final long entry, final long reserved) {
        if ((entry & P) == 0) {
            return fault(0);
        }
        return (entry & reserved) != 0 ? fault(ERR_P | ERR_RSVD) : NO_FAULT;
    }

    private void narrow(final long at, final long entry) {
        rights &= entry;
        nx |= (entry & NX) != 0;
        mark64(at, entry, A);
    }

    private int leaf64(final long at, final long leaf, final long page) {
        rights &= leaf;
        nx |= (leaf & NX) != 0;
        final int error = check();
        if (error != NO_FAULT) {
            return error;
        }
        return finish(mark64(at, leaf, leafMarks()), page);
    }

    private int finish(final long leaf, final long page) {
        physicalPage = page;
        // Without the dirty bit the first store must walk again to set it.
        writable = mayWrite() && (leaf & D) != 0;
        executable = !nx;
        global = globalPages && (leaf & G) != 0;
        return NO_FAULT;
    }

    private boolean mayWrite() {
        return (rights & RW) != 0 || !user && !writeProtect;
    }

    private int check() {
        final boolean allowed = (!user || (rights & US) != 0)
            && (access != WRITE || mayWrite())
            && (access != EXEC || !nx);
        return allowed ? NO_FAULT : fault(ERR_P);
    }

    private int fault(final int cause) {
        int code = cause;
        if (access == WRITE) {
            code |= ERR_W;
        }
        if (user) {
            code |= ERR_U;
        }
        if (access == EXEC && noExecute && mode >= MODE_PAE) {
            code |= ERR_I;
        }
        return code;
    }

    private long leafMarks() {
        return access == WRITE ? A | D : A;
    }

    private long addressMask() {
        return (1L << physicalBits) - 1 & ~0xFFFL;
    }

    /** Bits from the processor's address width to 62 are reserved (52 to 62 are free in long mode), and NX when off. */
    private long tableReserved() {
        final int top = mode == MODE_LONG ? 52 : 63;
        final long addressBits = (1L << top) - (1L << physicalBits);
        return noExecute ? addressBits : addressBits | NX;
    }

    private long pointerReserved() {
        return ~((1L << physicalBits) - 1) | 0x1E6;
    }

    private long entry32(final long physical) {
        final long mfn = physical >>> 12;
        return memory.contains(mfn)
            ? Raw.getInt(memory.addressOf(mfn) + (physical & 0xFFF)) & 0xFFFF_FFFFL
            : 0xFFFF_FFFFL;
    }

    private long entry64(final long physical) {
        final long mfn = physical >>> 12;
        return memory.contains(mfn) ? Raw.getLong(memory.addressOf(mfn) + (physical & 0xFFF)) : -1L;
    }

    /** Sets bits in a 32-bit entry, or notes that somebody changed it meanwhile; returns the entry with the bits. */
    private long mark32(final long physical, final long entry, final long bits) {
        if ((entry & bits) == bits || !marking) {
            return entry;
        }
        final long mfn = physical >>> 12;
        if (memory.contains(mfn)) {
            raced |= !Raw.casInt(memory.addressOf(mfn) + (physical & 0xFFF), (int) entry, (int) (entry | bits));
        }
        return entry | bits;
    }

    private long mark64(final long physical, final long entry, final long bits) {
        if ((entry & bits) == bits || !marking) {
            return entry;
        }
        final long mfn = physical >>> 12;
        if (memory.contains(mfn)) {
            raced |= !Raw.casLong(memory.addressOf(mfn) + (physical & 0xFFF), entry, entry | bits);
        }
        return entry | bits;
    }
}
