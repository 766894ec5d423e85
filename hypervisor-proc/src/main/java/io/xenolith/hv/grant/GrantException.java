package io.xenolith.hv.grant;

/** A grant could not be pinned; carries the ABI's status. */
public final class GrantException extends Exception
{
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * @param status     a {@link GrantStatus}, negative.
     * @param granter    domain that should have granted.
     * @param gref       its grant reference.
     */
    public GrantException(final int status, final int granter, final int gref)
    {
        super("grant not usable: domid=" + granter + " gref=" + gref + ": " + GrantStatus.words(status), null, false, false);
        this.status = status;
    }

    /** @return the {@link GrantStatus}, negative. */
    public int status()
    {
        return status;
    }
}
