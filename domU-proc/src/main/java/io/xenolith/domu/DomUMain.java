package io.xenolith.domu;

import io.xenolith.hv.control.DomainProcess;
import io.xenolith.hv.control.Domains;
import io.xenolith.hv.control.LocalHypervisor;
import io.xenolith.hv.control.Restarter;
import io.xenolith.hv.control.Spawner;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.pv.InitialContext;
import io.xenolith.hv.pv.PvDomain;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.hv.sched.VcpuBringUp;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The process of one domain: {@code DomUMain <machine directory> <domid>}.
 *
 * <p>Exit codes: 0 the domain shut down and was taken down; {@link DomainProcess#EXIT_NOT_NEEDED} another process has the post or
 * the domain is gone; 1 the machine cannot be used; {@link VcpuThread#EXIT_DEFECT} a defect of ours.
 */
public final class DomUMain implements VcpuBringUp {
    private static final long LOOK_AGAIN_NS = 1_000_000_000L;

    private final Machine machine;
    private final PvDomain domain;
    private final LocalHypervisor hypervisor;
    private final VcpuThread[] threads;

    private DomUMain(final Machine machine, final int domid) {
        this.machine = machine;
        final Restarter restarter = new Restarter(machine, new Spawner());
        hypervisor = new LocalHypervisor(machine, domid, restarter::restartIfDead, this);
        domain = new PvDomain(machine, domid, hypervisor);
        threads = new VcpuThread[domain.vcpuCount()];
    }

    /** @param args machine directory and domid. */
    public static void main(final String[] args) {
        System.exit(run(args));
    }

    private static int run(final String[] args) {
        if (args.length != 2) {
            System.err.println("usage: DomUMain <machine directory> <domid>");
            return 2;
        }
        try {
            final int domid = Integer.parseInt(args[1]);
            final Machine machine = Machine.attach(new MachineDir(Path.of(args[0])));
            if (!DomainProcess.enter(machine, domid)) {
                return DomainProcess.EXIT_NOT_NEEDED;
            }
            return new DomUMain(machine, domid).live();
        }
        catch (final MachineException | IOException | NumberFormatException e) {
            System.err.println(e.getMessage());
            return 1;
        }
        catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private int live() throws InterruptedException {
        prepare(0, true).startOnce();
        for (;;) {
            for (final VcpuThread thread : snapshot()) {
                if (thread != null) {
                    thread.join();
                }
            }
            if (Domains.state(domain.record()) >= DomainRecord.STATE_SHUTDOWN || destroyed()) {
                awaitTakeDown();
                return 0;
            }
        }
    }

    private synchronized VcpuThread[] snapshot() {
        return threads.clone();
    }

    private synchronized VcpuThread prepare(final int id, final boolean first) {
        final PvVcpu vcpu = domain.makeVcpu(id);
        threads[id] = new VcpuThread(hypervisor, vcpu, first);
        return threads[id];
    }

    private synchronized void forget(final int id) {
        threads[id] = null;
    }

    private boolean destroyed() {
        return Domains.incarnation(domain.record()) != domain.incarnation()
            || Raw.getInt(domain.record() + DomainRecord.DESTROY) != 0;
    }

    /** A domain that has shut down keeps its memory, and its process, until the toolstack takes it down. */
    private void awaitTakeDown() {
        final long bell = machine.hv().vcpu(domain.slot(), 0) + VcpuRecord.DOORBELL;
        while (Domains.state(domain.record()) == DomainRecord.STATE_SHUTDOWN && !destroyed()) {
            Doorbell.await(bell, Doorbell.value(bell), LOOK_AGAIN_NS);
        }
    }

    // ---- further vCPUs

    @Override
    public int initialise(final Caller caller, final int vcpu) {
        if (threads[vcpu] != null) {
            return -Errno.EEXIST;
        }
        prepare(vcpu, false);
        final int result = new InitialContext(domain.vcpu(vcpu)).acquire();
        if (result != 0) {
            forget(vcpu);
        }
        return result;
    }

    @Override
    public void start(final int vcpu) {
        final VcpuThread thread = threads[vcpu];
        if (thread != null) {
            thread.startOnce();
        }
    }

    @Override
    public int sendNmi(final int vcpu) {
        final PvVcpu target = domain.vcpu(vcpu);
        if (target == null) {
            return -Errno.EINVAL;
        }
        target.environment().raiseNmi();
        return 0;
    }
}
