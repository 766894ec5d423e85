package io.xenolith.dom0.console;

import java.util.Arrays;

/** Keys on their way to a domain, with the position of the first in the stream since the domain's start. */
final class InputQueue {
    private byte[] bytes = new byte[64];
    private int head;
    private int size;
    private int position;

    int size() {
        return size;
    }

    /** Position, mod 2^32, of the first byte. */
    int position() {
        return position;
    }

    void append(final byte[] more) {
        if (head + size + more.length > bytes.length) {
            final byte[] into = new byte[Math.max(64, (size + more.length) * 2)];
            System.arraycopy(bytes, head, into, 0, size);
            bytes = into;
            head = 0;
        }
        System.arraycopy(more, 0, bytes, head + size, more.length);
        size += more.length;
    }

    void peek(final byte[] into, final int n) {
        System.arraycopy(bytes, head, into, 0, n);
    }

    void drop(final int n) {
        head += n;
        size -= n;
        position += n;
    }

    /** Drops what a predecessor had delivered. */
    void skipTo(final int taken) {
        final int n = taken - position;
        if (n > 0 && n <= size) {
            drop(n);
        }
    }

    void startAt(final int at) {
        position = at;
    }

    byte[] toArray() {
        return Arrays.copyOfRange(bytes, head, head + size);
    }
}
