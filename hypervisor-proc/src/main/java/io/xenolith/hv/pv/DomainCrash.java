package io.xenolith.hv.pv;

/**
 * The guest did what ends a domain (a fault that cannot be delivered, a return frame that cannot be read). Unwinds to the
 * environment's entry point, where the vCPU stops. One preallocated instance; the reason is in the crash report.
 */
public final class DomainCrash extends RuntimeException {
    /** The only instance. */
    public static final DomainCrash INSTANCE = new DomainCrash();

    private static final long serialVersionUID = 1L;

    private DomainCrash() {
        super("domain crash", null, false, false);
    }
}
