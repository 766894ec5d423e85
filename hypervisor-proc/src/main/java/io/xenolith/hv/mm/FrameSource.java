package io.xenolith.hv.mm;

/** Where a domain's frames come from and go to beyond its own store. */
public interface FrameSource {
    /**
     * Gets a run of frames, owned by the domain, in state MAGAZINE.
     *
     * @param frames      how many, contiguous.
     * @param addressBits width of machine addresses that may be used, 0 for any.
     * @return first frame, or a negative errno.
     */
    long claim(int frames, int addressBits);

    /**
     * Gives a run of frames in state MAGAZINE back.
     *
     * @param mfn    first frame.
     * @param frames how many.
     */
    void giveBack(long mfn, int frames);

    /**
     * @param mfn a frame of the domain.
     * @return whether another domain has pinned it by a grant.
     */
    boolean pinned(long mfn);
}
