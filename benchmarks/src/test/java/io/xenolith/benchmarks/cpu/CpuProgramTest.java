package io.xenolith.benchmarks.cpu;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The programs compute on the host's own CPU what their Java twins compute. */
class CpuProgramTest
{
    private static final int ITERATIONS = 100_003;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void theHostAgrees(final CpuProgram program) throws IOException, InterruptedException
    {
        final Path file = directory.resolve(program.name());
        Files.write(file, program.elf(ITERATIONS));
        assertTrue(file.toFile().setExecutable(true));
        final Process process = new ProcessBuilder(file.toString()).start();
        final byte[] output = process.getInputStream().readAllBytes();
        assertEquals(0, process.waitFor());
        assertEquals(program.run(ITERATIONS).result(), ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN).getInt());
    }
}
