package io.xenolith.launch.system;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Reads a stream to its end on a thread of its own; what came so far can be looked at any time. */
final class StreamCollector
{
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread reader;

    StreamCollector(final InputStream stream)
    {
        reader = Thread.ofPlatform().daemon().start(() -> read(stream));
    }

    private void read(final InputStream stream)
    {
        final byte[] buffer = new byte[8192];
        try (stream)
        {
            int count;
            while ((count = stream.read(buffer)) > 0)
            {
                synchronized (bytes)
                {
                    bytes.write(buffer, 0, count);
                    bytes.notifyAll();
                }
            }
        }
        catch (final IOException e)
        {
            // The process is gone; what came is kept.
        }
    }

    String textSoFar()
    {
        synchronized (bytes)
        {
            return bytes.toString(StandardCharsets.ISO_8859_1);
        }
    }

    /** Waits for more bytes than {@code seen}, at most a moment. */
    void awaitMore(final int seen) throws InterruptedException
    {
        synchronized (bytes)
        {
            if (bytes.size() <= seen)
            {
                bytes.wait(50);
            }
        }
    }

    String text() throws InterruptedException
    {
        reader.join();
        return textSoFar();
    }
}
