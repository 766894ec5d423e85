package io.xenolith.benchmarks;

import io.xenolith.benchmarks.cpu.CpuBenchmark;
import io.xenolith.benchmarks.event.EventBenchmark;
import io.xenolith.benchmarks.hypercall.HypercallBenchmark;
import io.xenolith.benchmarks.parts.PartsBenchmark;
import io.xenolith.benchmarks.vbd.VbdBenchmark;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Every benchmark runs with a little work, and an answer that is wrong is an exception of its. The figures are only required to be numbers
 * above zero: no test here depends on time.
 */
class BenchmarksTest
{
    @Test
    void interpreter() throws Exception
    {
        rows(new CpuBenchmark(), "HASH", "BRANCHY", "MEMORY", "geo.mean");
    }

    @Test
    void hypercalls() throws Exception
    {
        positive(rows(new HypercallBenchmark(), "xen_version, the handler", "xen_version by a guest", "event send", "alloc_unbound"));
    }

    @Test
    void events() throws Exception
    {
        positive(rows(new EventBenchmark(), "sleeping", "spinning"));
    }

    @Test
    void blockRing() throws Exception
    {
        positive(rows(new VbdBenchmark(), "read ", "read and compare"));
    }

    @Test
    void parts() throws Exception
    {
        rows(new PartsBenchmark(), "dispatch", "eventSend", "lockedAdd", "pinUnpin", "ringNobody", "ringThroughKernel");
    }

    /** The table's rows, which must begin with these words. */
    private static List<String> rows(final Benchmark benchmark, final String... names) throws Exception
    {
        final ByteArrayOutputStream text = new ByteArrayOutputStream();
        benchmark.run(Scale.TINY, new PrintStream(text, true, StandardCharsets.UTF_8));
        final List<String> rows = text.toString(StandardCharsets.UTF_8).lines().skip(2).limit(names.length).toList();
        assertEquals(names.length, rows.size(), text::toString);
        for (int i = 0; i < names.length; i++)
        {
            assertTrue(rows.get(i).startsWith(names[i]), text::toString);
        }
        return rows;
    }

    /** Each row ends with a figure above zero before its ratio. */
    private static void positive(final List<String> rows)
    {
        for (final String row : rows)
        {
            final String[] words = row.strip().split("\\s+");
            assertTrue(Double.parseDouble(words[words.length - 2]) > 0, row);
        }
    }
}
