package io.xenolith.launch.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Runs a command of {@code launch/} as a user would, in its own process, with a wall-clock bound. */
record Script(int status, String output, String errors)
{
    static final Path HOME = Path.of(System.getProperty("xenolith.root")).toAbsolutePath();
    private static final long BOUND_S = 300;

    static Script run(final Map<String, String> environment, final String... words) throws IOException, InterruptedException
    {
        final Process process = start(environment, words);
        process.getOutputStream().close();
        final var errors = new StreamCollector(process.getErrorStream());
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        if (!process.waitFor(BOUND_S, TimeUnit.SECONDS))
        {
            process.destroyForcibly();
            throw new AssertionError("still running after " + BOUND_S + " s: " + String.join(" ", words));
        }
        return new Script(process.exitValue(), output, errors.text());
    }

    static Process start(final Map<String, String> environment, final String... words) throws IOException
    {
        final List<String> command = new ArrayList<>(List.of(words));
        command.set(0, HOME.resolve("launch").resolve(words[0]).toString());
        final ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.environment().put("XENOLITH_NO_BUILD", "1");
        return builder.start();
    }

    /** This run, which must have ended with status 0. */
    Script succeeded()
    {
        assertEquals(0, status, () -> "exit status; output:\n" + output + "\nerrors:\n" + errors);
        return this;
    }
}
