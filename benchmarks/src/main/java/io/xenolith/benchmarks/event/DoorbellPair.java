package io.xenolith.benchmarks.event;

import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.hv.control.Spawner;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.RunWord;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * The peer of an event round trip: two JVMs and two doorbells in a shared page, nothing else.
 *
 * <pre>
 *   0  doorbell of the one that answers
 *  64  doorbell of the one that asks
 * 128  run word, "running" for good: a spinning wait spins as long as it is told
 * 192  1 once the one that answers is there
 * </pre>
 */
final class DoorbellPair
{
    private static final int ASKED = 0;
    private static final int ANSWERED = 64;
    private static final int RUN = 128;
    private static final int READY = 192;
    private static final int LENGTH = 4096;
    private static final int RING_STEP = 2;
    private static final long SPIN_NS = 1_000_000_000L;
    private static final long LIMIT_NS = 60_000_000_000L;
    private static final String SPIN = "spin";

    private final long page;
    private final boolean spin;

    private DoorbellPair(final long page, final boolean spin)
    {
        this.page = page;
        this.spin = spin;
    }

    /**
     * Starts the other process and measures.
     *
     * @param directory for the page and the other process's output.
     * @param spin      whether both spin; else both sleep in the kernel.
     * @param rounds    the best counts.
     * @param count     round trips in each.
     * @return nanoseconds for a round trip.
     */
    static double measure(final Path directory, final boolean spin, final int rounds, final int count)
        throws IOException, InterruptedException, BenchmarkException
    {
        final Path file = directory.resolve("doorbells");
        Files.write(file, new byte[LENGTH]);
        final DoorbellPair pair = new DoorbellPair(map(file), spin);
        Raw.putLong(pair.page + RUN, RunWord.of(RunWord.RING0, 0));
        final Process other = new Spawner().start(
            DoorbellPair.class.getName(), directory.resolve("doorbells.log"), file.toString(), spin ? SPIN : "sleep", Integer.toString(rounds * count));
        try
        {
            pair.awaitOther(other);
            double best = Double.POSITIVE_INFINITY;
            for (int round = 0; round < rounds; round++)
            {
                final long start = System.nanoTime();
                pair.ask(count);
                best = Math.min(best, (double)(System.nanoTime() - start) / count);
            }
            if (!other.waitFor(LIMIT_NS, TimeUnit.NANOSECONDS) || other.exitValue() != 0)
            {
                throw new BenchmarkException("the process that answers doorbells did not count " + rounds * count + " rings");
            }
            return best;
        }
        finally
        {
            other.destroyForcibly();
        }
    }

    /** The process that answers: page, style, number of answers. */
    public static void main(final String[] args) throws IOException
    {
        final DoorbellPair pair = new DoorbellPair(map(Path.of(args[0])), SPIN.equals(args[1]));
        final int total = Integer.parseInt(args[2]);
        int seen = Doorbell.value(pair.page + ASKED);
        Raw.putInt(pair.page + READY, 1);
        for (int i = 0; i < total; i++)
        {
            seen = pair.await(ASKED, seen);
            Doorbell.ring(pair.page + ANSWERED);
        }
        System.exit(Doorbell.value(pair.page + ASKED) == total * RING_STEP ? 0 : 1);
    }

    private void ask(final int count) throws BenchmarkException
    {
        final int first = Doorbell.value(page + ANSWERED);
        int seen = first;
        for (int i = 0; i < count; i++)
        {
            Doorbell.ring(page + ASKED);
            seen = await(ANSWERED, seen);
        }
        if (seen - first != count * RING_STEP)
        {
            throw new BenchmarkException("a doorbell rang " + (seen - first) / RING_STEP + " times, not " + count);
        }
    }

    /** Until a doorbell has moved on. */
    private int await(final int bell, final int seen)
    {
        int now = seen;
        while (now == seen)
        {
            now = spin ? Doorbell.await(page + bell, seen, page + RUN, SPIN_NS, 0) : Doorbell.await(page + bell, seen, Doorbell.FOREVER);
        }
        return now;
    }

    private void awaitOther(final Process other) throws InterruptedException, BenchmarkException
    {
        while (Raw.getInt(page + READY) == 0)
        {
            if (!other.isAlive())
            {
                throw new BenchmarkException("the process that answers doorbells did not start");
            }
            Thread.sleep(1);
        }
    }

    private static long map(final Path file) throws IOException
    {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE))
        {
            return channel.map(MapMode.READ_WRITE, 0, LENGTH, Arena.global()).address();
        }
    }
}
