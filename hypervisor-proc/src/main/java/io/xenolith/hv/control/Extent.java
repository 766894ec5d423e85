package io.xenolith.hv.control;

/**
 * A run of machine frames in one long, as lists in mailboxes and intents carry them.
 *
 * <pre>
 *   63              40 39                       0
 *   +-----------------+-------------------------+
 *   |     frames      |        first mfn        |
 *   +-----------------+-------------------------+
 * </pre>
 */
public final class Extent
{
    /** Most frames of one extent. */
    public static final int MAX_FRAMES = (1 << 24) - 1;

    private static final int COUNT_SHIFT = 40;
    private static final long MFN_MASK = (1L << COUNT_SHIFT) - 1;

    private Extent()
    {
    }

    /** @param mfn first frame. @param frames how many. @return the extent. */
    public static long of(final long mfn, final long frames)
    {
        if (frames < 0 || frames > MAX_FRAMES || (mfn & ~MFN_MASK) != 0)
        {
            throw new IllegalArgumentException("extent: mfn=" + mfn + " frames=" + frames);
        }
        return frames << COUNT_SHIFT | mfn;
    }

    /** @param extent an extent. @return its first frame. */
    public static long mfn(final long extent)
    {
        return extent & MFN_MASK;
    }

    /** @param extent an extent. @return its length in frames. */
    public static int frames(final long extent)
    {
        return (int)(extent >>> COUNT_SHIFT);
    }
}
