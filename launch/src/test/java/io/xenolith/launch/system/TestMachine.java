package io.xenolith.launch.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A machine of its own for a test class: up when made, audited and down when closed. */
final class TestMachine implements AutoCloseable
{
    final Map<String, String> environment;
    final Path directory;

    TestMachine(final String name, final int memoryMiB) throws IOException, InterruptedException
    {
        this(name, memoryMiB, Map.of());
    }

    /**
     * @param more    variables for the environment of every command.
     * @param options of {@code up}.
     */
    TestMachine(final String name, final int memoryMiB, final Map<String, String> more, final String... options)
        throws IOException, InterruptedException
    {
        directory = directory(name);
        Files.createDirectories(directory.getParent());
        final Map<String, String> all = new HashMap<>(more);
        all.put("XENOLITH_DIR", directory.toString());
        environment = Map.copyOf(all);
        final List<String> up = new ArrayList<>(List.of("up", "--memory", Integer.toString(memoryMiB)));
        up.addAll(List.of(options));
        xenolith(up.toArray(String[]::new)).succeeded();
    }

    static Path directory(final String name)
    {
        return Path.of("/dev/shm/xenolith-test-" + ProcessHandle.current().pid()).resolve(name);
    }

    Script xl(final String... words) throws IOException, InterruptedException
    {
        return run("xl", words);
    }

    Script xenolith(final String... words) throws IOException, InterruptedException
    {
        return run("xenolith", words);
    }

    private Script run(final String command, final String... words) throws IOException, InterruptedException
    {
        final String[] all = new String[words.length + 1];
        all[0] = command;
        System.arraycopy(words, 0, all, 1, words.length);
        return Script.run(environment, all);
    }

    /** {@code xl create -c}, its console scripted. */
    ConsoleScript create(final Path configuration) throws IOException
    {
        return new ConsoleScript(environment, "xl", "create", "-q", "-c", configuration.toString());
    }

    ConsoleScript console(final String domain) throws IOException
    {
        return new ConsoleScript(environment, "xl", "console", domain);
    }

    void auditIsClean() throws IOException, InterruptedException
    {
        xenolith("audit").succeeded();
    }

    @Override
    public void close() throws IOException, InterruptedException
    {
        try
        {
            auditIsClean();
        }
        finally
        {
            xenolith("down").succeeded();
        }
    }
}
