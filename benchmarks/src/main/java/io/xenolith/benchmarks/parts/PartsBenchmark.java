package io.xenolith.benchmarks.parts;

import io.xenolith.benchmarks.Benchmark;
import io.xenolith.benchmarks.Scale;
import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.benchmarks.machine.BenchmarkGuest;
import io.xenolith.benchmarks.machine.BenchmarkMachine;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Runs {@link Parts} with JMH, in a process of its own with the JVM flags that all our processes have. */
public final class PartsBenchmark implements Benchmark
{
    private static final int ITERATIONS = 5;
    private static final int MS = 1000;
    private static final int TINY_MS = 20;
    private static final String FLOOR = "lockedAdd";

    @Override
    public void run(final Scale scale, final PrintStream out) throws IOException, RunnerException, BenchmarkException
    {
        try (BenchmarkMachine machine = BenchmarkMachine.up())
        {
            final BenchmarkGuest guest = machine.create("granter", "mode=hypercall");
            final Collection<RunResult> results = new Runner(options(scale, machine, guest).build()).run();
            print(results, out);
        }
    }

    private static ChainedOptionsBuilder options(final Scale scale, final BenchmarkMachine machine, final BenchmarkGuest guest)
    {
        final List<String> flags = new ArrayList<>(List.of(LiveMachine.properties(machine, guest)));
        flags.add("@" + Path.of(System.getProperty("xenolith.home", System.getProperty("xenolith.root", ".")), "launch", "jvm.args"));
        final int iterations = scale.pick(ITERATIONS, 1);
        final TimeValue time = TimeValue.milliseconds(scale.pick(MS, TINY_MS));
        return new OptionsBuilder().include(Parts.class.getName().replace(".", "\\.") + "\\..*").forks(1).warmupIterations(iterations).warmupTime(time)
            .measurementIterations(iterations).measurementTime(time).jvmArgs(flags.toArray(String[]::new)).verbosity(VerboseMode.SILENT).shouldFailOnError(true);
    }

    private static void print(final Collection<RunResult> results, final PrintStream out) throws BenchmarkException
    {
        final double floor = score(results, FLOOR);
        out.println("parts: single operations against one locked addition (JMH, average time)");
        out.printf("%-20s %12s %12s %10s%n", "operation", "ns", "+-", "ratio");
        for (final RunResult result : results)
        {
            final double ns = result.getPrimaryResult().getScore();
            out.printf("%-20s %12.1f %12.1f %10.2f%n", result.getPrimaryResult().getLabel(), ns, result.getPrimaryResult().getScoreError(), ns / floor);
        }
    }

    private static double score(final Collection<RunResult> results, final String name) throws BenchmarkException
    {
        for (final RunResult result : results)
        {
            if (result.getPrimaryResult().getLabel().equals(name))
            {
                return result.getPrimaryResult().getScore();
            }
        }
        throw new BenchmarkException("JMH did not run " + name);
    }
}
