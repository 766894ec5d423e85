package io.xenolith.benchmarks.vbd;

import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.guests.PatternDisk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The peer of the block ring: one thread that reads the same file, in order, in blocks of the same size. */
final class DirectReader
{
    /** Eleven pages, as a block request has. */
    private static final int BLOCK = 11 * 4096;

    private DirectReader()
    {
    }

    /** Nanoseconds of a pass; with {@code verify} each word is compared with the pattern. */
    static long pass(final Path file, final boolean verify) throws IOException, BenchmarkException
    {
        final ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        final long start = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ))
        {
            final long size = channel.size();
            long position = 0;
            while (position < size)
            {
                buffer.clear();
                final int n = channel.read(buffer, position);
                if (n <= 0)
                {
                    throw new BenchmarkException(file + " ends at " + position + " of " + size + " bytes");
                }
                if (verify)
                {
                    compare(buffer.flip(), position);
                }
                position += n;
            }
        }
        return System.nanoTime() - start;
    }

    private static void compare(final ByteBuffer buffer, final long position) throws BenchmarkException
    {
        int word = (int)(position / Integer.BYTES);
        while (buffer.remaining() >= Integer.BYTES)
        {
            if (buffer.getInt() != PatternDisk.word(word++))
            {
                throw new BenchmarkException("word " + (word - 1) + " of the disk image is wrong");
            }
        }
    }
}
