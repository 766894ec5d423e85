package io.xenolith.benchmarks.cpu;

import io.xenolith.benchmarks.Scale;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Every program runs on both sides and computes what its Java twin computes; the figures are not looked at. */
class CpuBenchmarkTest
{
    @Test
    void printsOneRowForEachProgramAndTheirMean() throws Exception
    {
        final ByteArrayOutputStream text = new ByteArrayOutputStream();
        new CpuBenchmark().run(Scale.TINY, new PrintStream(text, true));
        assertEquals(CpuProgram.values().length + 3, text.toString().lines().count(), text.toString());
    }
}
