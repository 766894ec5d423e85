package io.xenolith.dom0.durable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads back what a {@link ByteSink} holds. Reading beyond the end throws IndexOutOfBoundsException. */
public final class ByteSource {
    private final byte[] bytes;
    private final int end;
    private int at;

    /** Reads {@code bytes[from..to)}. */
    public ByteSource(final byte[] bytes, final int from, final int to) {
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    /** Bytes left. */
    public int remaining() {
        return end - at;
    }

    /** Next byte, unsigned. */
    public int getByte() {
        need(1);
        return bytes[at++] & 0xff;
    }

    /** Next four bytes. */
    public int getInt() {
        need(4);
        at += 4;
        return bytes[at - 4] & 0xff | (bytes[at - 3] & 0xff) << 8 | (bytes[at - 2] & 0xff) << 16 | bytes[at - 1] << 24;
    }

    /** Next eight bytes. */
    public long getLong() {
        return getInt() & 0xffff_ffffL | (long) getInt() << 32;
    }

    /** Next length and its bytes. */
    public byte[] getBytes() {
        final int n = getInt();
        need(n);
        at += n;
        return Arrays.copyOfRange(bytes, at - n, at);
    }

    /** Next length and its text. */
    public String getString() {
        return new String(getBytes(), StandardCharsets.UTF_8);
    }

    private void need(final int n) {
        if (n < 0 || n > end - at) {
            throw new IndexOutOfBoundsException("journal entry too short: need=" + n + " have=" + (end - at));
        }
    }
}
