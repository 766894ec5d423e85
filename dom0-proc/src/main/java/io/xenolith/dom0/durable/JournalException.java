package io.xenolith.dom0.durable;

/** The journal cannot be used: damaged, of another layout, or too small for the state it has to hold. */
public final class JournalException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param sentence what is wrong */
    public JournalException(final String sentence) {
        super(sentence);
    }
}
