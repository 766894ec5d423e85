package io.xenolith.launch.cfg;

/**
 * One assignment of a configuration.
 *
 * @param source what the user called the text (a file name, or "command line")
 * @param line   counted from 1
 * @param name   the key left of the sign
 * @param value  a {@link Long}, a {@link String} or a {@link java.util.List} of such values
 * @param append true for {@code +=}
 */
public record Setting(String source, int line, String name, Object value, boolean append)
{
    ConfigException mistake(final String sentence)
    {
        return new ConfigException(source, line, sentence);
    }
}
