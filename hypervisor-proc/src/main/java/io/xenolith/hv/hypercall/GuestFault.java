package io.xenolith.hv.hypercall;

/**
 * A guest pointer led nowhere: unmapped, read-only, not canonical, or inside the hypervisor's range. One preallocated
 * instance, no stack trace; the dispatcher answers {@code -EFAULT}.
 */
public final class GuestFault extends RuntimeException {
    /** The only instance. */
    public static final GuestFault INSTANCE = new GuestFault();

    private static final long serialVersionUID = 1L;

    private GuestFault() {
        super("bad guest address", null, false, false);
    }
}
