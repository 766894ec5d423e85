package io.xenolith.benchmarks.cpu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Instructions per second of the interpreter, beside qemu-user on the same binaries in the same run; every answer is checked. */
public final class CpuBenchmark
{
    private static final int WARM_UP = 3_000_000;
    private static final int ROUNDS = 3;
    private static final double NS_PER_S = 1e9;

    private CpuBenchmark()
    {
    }

    /** Prints the table; {@code args[0]} is the number of iterations of each program, 10 million when absent. */
    public static void main(final String[] args) throws IOException, InterruptedException
    {
        final int iterations = args.length > 0 ? Integer.parseInt(args[0]) : 10_000_000;
        System.out.printf("%-8s %16s %16s %10s%n", "program", "xenolith Mi/s", "qemu-user Mi/s", "ratio");
        double product = 1;
        for (final CpuProgram program : CpuProgram.values())
        {
            final long instructions = program.run(iterations).instructions();
            final double ours = instructions / seconds(program, iterations) / 1e6;
            final double theirs = instructions / qemuSeconds(program, iterations) / 1e6;
            product *= ours;
            System.out.printf("%-8s %16.1f %16.1f %10.3f%n", program, ours, theirs, ours / theirs);
        }
        System.out.printf("geometric mean of ours: %.1f million guest instructions per second%n", Math.cbrt(product));
    }

    /** The best of some rounds after warming up. */
    private static double seconds(final CpuProgram program, final int iterations)
    {
        check(program, WARM_UP, new UserModeMachine().run(program, WARM_UP));
        double best = Double.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++)
        {
            final UserModeMachine machine = new UserModeMachine();
            final long start = System.nanoTime();
            final int result = machine.run(program, iterations);
            best = Math.min(best, (System.nanoTime() - start) / NS_PER_S);
            check(program, iterations, result);
        }
        return best;
    }

    private static double qemuSeconds(final CpuProgram program, final int iterations) throws IOException, InterruptedException
    {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++)
        {
            best = Math.min(best, qemu(program, iterations) - qemu(program, 1));
        }
        return best;
    }

    private static double qemu(final CpuProgram program, final int iterations) throws IOException, InterruptedException
    {
        final Path file = Files.createTempFile("xenolith-bench", program.name());
        try
        {
            Files.write(file, program.elf(iterations));
            if (!file.toFile().setExecutable(true))
            {
                throw new IOException("cannot make " + file + " executable");
            }
            final long start = System.nanoTime();
            final Process process = start(file);
            final byte[] output = process.getInputStream().readAllBytes();
            process.waitFor();
            final double seconds = (System.nanoTime() - start) / NS_PER_S;
            check(program, iterations, ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN).getInt());
            return seconds;
        }
        finally
        {
            Files.delete(file);
        }
    }

    private static Process start(final Path file) throws IOException
    {
        try
        {
            return new ProcessBuilder("qemu-i386", file.toString()).start();
        }
        catch (final IOException e)
        {
            throw new IOException("qemu-i386 is the peer of this benchmark: install Debian's package qemu-user", e);
        }
    }

    private static void check(final CpuProgram program, final int iterations, final int result)
    {
        final int expected = program.run(iterations).result();
        if (result != expected)
        {
            throw new IllegalStateException("%s of %d iterations computed %08x, not %08x".formatted(program, iterations, result, expected));
        }
    }
}
