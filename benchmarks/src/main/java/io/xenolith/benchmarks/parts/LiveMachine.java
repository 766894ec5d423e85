package io.xenolith.benchmarks.parts;

import io.xenolith.benchmarks.machine.BenchmarkGuest;
import io.xenolith.benchmarks.machine.BenchmarkMachine;
import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

import java.nio.file.Path;

/**
 * A running machine with one paused guest, found by system properties. The measuring process acts as one more thread of dom0: it sends on
 * a port that dom0 has with the guest, and pins what the guest has granted to dom0.
 */
@State(Scope.Benchmark)
public class LiveMachine
{
    static final String DIRECTORY = "xenolith.bench.machine";
    static final String DOMID = "xenolith.bench.domid";

    EventChannels channels;
    GrantPins pins;
    int domid;
    int sendPort;
    private long peer;

    /** The properties for {@link #attach}. */
    static String[] properties(final BenchmarkMachine machine, final BenchmarkGuest guest)
    {
        return new String[]{"-D" + DIRECTORY + "=" + machine.machine().dir().path(), "-D" + DOMID + "=" + guest.domid()};
    }

    @Setup(Level.Trial)
    public void attach()
    {
        final Machine machine = Machine.attach(new MachineDir(Path.of(System.getProperty(DIRECTORY))));
        domid = Integer.getInteger(DOMID);
        channels = new EventChannels(machine);
        pins = new GrantPins(machine, 0);
        findPort(machine);
    }

    /** A port of dom0 that is joined to one of the guest's, and the record of the guest's. */
    private void findPort(final Machine machine)
    {
        final HypervisorFile hv = machine.hv();
        final int limit = Raw.getInt(hv.domain(0) + DomainRecord.EVTCHN_HIGHEST);
        for (int port = 1; port < limit; port++)
        {
            final long binding = Raw.getLong(hv.evtchn(0, port) + EvtchnRecord.BINDING);
            if (EvtchnRecord.state(binding) == EvtchnRecord.STATE_INTERDOMAIN && EvtchnRecord.remote(binding) == domid)
            {
                sendPort = port;
                peer = hv.evtchn(DomainRecord.slot(domid), Raw.getInt(hv.evtchn(0, port) + EvtchnRecord.PEER)) + EvtchnRecord.BINDING;
                return;
            }
        }
        throw new IllegalStateException("dom0 has no port with domain " + domid);
    }

    /** Takes the event back, which the guest would do that does not run; false if there was none. */
    boolean takeEvent()
    {
        final long old = Raw.getLong(peer);
        final long taken = EvtchnRecord.binding(EvtchnRecord.state(old), EvtchnRecord.flags(old) & ~EvtchnRecord.FLAG_RAISED, EvtchnRecord.vcpu(old),
            EvtchnRecord.remote(old), EvtchnRecord.incarnation(old));
        return EventChannels.raised(old) && Raw.casLong(peer, old, taken);
    }
}
