package io.xenolith.benchmarks;

import java.io.PrintStream;

/** One of the things that {@code launch/bench} measures. */
public interface Benchmark
{
    /**
     * Measures and prints a table whose rows are ratios against a peer measured in the same run.
     *
     * @param scale how much work to do.
     * @param out   where the table goes.
     * @throws Exception when an answer is wrong or a peer is missing; the message is a sentence for the user.
     */
    void run(Scale scale, PrintStream out) throws Exception;
}
