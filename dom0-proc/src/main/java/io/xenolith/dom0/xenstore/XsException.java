package io.xenolith.dom0.xenstore;

/** An operation on the store was refused. */
public final class XsException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final XsError error;

    XsException(final XsError error) {
        super(error.name(), null, false, false);
        this.error = error;
    }

    /** Why. */
    public XsError error() {
        return error;
    }
}
