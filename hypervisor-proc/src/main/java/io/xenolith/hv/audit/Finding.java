package io.xenolith.hv.audit;

/**
 * One thing that does not add up.
 *
 * @param kind     what sort of defect; stable, for scripts.
 * @param subject  where: {@code frame 1234}, {@code domain 3 port 5}, {@code pcpu 0}, ...; stable between two looks at the
 *                 same defect.
 * @param sentence what was found and what was expected, for a person.
 */
public record Finding(FindingKind kind, String subject, String sentence) {
    /** @return {@code {"kind":...,"subject":...,"sentence":...}} on one line. */
    public String toJson() {
        return "{\"kind\":" + quote(kind.label()) + ",\"subject\":" + quote(subject)
            + ",\"sentence\":" + quote(sentence) + '}';
    }

    /** @return {@code kind: subject: sentence}. */
    @Override
    public String toString() {
        return kind.label() + ": " + subject + ": " + sentence;
    }

    private static String quote(final String text) {
        final StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            }
            else if (c < ' ' || c > '~') {
                out.append(String.format("\\u%04x", (int)c));
            }
            else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
