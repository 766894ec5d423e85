package io.xenolith.dom0.builder;

/**
 * A kernel image, module or configuration from which no domain can be built. The message is one sentence for
 * the person who asked for the domain.
 */
public final class ImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param sentence what is wrong with the image */
    public ImageException(final String sentence) {
        super(sentence);
    }

    /** As the other constructor, with the exception underneath. */
    public ImageException(final String sentence, final Throwable cause) {
        super(sentence, cause);
    }
}
