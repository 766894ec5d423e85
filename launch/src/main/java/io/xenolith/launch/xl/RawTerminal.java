package io.xenolith.launch.xl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Puts the user's terminal, if standard input is one, into raw mode until closed or the process ends; stty does the work. */
final class RawTerminal implements AutoCloseable
{
    private final boolean terminal;
    private final Thread restorer = new Thread(() -> stty("sane"));

    private RawTerminal(final boolean terminal)
    {
        this.terminal = terminal;
    }

    static RawTerminal enter()
    {
        final RawTerminal raw = new RawTerminal(standardInputIsTerminal());
        if (raw.terminal)
        {
            Runtime.getRuntime().addShutdownHook(raw.restorer);
            stty("raw", "-echo");
        }
        return raw;
    }

    boolean isTerminal()
    {
        return terminal;
    }

    @Override
    public void close()
    {
        if (terminal)
        {
            stty("sane");
            Runtime.getRuntime().removeShutdownHook(restorer);
        }
    }

    private static boolean standardInputIsTerminal()
    {
        try
        {
            final String target = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.startsWith("/dev/console");
        }
        catch (final IOException e)
        {
            return false;
        }
    }

    private static void stty(final String... modes)
    {
        final String[] command = new String[modes.length + 1];
        command[0] = "stty";
        System.arraycopy(modes, 0, command, 1, modes.length);
        try
        {
            new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.INHERIT).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        }
        catch (final IOException e)
        {
            // Without stty the terminal stays in line mode: usable, with its own echo.
        }
        catch (final InterruptedException e)
        {
            Thread.currentThread().interrupt();
        }
    }
}
