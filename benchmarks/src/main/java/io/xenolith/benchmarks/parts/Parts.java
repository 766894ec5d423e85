package io.xenolith.benchmarks.parts;

import static io.xenolith.shm.abi.Hypercall.XEN_VERSION;

import io.xenolith.hv.grant.GrantException;
import io.xenolith.hv.grant.PinnedGrant;
import io.xenolith.hv.hypercall.Dispatcher;
import io.xenolith.hv.hypercall.XenVersion;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.VersionOp;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

import java.util.concurrent.TimeUnit;

/** The operations. The first is the floor: one locked instruction on a private word. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Parts
{
    /** The builder grants the console's ring to dom0 under this reference. */
    private static final int CONSOLE_GRANT = 0;
    private static final int WAITER = 1;

    private final PrivateMemory memory = new PrivateMemory(1);
    private final long word = memory.addressOf(0);
    private final Dispatcher dispatcher = new Dispatcher(null, word).set(XEN_VERSION, new XenVersion(word, 0));

    /** One locked addition to a private word. */
    @Benchmark
    public int lockedAdd()
    {
        return Raw.getAndAddInt(word, 2);
    }

    /** A doorbell on which nobody sleeps. */
    @Benchmark
    public void ringNobody()
    {
        Doorbell.ring(word);
    }

    /** A doorbell that says somebody sleeps, so that the kernel is asked to wake them; nobody does. */
    @Benchmark
    public void ringThroughKernel()
    {
        Raw.putInt(word, Doorbell.value(word) | WAITER);
        Doorbell.ring(word);
    }

    /** From a hypercall's number to its handler and back. */
    @Benchmark
    public long dispatch()
    {
        return dispatcher.call(XEN_VERSION, VersionOp.VERSION, 0, 0, 0, 0);
    }

    /** An event from dom0 to a paused guest that has none, and the event taken back. */
    @Benchmark
    public void eventSend(final LiveMachine machine)
    {
        if (machine.channels.send(0, machine.sendPort) != 0 || !machine.takeEvent())
        {
            throw new IllegalStateException("the event was not delivered");
        }
    }

    /** A frame of a guest pinned and let go. */
    @Benchmark
    public long pinUnpin(final LiveMachine machine) throws GrantException
    {
        final PinnedGrant pinned = machine.pins.pin(machine.domid, CONSOLE_GRANT, false);
        machine.pins.unpin(pinned);
        return pinned.address();
    }
}
