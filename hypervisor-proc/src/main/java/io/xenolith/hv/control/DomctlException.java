package io.xenolith.hv.control;

/** A control operation was refused; the message is a sentence for the user, the errno is the ABI's. */
public final class DomctlException extends Exception
{
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param errno   positive {@link io.xenolith.hv.hypercall.Errno}.
     * @param message one sentence.
     */
    public DomctlException(final int errno, final String message)
    {
        super(message);
        this.errno = errno;
    }

    /** @return positive {@link io.xenolith.hv.hypercall.Errno}. */
    public int errno()
    {
        return errno;
    }
}
