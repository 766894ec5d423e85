package io.xenolith.dom0.xenstore;

import java.util.Arrays;

/** A request on its way in: as many bytes as have arrived. */
final class Assembly {
    private final byte[] bytes = new byte[XsType.HEADER_BYTES + XsType.MAX_PAYLOAD];
    private int size;

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    /** Adds bytes; the caller asks {@link #missing} first and never brings more. */
    void add(final byte[] more, final int n) {
        System.arraycopy(more, 0, bytes, size, n);
        size += n;
    }

    void set(final Assembly other) {
        System.arraycopy(other.bytes, 0, bytes, 0, other.size);
        size = other.size;
    }

    /** Bytes still lacking: of the header, or of what the header announces. */
    int missing() {
        return size < XsType.HEADER_BYTES
                ? XsType.HEADER_BYTES - size : XsType.HEADER_BYTES + length() - size;
    }

    /** True when the header announces more than the protocol allows. */
    boolean isTooLong() {
        return size >= XsType.HEADER_BYTES && (length() < 0 || length() > XsType.MAX_PAYLOAD);
    }

    private int length() {
        return Wire.getInt(bytes, 12);
    }

    byte[] from(final int start) {
        return Arrays.copyOfRange(bytes, start, size);
    }
}
