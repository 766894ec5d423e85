package io.xenolith.launch.system;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A scripted stay at a domain's console: {@code expect} text, {@code type} keys. */
final class ConsoleScript implements AutoCloseable
{
    private final Process process;
    private final StreamCollector output;
    private final StreamCollector errors;
    private final OutputStream keys;
    private int seen;

    ConsoleScript(final Map<String, String> environment, final String... words) throws IOException
    {
        process = Script.start(environment, words);
        output = new StreamCollector(process.getInputStream());
        errors = new StreamCollector(process.getErrorStream());
        keys = process.getOutputStream();
    }

    /** Waits for {@code pattern} after what was expected before; the wait is a bound for a hang, not a measure. */
    Matcher expect(final String pattern, final int boundSeconds) throws InterruptedException
    {
        final Pattern compiled = Pattern.compile(pattern, Pattern.DOTALL);
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(boundSeconds);
        while (true)
        {
            final String text = output.textSoFar();
            final Matcher matcher = compiled.matcher(text);
            if (matcher.find(Math.min(seen, text.length())))
            {
                seen = matcher.end();
                return matcher;
            }
            if (System.nanoTime() > deadline)
            {
                throw new AssertionError("no /" + pattern + "/ within " + boundSeconds + " s; console since the last match:\n" +
                    text.substring(Math.min(seen, text.length())) + "\nerrors:\n" + errors.textSoFar());
            }
            output.awaitMore(text.length());
            Thread.sleep(20);
        }
    }

    /** Types at a pace the guest can take: pvgrub reads one key per poll, and its input ring is short. */
    void type(final String text) throws IOException, InterruptedException
    {
        for (final byte key : text.getBytes(StandardCharsets.ISO_8859_1))
        {
            keys.write(key);
            keys.flush();
            Thread.sleep(5);
        }
    }

    boolean ended(final int boundSeconds) throws InterruptedException
    {
        return process.waitFor(boundSeconds, TimeUnit.SECONDS);
    }

    String text()
    {
        return output.textSoFar();
    }

    @Override
    public void close()
    {
        process.destroyForcibly();
    }
}
