package io.xenolith.benchmarks.hypercall;

import static io.xenolith.shm.abi.Hypercall.XEN_VERSION;

import io.xenolith.benchmarks.Benchmark;
import io.xenolith.benchmarks.Scale;
import io.xenolith.benchmarks.machine.BenchmarkException;
import io.xenolith.benchmarks.machine.BenchmarkGuest;
import io.xenolith.benchmarks.machine.BenchmarkMachine;
import io.xenolith.benchmarks.machine.GuestReport;
import io.xenolith.hv.hypercall.Dispatcher;
import io.xenolith.hv.hypercall.XenVersion;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.VersionOp;
import io.xenolith.shm.hv.DomainRecord;

import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Hypercalls of a real x86 guest: served in the thread that trapped, against served by the hypervisor's process through the mailbox; beside
 * them the same handler called from Java, which shows what interpreting the guest and its trap costs.
 */
public final class HypercallBenchmark implements Benchmark
{
    private static final int ROUNDS = 8;
    private static final int TINY_ROUNDS = 2;
    private static final int IN_PLACE = 500_000;
    private static final int TINY_IN_PLACE = 200;
    private static final int PAIRS = 2_000;
    private static final int TINY_PAIRS = 10;

    @Override
    public void run(final Scale scale, final PrintStream out) throws Exception
    {
        final int rounds = scale.pick(ROUNDS, TINY_ROUNDS);
        final int inPlace = scale.pick(IN_PLACE, TINY_IN_PLACE);
        final int pairs = scale.pick(PAIRS, TINY_PAIRS);
        final List<GuestReport> reports;
        try (BenchmarkMachine machine = BenchmarkMachine.up())
        {
            final BenchmarkGuest guest = machine.create("calls", "mode=hypercall rounds=" + rounds + " count=" + inPlace + " across=" + pairs);
            machine.unpause(guest);
            reports = guest.rest();
        }
        final double version = BenchmarkGuest.best(reports, "version");
        final double send = BenchmarkGuest.best(reports, "send");
        final double across = BenchmarkGuest.best(reports, "unbound-close") / 2;
        final double handler = handler(rounds, inPlace);
        out.printf("hypercall: in place against across processes; ns for one call, best of %d rounds%n", rounds);
        out.printf("%-56s %12s %10s%n", "hypercall", "ns", "1 :");
        row(out, "xen_version, the handler alone, called from Java", handler, across / handler);
        row(out, "xen_version by a guest, in place", version, across / version);
        row(out, "event send to itself by a guest, in place", send, across / send);
        row(out, "alloc_unbound, close by a guest, in hypervisor's process", across, 1);
    }

    private static void row(final PrintStream out, final String name, final double ns, final double ratio)
    {
        out.printf("%-56s %12.1f %10.1f%n", name, ns, ratio);
    }

    /** Nanoseconds of a dispatched xen_version(XENVER_version), which asks nothing of its caller. */
    private static double handler(final int rounds, final int count) throws BenchmarkException
    {
        try (Arena arena = Arena.ofConfined())
        {
            final long record = arena.allocate(DomainRecord.LENGTH, Long.BYTES).address();
            final Dispatcher dispatcher = new Dispatcher(null, record).set(XEN_VERSION, new XenVersion(record, 0));
            double best = Double.POSITIVE_INFINITY;
            for (int round = 0; round < rounds; round++)
            {
                final long start = System.nanoTime();
                final long sum = call(dispatcher, count);
                best = Math.min(best, (double)(System.nanoTime() - start) / count);
                if (sum != (long)count * XenVersion.VERSION)
                {
                    throw new BenchmarkException("the handler of xen_version answers wrongly");
                }
            }
            if (Raw.getLong(record + DomainRecord.HYPERCALLS + XEN_VERSION * (long)Long.BYTES) != (long)rounds * count)
            {
                throw new BenchmarkException("the dispatcher has not counted every call");
            }
            return best;
        }
    }

    private static long call(final Dispatcher dispatcher, final int count)
    {
        long sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += dispatcher.call(XEN_VERSION, VersionOp.VERSION, 0, 0, 0, 0);
        }
        return sum;
    }
}
