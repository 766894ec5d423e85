package io.xenolith.dom0.xenstore;

/**
 * A watch of a domain. {@code sent} is the path as the domain wrote it: events carry paths of the same form.
 */
record Watch(String path, String sent, String token) {
    private static final int OVERHEAD = 32;

    /** Bytes of journal that the watch takes. */
    int bytes() {
        return OVERHEAD + path.length() + sent.length() + token.length();
    }

    boolean isRelative() {
        return !sent.startsWith(StorePath.ROOT) && !sent.startsWith("@");
    }
}
