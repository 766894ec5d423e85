package io.xenolith.hv.trap;

/**
 * A guest's registered handlers, by vector; what {@code set_trap_table} fills in. The private memory of the domain's
 * process: it goes with the domain.
 */
public final class TrapTable {
    /** Number of vectors. */
    public static final int VECTORS = 256;

    private static final int DPL_MASK = 3;
    private static final int MASK_EVENTS = 4;

    private final int[] selector = new int[VECTORS];
    private final long[] address = new long[VECTORS];
    private final byte[] flags = new byte[VECTORS];

    /** Forgets every handler. */
    public void clear() {
        java.util.Arrays.fill(selector, 0);
        java.util.Arrays.fill(address, 0);
        java.util.Arrays.fill(flags, (byte)0);
    }

    /**
     * Registers a handler.
     *
     * @param vector   0 to 255.
     * @param flags    bits 0 and 1: least privileged level that may use {@code int n}; bit 2: mask events on entry.
     * @param selector code segment, already lifted to the guest kernel's ring.
     * @param address  offset in it.
     */
    public void set(final int vector, final int flags, final int selector, final long address) {
        this.flags[vector] = (byte)flags;
        this.selector[vector] = selector;
        this.address[vector] = address;
    }

    /** @param vector 0 to 255. @return code segment of the handler. */
    public int selector(final int vector) {
        return selector[vector];
    }

    /** @param vector 0 to 255. @return address of the handler. */
    public long address(final int vector) {
        return address[vector];
    }

    /** @param vector 0 to 255. @return whether entry masks events. */
    public boolean masksEvents(final int vector) {
        return (flags[vector] & MASK_EVENTS) != 0;
    }

    /** @param vector 0 to 255. @return least privileged ring that may raise it by software. */
    public int dpl(final int vector) {
        return flags[vector] & DPL_MASK;
    }

    /**
     * Whether a fault of this vector can be delivered.
     *
     * @param vector 0 to 255.
     * @param wide   64-bit guest: the address decides; for a 32-bit guest the selector does.
     * @return whether a handler is there.
     */
    public boolean present(final int vector, final boolean wide) {
        return wide ? address[vector] != 0 : (selector[vector] & ~3) != 0;
    }
}
