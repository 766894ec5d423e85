package io.xenolith.dom0.xenstore;

/** Rules of node paths. All paths inside dom0 are canonical: absolute, no trailing slash but for the root. */
public final class StorePath {
    /** The root. */
    public static final String ROOT = "/";

    private StorePath() {
    }

    /** Home path of a domain. */
    public static String ofDomain(final int domid) {
        return "/local/domain/" + domid;
    }

    /**
     * Canonical form of the path that {@code domid} sent.
     *
     * @throws XsException EINVAL for a path that is none
     */
    public static String canonical(final int domid, final String sent) {
        final boolean absolute = sent.startsWith(ROOT);
        if (sent.isEmpty() || sent.length() > (absolute ? XsType.MAX_PATH : XsType.MAX_RELATIVE_PATH)) {
            throw XsError.EINVAL.exception();
        }
        final String path = absolute ? sent : ofDomain(domid) + ROOT + sent;
        check(path);
        return path;
    }

    /** As {@link #canonical}, but lets the special watch names pass, which begin with '@'. */
    public static String canonicalWatch(final int domid, final String sent) {
        if (sent.startsWith("@") && sent.length() <= XsType.MAX_RELATIVE_PATH && sent.indexOf('/') < 0) {
            checkCharacters(sent);
            return sent;
        }
        return canonical(domid, sent);
    }

    private static void check(final String path) {
        if (path.length() > 1 && path.endsWith(ROOT) || path.contains("//")) {
            throw XsError.EINVAL.exception();
        }
        checkCharacters(path);
    }

    private static void checkCharacters(final String path) {
        for (int i = 0; i < path.length(); i++) {
            final char c = path.charAt(i);
            final boolean ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
                    || c == '-' || c == '/' || c == '_' || c == '@';
            if (!ok) {
                throw XsError.EINVAL.exception();
            }
        }
    }

    /** Path of the node above; the root's is the root. */
    public static String parent(final String path) {
        final int slash = path.lastIndexOf('/');
        return slash <= 0 ? ROOT : path.substring(0, slash);
    }

    /** Last component; "" for the root. */
    public static String name(final String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** Path of a child. */
    public static String child(final String path, final String name) {
        return path.equals(ROOT) ? ROOT + name : path + ROOT + name;
    }
}
