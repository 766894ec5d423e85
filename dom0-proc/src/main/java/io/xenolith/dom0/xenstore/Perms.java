package io.xenolith.dom0.xenstore;

import java.util.ArrayList;
import java.util.List;

/**
 * Permissions of a node. The first entry names the owner, who may do everything, and what everyone else may do;
 * further entries make exceptions for single domains. dom0 may do everything everywhere.
 *
 * <p>Wire form, one string per entry: a letter ({@code n}one, {@code r}ead, {@code w}rite, {@code b}oth) and a
 * domid, as in "n0", "r4".
 */
public final class Perms {
    /** May read. */
    public static final int READ = 1;
    /** May write. */
    public static final int WRITE = 2;
    /** Most entries of a node. */
    public static final int MAX_ENTRIES = 8;

    private static final String LETTERS = "nrwb";

    /** Owner dom0, nobody else: what the root has. */
    public static final Perms DOM0 = new Perms(new int[]{0}, new int[]{0});

    private final int[] domids;
    private final int[] access;

    private Perms(final int[] domids, final int[] access) {
        this.domids = domids;
        this.access = access;
    }

    /**
     * Reads the wire form.
     *
     * @throws XsException EINVAL when malformed, ENOSPC when there are too many
     */
    public static Perms parse(final List<String> entries) {
        if (entries.isEmpty()) {
            throw XsError.EINVAL.exception();
        }
        if (entries.size() > MAX_ENTRIES) {
            throw XsError.ENOSPC.exception();
        }
        final int[] domids = new int[entries.size()];
        final int[] access = new int[entries.size()];
        for (int i = 0; i < domids.length; i++) {
            final String e = entries.get(i);
            access[i] = e.isEmpty() ? -1 : LETTERS.indexOf(e.charAt(0));
            domids[i] = parseDomid(e);
            if (access[i] < 0) {
                throw XsError.EINVAL.exception();
            }
        }
        return new Perms(domids, access);
    }

    /** Short form for dom0's own use: {@code of("n0", "r4")}. */
    public static Perms of(final String... entries) {
        return parse(List.of(entries));
    }

    private static int parseDomid(final String entry) {
        if (entry.length() < 2 || entry.length() > 6) {
            throw XsError.EINVAL.exception();
        }
        int n = 0;
        for (int i = 1; i < entry.length(); i++) {
            final char c = entry.charAt(i);
            if (c < '0' || c > '9') {
                throw XsError.EINVAL.exception();
            }
            n = n * 10 + c - '0';
        }
        if (n > 0xffff) {
            throw XsError.EINVAL.exception();
        }
        return n;
    }

    /** The owner. */
    public int owner() {
        return domids[0];
    }

    /** The same with another owner. */
    public Perms withOwner(final int domid) {
        if (domids[0] == domid) {
            return this;
        }
        final int[] d = domids.clone();
        d[0] = domid;
        return new Perms(d, access);
    }

    /** True when {@code domid} may do all of {@code wanted} ({@link #READ}, {@link #WRITE}). */
    public boolean allow(final int domid, final int wanted) {
        if (domid == 0 || domid == domids[0]) {
            return true;
        }
        for (int i = 1; i < domids.length; i++) {
            if (domids[i] == domid) {
                return (access[i] & wanted) == wanted;
            }
        }
        return (access[0] & wanted) == wanted;
    }

    /** The wire form. */
    public List<String> strings() {
        final List<String> all = new ArrayList<>(domids.length);
        for (int i = 0; i < domids.length; i++) {
            all.add(LETTERS.charAt(access[i]) + Integer.toString(domids[i]));
        }
        return all;
    }

    /** Entries as "n0,r4". */
    @Override
    public String toString() {
        return String.join(",", strings());
    }

    @Override
    public boolean equals(final Object o) {
        return o instanceof Perms p && java.util.Arrays.equals(domids, p.domids)
                && java.util.Arrays.equals(access, p.access);
    }

    @Override
    public int hashCode() {
        return 31 * java.util.Arrays.hashCode(domids) + java.util.Arrays.hashCode(access);
    }

    int bytes() {
        return domids.length * 6;
    }
}
