package io.xenolith.benchmarks.cpu;

import io.xenolith.benchmarks.Benchmark;
import io.xenolith.benchmarks.Scale;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Instructions per second of the interpreter, beside qemu-user on the same binaries in the same run; every answer is checked. */
public final class CpuBenchmark implements Benchmark
{
    private static final String PEER = "qemu-i386";
    private static final int ITERATIONS = 10_000_000;
    private static final int TINY_ITERATIONS = 1_000_000;
    private static final int ROUNDS = 3;
    private static final double NS_PER_S = 1e9;

    @Override
    public void run(final Scale scale, final PrintStream out) throws IOException, InterruptedException
    {
        final int iterations = scale.pick(ITERATIONS, TINY_ITERATIONS);
        out.printf("cpu: the interpreter against %s%n", qemuVersion());
        out.printf("%-8s %16s %16s %10s%n", "program", "xenolith Mi/s", "qemu-user Mi/s", "ratio");
        double ourProduct = 1;
        double theirProduct = 1;
        for (final CpuProgram program : CpuProgram.values())
        {
            final long instructions = program.run(iterations).instructions();
            final double ours = instructions / seconds(program, iterations) / 1e6;
            final double theirs = instructions / qemuSeconds(program, iterations) / 1e6;
            ourProduct *= ours;
            theirProduct *= theirs;
            out.printf("%-8s %16.1f %16.1f %10.3f%n", program, ours, theirs, ours / theirs);
        }
        final double ours = Math.cbrt(ourProduct);
        final double theirs = Math.cbrt(theirProduct);
        out.printf("%-8s %16.1f %16.1f %10.3f%n", "geo.mean", ours, theirs, ours / theirs);
    }

    private static String qemuVersion() throws IOException, InterruptedException
    {
        final Process process = start("--version");
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.lines().findFirst().orElse(PEER);
    }

    /** The best of some rounds after warming up. */
    private static double seconds(final CpuProgram program, final int iterations)
    {
        final int warmUp = iterations / 3;
        check(program, warmUp, new UserModeMachine().run(program, warmUp));
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

    /** A run of one iteration is what starting the emulator costs, and is taken off; not a number when nothing is left. */
    private static double qemuSeconds(final CpuProgram program, final int iterations) throws IOException, InterruptedException
    {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++)
        {
            best = Math.min(best, qemu(program, iterations) - qemu(program, 1));
        }
        return best > 0 ? best : Double.NaN;
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
            final Process process = start(file.toString());
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

    private static Process start(final String argument) throws IOException
    {
        try
        {
            return new ProcessBuilder(PEER, argument).start();
        }
        catch (final IOException e)
        {
            throw new IOException(PEER + " is the peer of this benchmark: install Debian's package qemu-user", e);
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
