package io.xenolith.benchmarks;

/** How much work a benchmark does: enough for figures, or only enough to see that every answer is right. */
public enum Scale
{
    /** For figures. */
    FULL,
    /** For tests of the benchmarks themselves; the figures mean nothing. */
    TINY;

    /** The first number for figures, the second for a test. */
    public int pick(final int full, final int tiny)
    {
        return this == FULL ? full : tiny;
    }
}
