package io.xenolith.benchmarks.event;

import io.xenolith.benchmarks.Benchmark;
import io.xenolith.benchmarks.Scale;
import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.benchmarks.machine.BenchmarkGuest;
import io.xenolith.benchmarks.machine.BenchmarkMachine;
import io.xenolith.benchmarks.machine.GuestReport;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/**
 * An event from one domain to another and back, against two bare processes that ring each other. Waiting is by sleeping (the guests block
 * and take an up-call, the processes sleep on the futex) or by spinning (on the pending bit, on the doorbell word).
 */
public final class EventBenchmark implements Benchmark
{
    private static final int SLEEPING_ROUNDS = 10;
    private static final int SLEEPING = 2_000;
    private static final int SPINNING_ROUNDS = 30;
    private static final int SPINNING = 10_000;
    private static final int TINY_ROUNDS = 2;
    private static final int TINY = 20;
    /** A domain's first ports are its xenstore's and its console's. */
    private static final int FIRST_FREE_PORT = 3;

    @Override
    public void run(final Scale scale, final PrintStream out) throws Exception
    {
        out.println("event: round trip between two domains against two processes ringing doorbells; ns, best of some rounds");
        out.printf("%-10s %14s %14s %10s%n", "waiting by", "domains", "processes", "ratio");
        row(out, "sleeping", false, scale.pick(SLEEPING_ROUNDS, TINY_ROUNDS), scale.pick(SLEEPING, TINY));
        row(out, "spinning", true, scale.pick(SPINNING_ROUNDS, TINY_ROUNDS), scale.pick(SPINNING, TINY));
    }

    private static void row(final PrintStream out, final String name, final boolean spin, final int rounds, final int count)
        throws IOException, InterruptedException, BenchmarkException
    {
        try (BenchmarkMachine machine = BenchmarkMachine.up())
        {
            final double processes = DoorbellPair.measure(machine.files(), spin, rounds, count);
            final double domains = domains(machine, spin, rounds, count);
            out.printf("%-10s %14.0f %14.0f %10.2f%n", name, domains, processes, domains / processes);
        }
    }

    /** The asking domain is made first, since a port is offered to a domain that exists; it starts when the port is there. */
    private static double domains(final BenchmarkMachine machine, final boolean spin, final int rounds, final int count)
        throws IOException, InterruptedException, BenchmarkException
    {
        final String work = " rounds=" + rounds + " count=" + count + (spin ? " spin" : "");
        final int answering = 2;
        final BenchmarkGuest ping = machine.create("ping", "mode=ping peer=" + answering + " port=" + FIRST_FREE_PORT + work);
        final BenchmarkGuest pong = machine.create("pong", "mode=pong peer=" + ping.domid() + work);
        machine.unpause(pong);
        final GuestReport listening = pong.next();
        if (pong.domid() != answering || listening.value("port") != FIRST_FREE_PORT)
        {
            throw new BenchmarkException("domain " + pong.domid() + " offers port " + listening.value("port") + ", and domain " + answering +
                " should offer " + FIRST_FREE_PORT);
        }
        machine.unpause(ping);
        final List<GuestReport> reports = ping.rest();
        pong.rest();
        return BenchmarkGuest.best(reports, "round-trip");
    }
}
