package io.xenolith.dom0.xenstore;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Composing and taking apart the bytes of messages. */
final class Wire {
    private Wire() {
    }

    /** A whole message: header and payload. */
    static byte[] message(final int type, final int request, final int transaction, final byte[] payload) {
        final byte[] m = new byte[XsType.HEADER_BYTES + payload.length];
        putInt(m, 0, type);
        putInt(m, 4, request);
        putInt(m, 8, transaction);
        putInt(m, 12, payload.length);
        System.arraycopy(payload, 0, m, XsType.HEADER_BYTES, payload.length);
        return m;
    }

    static void putInt(final byte[] b, final int at, final int v) {
        b[at] = (byte) v;
        b[at + 1] = (byte) (v >>> 8);
        b[at + 2] = (byte) (v >>> 16);
        b[at + 3] = (byte) (v >>> 24);
    }

    static int getInt(final byte[] b, final int at) {
        return b[at] & 0xff | (b[at + 1] & 0xff) << 8 | (b[at + 2] & 0xff) << 16 | b[at + 3] << 24;
    }

    /** The bytes of a text; one byte per character. */
    static byte[] bytes(final String s) {
        return s.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String text(final byte[] b) {
        return new String(b, StandardCharsets.ISO_8859_1);
    }

    /** Strings, each followed by a NUL. */
    static byte[] strings(final String... all) {
        return bytes(String.join("\0", all) + "\0");
    }

    /** The strings of a payload, each ended by a NUL; bytes behind the last NUL are no string. */
    static List<String> split(final byte[] payload, final int from) {
        final List<String> all = new ArrayList<>();
        int start = from;
        for (int i = from; i < payload.length; i++) {
            if (payload[i] == 0) {
                all.add(new String(payload, start, i - start, StandardCharsets.ISO_8859_1));
                start = i + 1;
            }
        }
        return all;
    }

    /** Index of the first NUL, or -1. */
    static int firstNul(final byte[] payload) {
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 0) {
                return i;
            }
        }
        return -1;
    }
}
