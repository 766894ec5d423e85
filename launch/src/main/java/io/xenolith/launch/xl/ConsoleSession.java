package io.xenolith.launch.xl;

import io.xenolith.launch.CommandFailure;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An interactive stay at a domain's console. Output is the domain's log file, followed as it grows; input goes to dom0, which owns
 * the console ring. So a session can be killed, or several can watch, without the guest noticing.
 *
 * <p>Ctrl-] leaves. The end of standard input does not: a script may pipe its commands in and read until the domain ends.
 */
final class ConsoleSession
{
    private static final int ESCAPE = 0x1d;
    private static final long IDLE_MS = 10;
    private static final long CHECK_MS = 250;

    private final Dom0 dom0;
    private final String domain;
    private final boolean fromStart;
    private volatile boolean left;
    private volatile String inputTrouble;

    /** @param fromStart show what the domain has printed since it was made, not only what comes from now on */
    ConsoleSession(final Dom0 dom0, final long domid, final boolean fromStart)
    {
        this.dom0 = dom0;
        this.domain = Long.toString(domid);
        this.fromStart = fromStart;
    }

    int run() throws IOException, InterruptedException
    {
        final Map<String, Object> console = call("console-info", Map.of("domain", domain));
        try (RandomAccessFile log = new RandomAccessFile((String)console.get("log"), "r"); RawTerminal terminal = RawTerminal.enter())
        {
            log.seek(fromStart ? Dom0.number(console, "start") : log.length());
            Thread.ofPlatform().daemon().name("console input").start(() -> forwardInput(terminal.isTerminal()));
            follow(log);
        }
        if (inputTrouble != null)
        {
            throw new CommandFailure(inputTrouble);
        }
        return 0;
    }

    private void follow(final RandomAccessFile log) throws IOException, InterruptedException
    {
        final byte[] buffer = new byte[1 << 14];
        long nextCheck = System.currentTimeMillis() + CHECK_MS;
        while (!left)
        {
            if (!copy(log, buffer))
            {
                Thread.sleep(IDLE_MS);
            }
            if (System.currentTimeMillis() >= nextCheck)
            {
                nextCheck = System.currentTimeMillis() + CHECK_MS;
                left |= !alive();
            }
        }
        while (copy(log, buffer))
        {
            // What the domain printed before it went.
        }
    }

    private boolean alive()
    {
        try
        {
            return !Boolean.TRUE.equals(call("console-info", Map.of("domain", domain)).get("ended"));
        }
        catch (final CommandFailure gone)
        {
            return false;
        }
    }

    private static boolean copy(final RandomAccessFile log, final byte[] buffer) throws IOException
    {
        final PrintStream out = System.out;
        final int bytes = log.read(buffer);
        if (bytes > 0)
        {
            out.write(buffer, 0, bytes);
            out.flush();
        }
        return bytes > 0;
    }

    private void forwardInput(final boolean interactive)
    {
        final byte[] keys = new byte[512];
        try (InputStream in = new FileInputStream(FileDescriptor.in))
        {
            int count;
            while ((count = in.read(keys)) > 0)
            {
                final int escape = interactive ? indexOfEscape(keys, count) : -1;
                send(keys, escape >= 0 ? escape : count);
                if (escape >= 0)
                {
                    left = true;
                    return;
                }
            }
        }
        catch (final IOException | CommandFailure e)
        {
            inputTrouble = e.getMessage();
            left = true;
        }
    }

    private void send(final byte[] keys, final int count)
    {
        if (count > 0)
        {
            call("console-input", Map.of("domain", domain, "data", new String(keys, 0, count, StandardCharsets.ISO_8859_1)));
        }
    }

    /** Two threads share the connection. */
    private synchronized Map<String, Object> call(final String operation, final Map<String, Object> arguments)
    {
        return dom0.call(operation, arguments);
    }

    private static int indexOfEscape(final byte[] keys, final int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (keys[i] == ESCAPE)
            {
                return i;
            }
        }
        return -1;
    }
}
