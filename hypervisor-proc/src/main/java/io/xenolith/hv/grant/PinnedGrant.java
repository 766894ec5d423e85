package io.xenolith.hv.grant;

/** A granted frame that a Java domain works on in place, until {@link GrantPins#unpin}. */
public final class PinnedGrant
{
    final Pin pin;
    private final long address;

    PinnedGrant(final Pin pin, final long address)
    {
        this.pin = pin;
        this.address = address;
    }

    /** @return the machine frame. */
    public long mfn()
    {
        return pin.mfn;
    }

    /** @return address of the frame's first byte in this process. */
    public long address()
    {
        return address;
    }

    /** @return whether it may be written. */
    public boolean writable()
    {
        return pin.write;
    }

    /** @return the granting domain. */
    public int granter()
    {
        return pin.granter;
    }

    /** @return the grant reference. */
    public int gref()
    {
        return pin.gref;
    }
}
