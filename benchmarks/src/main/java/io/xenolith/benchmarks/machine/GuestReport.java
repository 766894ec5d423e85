package io.xenolith.benchmarks.machine;

import java.util.HashMap;
import java.util.Map;

/**
 * A line {@code bench NAME key=value ...} from a guest's console.
 *
 * @param name   what was measured.
 * @param values by key; hexadecimal on the console.
 */
public record GuestReport(String name, Map<String, Long> values)
{
    private static final String MARK = "bench ";

    /** The report in a console line, or null if it holds none. */
    static GuestReport parse(final String line)
    {
        if (!line.startsWith(MARK))
        {
            return null;
        }
        final String[] words = line.substring(MARK.length()).strip().split(" ");
        final Map<String, Long> values = new HashMap<>();
        for (int i = 1; i < words.length; i++)
        {
            final String[] pair = words[i].split("=", 2);
            if (pair.length == 2)
            {
                values.put(pair[0], Long.parseUnsignedLong(pair[1], 16));
            }
        }
        return new GuestReport(words[0], values);
    }

    /** A value that the line must hold. */
    public long value(final String key) throws BenchmarkException
    {
        final Long value = values.get(key);
        if (value == null)
        {
            throw new BenchmarkException("the guest's report '" + name + "' lacks '" + key + "': " + values);
        }
        return value;
    }

    /** Nanoseconds for each of the {@code count} things done. */
    public double nsPerCount() throws BenchmarkException
    {
        return (double)value("ns") / value("count");
    }
}
