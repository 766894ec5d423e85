package io.xenolith.hv.control;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;

/**
 * Changes a domain's count of frames exactly once in an operation that may be applied twice, although the domain itself adds to
 * the same word at any time: the change sets the word's top bit in the same CAS, and the bit is taken off when the
 * operation no longer can be repeated.
 */
final class PageTotals
{
    /** Top bit of the word: the operation under way has made its change. */
    private static final int MARK = 1 << 31;

    private PageTotals()
    {
    }

    /** @param record a domain. @return its frames, without the mark. */
    static int total(final long record)
    {
        return Raw.getInt(record + DomainRecord.TOTAL_PAGES) & ~MARK;
    }

    /** Adds unless the operation under way has done so. */
    static void addOnce(final long record, final int delta)
    {
        for (;;)
        {
            final int old = Raw.getInt(record + DomainRecord.TOTAL_PAGES);
            if ((old & MARK) != 0)
            {
                return;
            }
            if (Raw.casInt(record + DomainRecord.TOTAL_PAGES, old, old + delta | MARK))
            {
                return;
            }
        }
    }

    /** Takes the mark off: the operation's other stores are done. */
    static void settle(final long record)
    {
        Raw.getAndAndInt(record + DomainRecord.TOTAL_PAGES, ~MARK);
    }
}
