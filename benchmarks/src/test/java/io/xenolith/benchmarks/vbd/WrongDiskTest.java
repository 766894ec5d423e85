package io.xenolith.benchmarks.vbd;

import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.guests.PatternDisk;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** One wrong word on the disk, and both readers notice. */
class WrongDiskTest
{
    private static final long WRONG_BYTE = 777_777;

    @TempDir
    private Path directory;
    private Path disk;

    @BeforeEach
    void spoil() throws IOException
    {
        disk = directory.resolve("disk.img");
        PatternDisk.write(disk, 1);
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw"))
        {
            file.seek(WRONG_BYTE);
            final int right = file.read();
            file.seek(WRONG_BYTE);
            file.write(right ^ 1);
        }
    }

    @Test
    void theDirectReader()
    {
        assertThrows(BenchmarkException.class, () -> DirectReader.pass(disk, true));
    }

    @Test
    void theGuest()
    {
        final BenchmarkException e = assertThrows(BenchmarkException.class, () -> VbdBenchmark.guest(disk, 1, 1));
        assertTrue(e.getMessage().contains("wrong=1") || e.getMessage().contains("wrong answer"), e.getMessage());
    }
}
