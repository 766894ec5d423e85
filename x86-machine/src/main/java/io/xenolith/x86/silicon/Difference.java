package io.xenolith.x86.silicon;

import java.util.List;

/**
 * A case on which silicon and model disagree.
 *
 * @param form    what was tried.
 * @param number  the case's number in the run.
 * @param vector  the case as a line that {@link Vector} reads.
 * @param details one line for each field that differs.
 */
record Difference(Form form, long number, String vector, List<String> details) {
    /** Differences of one kind: the mnemonic and the names of the fields. */
    String kind() {
        final StringBuilder b = new StringBuilder(form.row().mnemonic());
        String last = "";
        for (final String d : details) {
            final String name = d.substring(0, d.indexOf(':')).replaceAll("^(mem)\\..*|^(r|st|xmm)[a-z0-9]+(\\.high)?$", "$1$2");
            if (!name.equals(last)) {
                b.append(' ').append(name);
            }
            last = name;
        }
        return b.toString();
    }
}
