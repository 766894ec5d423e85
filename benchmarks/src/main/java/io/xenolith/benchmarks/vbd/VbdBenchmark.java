package io.xenolith.benchmarks.vbd;

import io.xenolith.benchmarks.Benchmark;
import io.xenolith.benchmarks.Scale;
import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.benchmarks.machine.BenchmarkGuest;
import io.xenolith.benchmarks.machine.BenchmarkMachine;
import io.xenolith.benchmarks.machine.CpuTime;
import io.xenolith.benchmarks.machine.GuestReport;
import io.xenolith.guests.PatternDisk;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Sequential reads of a guest through the block ring, sixteen requests of eleven pages in flight, against reading the same file directly;
 * the page cache is warm for both. In passes that compare every word, the comparing is the interpreter's work and Java's.
 */
public final class VbdBenchmark implements Benchmark
{
    private static final int MEBIBYTES = 64;
    private static final int TINY_MEBIBYTES = 1;
    private static final int PASSES = 10;
    private static final int TINY_PASSES = 2;
    private static final int SECTORS_PER_MIB = 2048;
    private static final double NS_PER_S = 1e9;

    /** What the guest measured: MiB/s of plain and of verified passes; CPU milliseconds for each MiB. */
    record Guest(double plain, double verified, double guestMs, double dom0Ms, double hypervisorMs)
    {
    }

    @Override
    public void run(final Scale scale, final PrintStream out) throws Exception
    {
        final int mebibytes = scale.pick(MEBIBYTES, TINY_MEBIBYTES);
        final int passes = scale.pick(PASSES, TINY_PASSES);
        final Path disk = Files.createTempFile("xenolith-bench", ".img");
        disk.toFile().deleteOnExit();
        try
        {
            PatternDisk.write(disk, mebibytes);
            final double directVerified = mebibytes / (DirectReader.pass(disk, true) / NS_PER_S);
            final double direct = direct(disk, mebibytes, passes);
            final Guest guest = guest(disk, mebibytes, passes);
            out.printf("vbd: %d MiB in order through the block ring against reading the file; MiB/s, best of %d passes%n", mebibytes, passes);
            out.printf("%-28s %12s %12s %10s%n", "pass", "block ring", "file", "ratio");
            out.printf("%-28s %12.0f %12.0f %10.3f%n", "read", guest.plain, direct, guest.plain / direct);
            out.printf("%-28s %12.0f %12.0f %10.3f%n", "read and compare each word", guest.verified, directVerified, guest.verified / directVerified);
            out.printf("CPU time of the block ring, ms/MiB: domU %.2f, dom0 %.2f, hypervisor %.2f%n", guest.guestMs, guest.dom0Ms, guest.hypervisorMs);
        }
        finally
        {
            Files.delete(disk);
        }
    }

    private static double direct(final Path disk, final int mebibytes, final int passes) throws IOException, BenchmarkException
    {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < passes; i++)
        {
            best = Math.min(best, DirectReader.pass(disk, false));
        }
        return mebibytes / (best / NS_PER_S);
    }

    static Guest guest(final Path disk, final int mebibytes, final int passes) throws IOException, InterruptedException, BenchmarkException
    {
        try (BenchmarkMachine machine = BenchmarkMachine.up())
        {
            final BenchmarkGuest guest = machine.create(
                "stream", "mode=stream disk=xvda rounds=" + passes, "format=raw, vdev=xvda, access=ro, target=" + disk);
            machine.unpause(guest);
            pass(guest, mebibytes, 1);
            final long[] pids = {machine.pid(guest), machine.dom0Pid(), machine.hypervisorPid()};
            final double[] ms = new double[pids.length];
            charge(pids, ms, -1);
            double plain = 0;
            for (int i = 0; i < passes; i++)
            {
                plain = Math.max(plain, pass(guest, mebibytes, 0));
            }
            charge(pids, ms, 1);
            final double verified = pass(guest, mebibytes, 1);
            guest.rest();
            final double read = (double)mebibytes * passes;
            return new Guest(plain, verified, ms[0] / read, ms[1] / read, ms[2] / read);
        }
    }

    /** Adds the processes' CPU times with a sign. */
    private static void charge(final long[] pids, final double[] ms, final int sign) throws IOException
    {
        for (int i = 0; i < pids.length; i++)
        {
            ms[i] += sign * CpuTime.ms(pids[i]);
        }
    }

    /** MiB/s of the pass that the guest reports next. */
    private static double pass(final BenchmarkGuest guest, final int mebibytes, final int verified) throws IOException, InterruptedException, BenchmarkException
    {
        final GuestReport report = guest.next();
        if (!report.name().equals("pass") || report.value("verified") != verified || report.value("wrong") != 0 ||
            report.value("sectors") != (long)mebibytes * SECTORS_PER_MIB)
        {
            throw new BenchmarkException("the guest reports an unexpected pass: " + report);
        }
        return mebibytes / (report.value("ns") / NS_PER_S);
    }
}
