package io.xenolith.dom0.durable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing byte array with little-endian puts: the form in which journal entries are composed. */
public final class ByteSink {
    private byte[] bytes;
    private int size;

    /** @param capacity bytes to start with */
    public ByteSink(final int capacity) {
        bytes = new byte[Math.max(16, capacity)];
    }

    /** Bytes put so far. */
    public int size() {
        return size;
    }

    /** The array underneath; valid up to {@link #size()}, until the next put. */
    public byte[] array() {
        return bytes;
    }

    /** Forgets everything put. */
    public void clear() {
        size = 0;
    }

    /** Appends one byte. */
    public ByteSink putByte(final int v) {
        room(1);
        bytes[size++] = (byte) v;
        return this;
    }

    /** Appends four bytes. */
    public ByteSink putInt(final int v) {
        room(4);
        size += 4;
        setInt(size - 4, v);
        return this;
    }

    /** Appends eight bytes. */
    public ByteSink putLong(final long v) {
        return putInt((int) v).putInt((int) (v >>> 32));
    }

    /** Appends a length and {@code n} bytes. */
    public ByteSink putBytes(final byte[] v, final int offset, final int n) {
        putInt(n);
        room(n);
        System.arraycopy(v, offset, bytes, size, n);
        size += n;
        return this;
    }

    /** Appends a length and all bytes of {@code v}. */
    public ByteSink putBytes(final byte[] v) {
        return putBytes(v, 0, v.length);
    }

    /** Appends a length and the text in UTF-8. */
    public ByteSink putString(final String v) {
        return putBytes(v.getBytes(StandardCharsets.UTF_8));
    }

    /** Overwrites four bytes put earlier. */
    public void setInt(final int at, final int v) {
        bytes[at] = (byte) v;
        bytes[at + 1] = (byte) (v >>> 8);
        bytes[at + 2] = (byte) (v >>> 16);
        bytes[at + 3] = (byte) (v >>> 24);
    }

    private void room(final int n) {
        if (bytes.length - size < n) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + n));
        }
    }
}
