package io.xenolith.x86.mmu;

/**
 * Receives the stores that one instruction makes to one page instead of memory: the way a paravirtual guest's
 * writes to its own page tables are validated.
 *
 * <p>A refusal turns the store into the page fault that it would have been without the interceptor.
 */
public interface StoreInterceptor {
    /** The value was stored. */
    int STORED = 1;
    /** A compare-exchange found another value in memory; nothing was stored. */
    int DIFFERENT = 0;
    /** The store is not acceptable; the instruction faults. */
    int REFUSED = -1;

    /**
     * A plain store.
     *
     * @param linear address, not straddling a page
     * @param size   1, 2, 4 or 8 bytes
     * @param value  the value, upper bytes beyond {@code size} undefined
     * @return {@link #STORED} or {@link #REFUSED}
     */
    int store(long linear, int size, long value);

    /**
     * The store half of a read-modify-write instruction, locked or not: to be done atomically, and only if memory
     * still holds {@code expected}.
     *
     * @return {@link #STORED}, {@link #DIFFERENT} or {@link #REFUSED}
     */
    int compareExchange(long linear, int size, long expected, long update);
}
