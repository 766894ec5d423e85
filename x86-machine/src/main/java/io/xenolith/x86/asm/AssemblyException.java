package io.xenolith.x86.asm;

/** An instruction that cannot be encoded, or a label that does not fit its use: a mistake in the assembled program. */
public final class AssemblyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AssemblyException(final String message) {
        super(message);
    }
}
