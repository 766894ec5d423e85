package io.xenolith.dom0.toolstack;

/** A request cannot be done; the message is the sentence for its sender. */
public final class ToolstackException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int code;

    /** @param sentence what is wrong */
    public ToolstackException(final String sentence) {
        this(1, sentence);
    }

    /**
     * @param code     for scripts; an errno where one fits
     * @param sentence what is wrong
     */
    public ToolstackException(final int code, final String sentence) {
        super(sentence);
        this.code = code;
    }

    /** For scripts; an errno where one fits. */
    public int code() {
        return code;
    }
}
