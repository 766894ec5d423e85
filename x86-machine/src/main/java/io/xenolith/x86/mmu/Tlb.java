package io.xenolith.x86.mmu;

import java.util.Arrays;

/**
 * A direct-mapped software TLB of 4 KiB translations. One exists for supervisor and one for user accesses, so that
 * a change of ring costs nothing and the fast path tests no permission bit.
 *
 * <pre>
 *  entries[4*i]  +0 read tag   +1 write tag   +2 execute tag   +3 addend (host address minus linear address)
 *  frames[i]     physical page address | GLOBAL | LARGE, or NEVER
 * </pre>
 * A tag is the linear page address when that kind of access may go straight to memory and {@link #EMPTY} otherwise.
 * An access of {@code size} bytes at {@code a} compares {@code (a + size - 1) & PAGE} with the tag: a straddling
 * access names the next page, which lives in the next entry, and so always misses.
 */
final class Tlb {
    static final int BITS = 12;
    static final int ENTRIES = 1 << BITS;
    static final int WRITE = 1;
    static final int EXEC = 2;
    static final int ADDEND = 3;
    /** No linear page address has its low bits set. */
    static final long EMPTY = -1L;
    static final long PAGE = ~0xFFFL;
    /** In {@link #frames}: not entered since the last full flush. */
    private static final long NEVER = -1L;
    private static final long GLOBAL = 1;
    private static final long LARGE = 2;

    final long[] entries = new long[ENTRIES * 4];
    final long[] frames = new long[ENTRIES];
    /** Tags of pages that could be written directly but for the decoded code that their frame holds. */
    final long[] writableCode = new long[ENTRIES];
    /** Words where entries were made since the last full flush: flushing costs what filling did, not the size. */
    private final int[] filled = new int[ENTRIES];
    private int count;
    private boolean large;

    Tlb() {
        Arrays.fill(entries, EMPTY);
        Arrays.fill(frames, NEVER);
        Arrays.fill(writableCode, EMPTY);
    }

    /** Index of the first word of the entry for a linear address. */
    static int index(final long linear) {
        return (int) (linear >>> 10) & (ENTRIES - 1) << 2;
    }

    /**
     * Enters a translation, replacing whatever shared its slot.
     *
     * @param host host address of the page, or 0 when accesses must not go straight to memory
     */
    void enter(final long linear, final long physicalPage, final long host, final boolean read, final boolean write,
               final boolean exec, final boolean global, final boolean isLarge) {
        final int i = index(linear);
        final long page = linear & PAGE;
        if (frames[i >> 2] == NEVER) {
            filled[count++] = i;
        }
        entries[i] = read ? page : EMPTY;
        entries[i + WRITE] = write ? page : EMPTY;
        entries[i + EXEC] = exec ? page : EMPTY;
        entries[i + ADDEND] = host - page;
        writableCode[i >> 2] = EMPTY;
        frames[i >> 2] = physicalPage | (global ? GLOBAL : 0) | (isLarge ? LARGE : 0);
        large |= isLarge;
    }

    /** Physical page address of the entry that starts at word {@code i}. */
    long physicalPage(final int i) {
        return frames[i >> 2] & PAGE;
    }

    void flushAll() {
        for (int n = 0; n < count; n++) {
            clear(filled[n]);
            frames[filled[n] >> 2] = NEVER;
        }
        count = 0;
        large = false;
    }

    void flushNonGlobal() {
        int kept = 0;
        for (int n = 0; n < count; n++) {
            final int i = filled[n];
            if ((frames[i >> 2] & GLOBAL) != 0) {
                filled[kept++] = i;
            } else {
                clear(i);
                frames[i >> 2] = NEVER;
            }
        }
        count = kept;
    }

    /** Drops the translation of one page; of a large page every piece goes (and, for simplicity, all else). */
    void flushPage(final long linear) {
        if (large) {
            flushAll();
            return;
        }
        final int i = index(linear);
        final long page = linear & PAGE;
        if (entries[i] == page || entries[i + WRITE] == page || entries[i + EXEC] == page) {
            clear(i);
        }
    }

    /** Withdraws write permission from every translation to a frame. */
    void protectFrame(final long physicalPage) {
        for (int n = 0; n < count; n++) {
            final int i = filled[n];
            if ((frames[i >> 2] & PAGE) == physicalPage && entries[i + WRITE] != EMPTY) {
                writableCode[i >> 2] = entries[i + WRITE];
                entries[i + WRITE] = EMPTY;
            }
        }
    }

    private void clear(final int i) {
        entries[i] = EMPTY;
        entries[i + WRITE] = EMPTY;
        entries[i + EXEC] = EMPTY;
        writableCode[i >> 2] = EMPTY;
    }
}
