package io.xenolith.hv.control;

import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A machine in a temporary directory whose mailboxes are served by a thread of this process, with the hypervisor's own handlers.
 * No process is recorded in it, so that nothing in it counts as alive.
 */
public final class InProcessHypervisor implements AutoCloseable {
    private final MachineDir dir;
    private final Machine machine;
    private final Reaper reaper;
    private final MailboxServer mailboxes;
    private Thread server;
    private volatile boolean over;

    /** Makes the machine. @param bytes of memory. @param pcpus physical CPUs. */
    public InProcessHypervisor(final long bytes, final int pcpus) throws IOException {
        dir = new MachineDir(Files.createTempDirectory(Path.of("/dev/shm"), "xenolith-test"));
        machine = Machine.create(dir, new MachineOptions(bytes, pcpus, MachineOptions.DEFAULT_TSC_FREQUENCY, "test"));
        Power.fill(machine);
        machine.publish();
        final FrameHeap heap = new FrameHeap(machine);
        final PortOps ports = new PortOps(machine);
        mailboxes = new MailboxServer(machine.hv());
        ports.registerWith(mailboxes);
        new FrameOps(machine, heap).registerWith(mailboxes);
        new GrantOps(machine, heap).registerWith(mailboxes);
        new DomainOps(machine, heap).registerWith(mailboxes);
        reaper = new Reaper(machine, heap, ports);
        startServing();
    }

    /** Serves mailboxes, as it does from the beginning, until {@link #stopServing}. */
    public void startServing() {
        over = false;
        server = new Thread(this::serve, "mailboxes");
        server.setDaemon(true);
        server.start();
    }

    private void serve() {
        while (!over) {
            if (mailboxes.serve() == 0) {
                Thread.onSpinWait();
                Thread.yield();
            }
        }
    }

    /** @return the machine. */
    public Machine machine() {
        return machine;
    }

    /** Stops serving, so that mailboxes and intent record stay as a test writes them. */
    public void stopServing() throws InterruptedException {
        over = true;
        server.join();
    }

    /** Sweeps dying domains as far as possible. @return how many are gone. */
    public int reap() {
        return reaper.reap();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        stopServing();
        dir.delete();
    }
}
