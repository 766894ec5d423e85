package io.xenolith.hv.frames;

/**
 * Our own accounting does not add up. Never caused by a guest unless there is a defect here; it leaves the handler and
 * halts the process (crash rule 5) before the damage can spread.
 */
public final class BrokenInvariant extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** @param message {@code what: key=value}. */
    public BrokenInvariant(final String message) {
        super(message);
    }
}
