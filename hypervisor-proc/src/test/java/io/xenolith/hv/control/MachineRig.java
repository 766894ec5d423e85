package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.Events;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineOptions;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A machine in a temporary directory. This process plays domain 0; the hypervisor's part is played by a thread of this process ({@link
 * #serveInProcess}) or by a child process that can be killed ({@link #serveByChild}).
 */
public final class MachineRig implements AutoCloseable
{
    private static final long MEMORY = 32L << 20;

    public final MachineDir dir;
    public final Machine machine;
    public final HypervisorFile hv;
    public final MailboxClient mailbox;
    public final Domctl domctl;
    public final Events events;
    public final EventChannels channels;
    public final GrantPins pins;
    private volatile boolean serving;
    private Thread server;
    private Process child;
    private int childStarts;

    public MachineRig() throws IOException
    {
        this(2);
    }

    public MachineRig(final int pcpus) throws IOException
    {
        final Path base = Path.of("/dev/shm");
        dir = new MachineDir(Files.createTempDirectory(base, "xenolith-test-"));
        machine = Machine.create(
            dir, new MachineOptions(MEMORY, pcpus, MachineOptions.DEFAULT_TSC_FREQUENCY, "test"));
        Power.fill(machine);
        machine.publish();
        hv = machine.hv();
        mailbox = new MailboxClient(machine, 0, this::reviveChild);
        domctl = new Domctl(machine, mailbox);
        events = new Events(machine, 0, mailbox);
        channels = new EventChannels(machine);
        pins = new GrantPins(machine, 0);
    }

    /** Serves by a thread of this process. */
    public MachineRig serveInProcess()
    {
        final HypervisorCore core = new HypervisorCore(machine);
        serving = true;
        server = Thread.ofPlatform().daemon(true).name("hypervisor").start(() -> serve(machine, core, () -> serving));
        return this;
    }

    /** Serves until told otherwise. */
    static void serve(
        final Machine machine, final HypervisorCore core, final java.util.function.BooleanSupplier go)
    {
        core.recover();
        final long bell = machine.hv().header() + Header.HYPERVISOR_DOORBELL;
        while (go.getAsBoolean())
        {
            final int seen = Doorbell.value(bell);
            if (core.serveMailboxes() + core.reapDomains() == 0)
            {
                Doorbell.await(bell, seen, 20_000_000L);
            }
        }
    }

    /** Serves by a child process that kills itself at a kill point; {@code ""} for none. */
    public MachineRig serveByChild(final String kill) throws IOException
    {
        child = spawn(KillableHypervisor.class, kill, dir.path().toString());
        childStarts = 1;
        return this;
    }

    /** Starts a child JVM with a kill point armed. */
    public Process spawn(final Class<?> main, final String kill, final String... args) throws IOException
    {
        final java.util.List<String> flags = kill.isEmpty() ?
            java.util.List.of("-Xmx64m") : java.util.List.of("-Xmx64m", "-Dxenolith.kill=" + kill);
        return new Spawner().start(main.getName(), dir.logs().resolve(main.getSimpleName() + ".log"), flags, args);
    }

    private synchronized void reviveChild()
    {
        if (child != null && !child.isAlive())
        {
            try
            {
                child = spawn(KillableHypervisor.class, "", dir.path().toString());
                childStarts++;
            }
            catch (final IOException e)
            {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    /** Whether the armed child killed itself. */
    public boolean childDied()
    {
        return childStarts > 1 || !child.isAlive();
    }

    /** Has a living child, whatever happened. */
    public void ensureChild()
    {
        reviveChild();
    }

    /** A 32-bit domain that has left its builder's hands. */
    public int domain(final int frames) throws DomctlException
    {
        final int domid = domctl.create(false, frames + 64, 2, UUID.randomUUID());
        domctl.populate(domid, frames);
        domctl.unpause(domid);
        return domid;
    }

    public long record(final int domid)
    {
        return hv.domain(DomainRecord.slot(domid));
    }

    /** Waits until a domain is gone from the table. */
    public void awaitGone(final int domid) throws InterruptedException
    {
        final Domains domains = new Domains(machine);
        for (int i = 0; domains.record(domid) != 0; i++)
        {
            if (i == 2000)
            {
                throw new AssertionError("domain not gone: domid=" + domid);
            }
            Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
            reviveChild();
            Thread.sleep(10);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException
    {
        serving = false;
        Raw.putInt(hv.header() + Header.POWER, Header.POWER_GOING_DOWN);
        Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
        if (server != null)
        {
            server.join();
        }
        if (child != null)
        {
            child.destroyForcibly().waitFor();
        }
        dir.delete();
    }
}
