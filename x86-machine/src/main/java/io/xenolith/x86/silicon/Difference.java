package io.xenolith.x86.silicon;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A case on which silicon and model disagree.
 *
 * @param c       the case.
 * @param before  its first half.
 * @param vector  the case as a line that {@link Vector} reads.
 * @param details one line for each field that differs.
 */
record Difference(Case c, byte[] before, String vector, List<String> details) {
    /** Differences of one kind: the mnemonic and the names of the fields. */
    String kind() {
        return kind(c, details);
    }

    static String kind(final Case c, final List<String> details) {
        final StringBuilder b = new StringBuilder(c.form.row().mnemonic());
        String last = "";
        for (final String d : details) {
            final String name = FIELD_NUMBER.matcher(d.substring(0, d.indexOf(':'))).replaceAll("$1$2");
            if (!name.equals(last)) {
                b.append(' ').append(name);
            }
            last = name;
        }
        return b.toString();
    }

    private static final Pattern FIELD_NUMBER = Pattern.compile("^(mem)\\..*|^(r|st|xmm)[a-z0-9]+(\\.high)?$");
}
