package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_LONG;

import io.xenolith.shm.Raw;

/**
 * The machine's console: the last 64 KiB of what hypervisor code and guests' console_io wrote ({@code xl dmesg}).
 *
 * <pre>
 *    0 +--------------------------------+
 *      | written   long  (any) atomic   | bytes ever written; the next byte goes to written mod 64 KiB
 *    8 | read from long  [DOM0]         | xl dmesg -c: where the next listing begins
 *   64 +--------------------------------+
 *      | text      65536 bytes (any)    |
 *      +--------------------------------+
 * </pre>
 *
 * <p>A writer takes its range with one atomic addition and then fills it, so lines of several writers do not
 * mix; a writer killed in between leaves what was there before.
 */
public final class ConsoleRing {
    /** long. */
    public static final int WRITTEN = 0;
    /** long. */
    public static final int READ_FROM = WRITTEN + SIZE_OF_LONG;
    /** Text. */
    public static final int TEXT = 64;
    /** Bytes of text, a power of two. */
    public static final int TEXT_LENGTH = 64 * 1024;
    /** Bytes of the whole. */
    public static final int LENGTH = TEXT + TEXT_LENGTH;

    private ConsoleRing() {
    }

    /** Appends bytes; only the last {@link #TEXT_LENGTH} of them are kept. */
    public static void append(final long ring, final byte[] text, final int offset, final int length) {
        final int kept = Math.min(length, TEXT_LENGTH);
        final int from = offset + length - kept;
        final long start = Raw.getAndAddLong(ring + WRITTEN, kept);
        final int at = (int) (start & TEXT_LENGTH - 1);
        final int first = Math.min(kept, TEXT_LENGTH - at);
        Raw.copyIn(text, from, ring + TEXT + at, first);
        Raw.copyIn(text, from + first, ring + TEXT, kept - first);
    }

    /**
     * What was written from position {@code from} on and is still there.
     *
     * @param from a value of {@link #WRITTEN}; older text than the ring holds is left out
     */
    public static byte[] read(final long ring, final long from) {
        final long end = Raw.getLong(ring + WRITTEN);
        final long start = Math.max(from, end - TEXT_LENGTH);
        if (start >= end) {
            return new byte[0];
        }
        final byte[] text = new byte[(int) (end - start)];
        final int at = (int) (start & TEXT_LENGTH - 1);
        final int first = Math.min(text.length, TEXT_LENGTH - at);
        Raw.copyOut(ring + TEXT + at, text, 0, first);
        Raw.copyOut(ring + TEXT, text, first, text.length - first);
        return text;
    }
}
