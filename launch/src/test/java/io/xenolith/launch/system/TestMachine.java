package io.xenolith.launch.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A machine of its own for a test class: up when made, audited and down when closed. */
final class TestMachine implements AutoCloseable
{
    final Map<String, String> environment;
    final Path directory;

    TestMachine(final String name, final int memoryMiB) throws IOException, InterruptedException
    {
        directory = Path.of("/dev/shm/xenolith-test-" + ProcessHandle.current().pid()).resolve(name);
        Files.createDirectories(directory.getParent());
        environment = Map.of("XENOLITH_DIR", directory.toString());
        xenolith("up", "--memory", Integer.toString(memoryMiB)).succeeded();
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
