package io.xenolith.benchmarks.machine;

/** A benchmark that cannot go on or got a wrong answer; the message is a sentence. */
public final class BenchmarkException extends Exception
{
    private static final long serialVersionUID = 1L;

    public BenchmarkException(final String sentence)
    {
        super(sentence);
    }
}
