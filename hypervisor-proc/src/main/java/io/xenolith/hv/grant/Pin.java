package io.xenolith.hv.grant;

/** One pin on a granted frame, as {@link ActiveGrants} fills it in; reusable, owned by one thread at a time. */
public final class Pin
{
    /** Domain whose grant entry it is, with its incarnation. */
    int granter;
    int granterIncarnation;
    /** Grant reference whose active word holds the pin: of a transitive grant, that of the entry it leads to. */
    int gref;
    /** Whether the pin may write. */
    boolean write;
    /** The frame. */
    long mfn;
    /** First usable byte of the frame and number of usable bytes (sub-page grants). */
    int offset;
    int length;
    /** The transitive entry that led here and stays pinned with it; domid -1: there is none. */
    int viaDomid = -1;
    int viaIncarnation;
    int viaGref;
    /** Where a transitive entry that was just read leads to. */
    int nextDomid;
    int nextGref;

    /** @return the pinned machine frame. */
    public long mfn()
    {
        return mfn;
    }

    /** @return the granting domain. */
    public int granter()
    {
        return granter;
    }

    /** @return the grant reference. */
    public int gref()
    {
        return gref;
    }

    /** @return whether the frame may be written. */
    public boolean writable()
    {
        return write;
    }

    /** @return first byte of the frame that may be used. */
    public int offset()
    {
        return offset;
    }

    /** @return bytes that may be used from {@link #offset()} on. */
    public int length()
    {
        return length;
    }
}
