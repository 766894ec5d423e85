package io.xenolith.launch;

/** Ends a command with one sentence on standard error and a non-zero exit status. */
public final class CommandFailure extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    public CommandFailure(final String sentence)
    {
        super(sentence);
    }
}
