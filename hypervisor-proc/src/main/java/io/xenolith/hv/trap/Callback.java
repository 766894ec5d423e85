package io.xenolith.hv.trap;

/** An entry point that the guest registered: event, failsafe, system call. */
public final class Callback {
    private int selector;
    private long address;
    private boolean masksEvents;

    /**
     * Registers it.
     *
     * @param selector    code segment (32-bit guests), lifted to the kernel's ring.
     * @param address     address, 0 for none.
     * @param masksEvents whether entry masks events.
     */
    public void set(final int selector, final long address, final boolean masksEvents) {
        this.selector = selector;
        this.address = address;
        this.masksEvents = masksEvents;
    }

    /** @return code segment. */
    public int selector() {
        return selector;
    }

    /** @return address, 0 for none. */
    public long address() {
        return address;
    }

    /** @return whether entry masks events. */
    public boolean masksEvents() {
        return masksEvents;
    }

    /** @param wide whether the guest is a 64-bit one. @return whether there is an entry point to go to. */
    public boolean present(final boolean wide) {
        return wide ? address != 0 : (selector & ~3) != 0;
    }
}
