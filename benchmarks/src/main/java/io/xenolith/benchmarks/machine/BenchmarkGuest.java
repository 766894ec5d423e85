package io.xenolith.benchmarks.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A running benchmark guest: its reports, in the order of its console. */
public final class BenchmarkGuest
{
    private static final String PASS = "PASS";
    private static final String FAIL = "FAIL";
    private static final long POLL_MS = 2;
    private static final long LIMIT_NS = 120_000_000_000L;

    private final String name;
    private final int domid;
    private final Path console;
    private final Deque<GuestReport> reports = new ArrayDeque<>();
    private int taken;

    BenchmarkGuest(final String name, final int domid, final Path console)
    {
        this.name = name;
        this.domid = domid;
        this.console = console;
    }

    String name()
    {
        return name;
    }

    public int domid()
    {
        return domid;
    }

    /** Waits for the next report; a failure report or two minutes of silence are exceptions. */
    public GuestReport next() throws IOException, InterruptedException, BenchmarkException
    {
        final long start = System.nanoTime();
        while (reports.isEmpty())
        {
            read();
            if (reports.isEmpty())
            {
                if (System.nanoTime() - start > LIMIT_NS)
                {
                    throw new BenchmarkException("the guest " + name + " says nothing more; its console so far: " + text());
                }
                Thread.sleep(POLL_MS);
            }
        }
        final GuestReport report = reports.remove();
        if (report.name().equals(FAIL))
        {
            throw new BenchmarkException("the guest " + name + " found a wrong answer; its console: " + text());
        }
        return report;
    }

    /** All reports up to PASS. */
    public List<GuestReport> rest() throws IOException, InterruptedException, BenchmarkException
    {
        final List<GuestReport> all = new ArrayList<>();
        for (;;)
        {
            final GuestReport report = next();
            if (report.name().equals(PASS))
            {
                return all;
            }
            all.add(report);
        }
    }

    /** The least time per count of the reports of a name. */
    public static double best(final List<GuestReport> reports, final String name) throws BenchmarkException
    {
        double best = Double.POSITIVE_INFINITY;
        for (final GuestReport report : reports)
        {
            if (report.name().equals(name))
            {
                best = Math.min(best, report.nsPerCount());
            }
        }
        if (best == Double.POSITIVE_INFINITY)
        {
            throw new BenchmarkException("the guest did not report '" + name + "'");
        }
        return best;
    }

    /** Whole lines only: the last may still grow. */
    private void read() throws IOException
    {
        final String text = text();
        int end;
        while ((end = text.indexOf('\n', taken)) >= 0)
        {
            final GuestReport report = GuestReport.parse(text.substring(taken, end).strip());
            taken = end + 1;
            if (report != null)
            {
                reports.add(report);
            }
        }
    }

    private String text() throws IOException
    {
        return Files.exists(console) ? Files.readString(console, StandardCharsets.ISO_8859_1) : "";
    }
}
