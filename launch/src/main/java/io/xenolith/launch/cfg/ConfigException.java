package io.xenolith.launch.cfg;

/** A mistake in a configuration, as one sentence that names file, line and remedy. */
public final class ConfigException extends Exception
{
    private static final long serialVersionUID = 1L;

    public ConfigException(final String source, final int line, final String sentence)
    {
        super(source + ":" + line + ": " + sentence);
    }
}
