package io.xenolith.benchmarks;

import io.xenolith.benchmarks.cpu.CpuBenchmark;
import io.xenolith.benchmarks.event.EventBenchmark;
import io.xenolith.benchmarks.hypercall.HypercallBenchmark;
import io.xenolith.benchmarks.parts.PartsBenchmark;
import io.xenolith.benchmarks.vbd.VbdBenchmark;
import io.xenolith.launch.CommandFailure;
import io.xenolith.launch.Commands;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code launch/bench}: runs benchmarks one after another, never two at once. */
@Command(name = "bench", mixinStandardHelpOptions = true, version = "Xenolith 0.1.0",
    description = "Measures the system against named peers and prints ratios; docs/benchmarks.md explains them.")
public final class BenchCommand implements Callable<Integer>
{
    private static final String ALL = "all";

    private final Map<String, Benchmark> benchmarks = new LinkedHashMap<>();

    @Parameters(arity = "0..*", paramLabel = "WHICH", description = "cpu, hypercall, event, vbd, parts, or all of them (the default).")
    List<String> wanted = List.of(ALL);

    @Option(names = "--tiny", description = "Only enough work to see that every answer is right; the figures mean nothing.")
    boolean tiny;

    BenchCommand()
    {
        benchmarks.put("cpu", new CpuBenchmark());
        benchmarks.put("hypercall", new HypercallBenchmark());
        benchmarks.put("event", new EventBenchmark());
        benchmarks.put("vbd", new VbdBenchmark());
        benchmarks.put("parts", new PartsBenchmark());
    }

    public static void main(final String[] args)
    {
        System.exit(Commands.execute(new BenchCommand(), args));
    }

    @Override
    public Integer call() throws Exception
    {
        final List<String> names = wanted.contains(ALL) ? List.copyOf(benchmarks.keySet()) : wanted;
        for (final String name : names)
        {
            if (!benchmarks.containsKey(name))
            {
                throw new CommandFailure("there is no benchmark '" + name + "'; there are " + String.join(", ", benchmarks.keySet()) + " and " + ALL);
            }
        }
        System.out.println(HostFacts.line());
        for (final String name : names)
        {
            System.out.println();
            benchmarks.get(name).run(tiny ? Scale.TINY : Scale.FULL, System.out);
        }
        return 0;
    }
}
