package io.xenolith.dom0.xenstore;

import java.util.Arrays;

/** Reply and event bytes on their way to a domain, with the ring position of the first of them. */
final class OutQueue {
    private byte[] bytes = new byte[256];
    private int head;
    private int size;
    private int position;

    /** Ring position ({@code rsp_prod}) of the first byte. */
    int position() {
        return position;
    }

    int size() {
        return size;
    }

    void append(final byte[] more) {
        if (head + size + more.length > bytes.length) {
            final byte[] into = size + more.length > bytes.length ? new byte[(size + more.length) * 2] : bytes;
            System.arraycopy(bytes, head, into, 0, size);
            bytes = into;
            head = 0;
        }
        System.arraycopy(more, 0, bytes, head + size, more.length);
        size += more.length;
    }

    /** The byte {@code i} places behind the first. */
    byte at(final int i) {
        return bytes[head + i];
    }

    /** Copies the first {@code n} bytes. */
    void copyTo(final byte[] into, final int n) {
        System.arraycopy(bytes, head, into, 0, n);
    }

    /** The first {@code n} bytes stand in the ring. */
    void drop(final int n) {
        head += n;
        size -= n;
        position += n;
        if (size == 0) {
            head = 0;
        }
    }

    /** Drops what a predecessor had put into the ring before position {@code rspProd}. */
    void skipTo(final int rspProd) {
        final int n = rspProd - position;
        if (n >= 0 && n <= size) {
            drop(n);
        } else {
            head = 0;
            size = 0;
            position = rspProd;
        }
    }

    void reset(final int at) {
        head = 0;
        size = 0;
        position = at;
    }

    byte[] toArray() {
        return Arrays.copyOfRange(bytes, head, head + size);
    }
}
