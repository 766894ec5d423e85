package io.xenolith.domu;

import io.xenolith.hv.control.LocalHypervisor;
import io.xenolith.hv.pv.CrashReport;
import io.xenolith.hv.pv.InitialContext;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.hv.sched.VcpuRunner;

/**
 * The thread of one vCPU: waits until it may run, gives the CPU its initial state, and runs guest code until the domain ends.
 *
 * <p>A Throwable that leaves the hypervisor's code in this thread is a half-done hypercall in a live process: the process halts at
 * once and is reaped as if it had been killed (crash rule 5).
 */
final class VcpuThread implements Runnable {
    /** Exit code after a defect of ours. */
    static final int EXIT_DEFECT = 70;

    private final PvVcpu vcpu;
    private final VcpuRunner runner;
    private final boolean first;
    private final Thread thread;

    VcpuThread(final LocalHypervisor hypervisor, final PvVcpu vcpu, final boolean first) {
        this.vcpu = vcpu;
        this.first = first;
        runner = hypervisor.runner(vcpu, number -> CrashReport.dumpRegisters(vcpu));
        vcpu.environment().gate(LocalHypervisor.gate(runner));
        thread = Thread.ofPlatform().name("vcpu-" + vcpu.vcpu()).unstarted(this);
    }

    /** Starts the thread, unless it has been started: a vCPU that goes down and comes up again keeps its thread. */
    synchronized void startOnce() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    /** Waits for its end. */
    void join() throws InterruptedException {
        thread.join();
    }

    @Override
    public void run() {
        try {
            live();
            runner.stop();
        }
        catch (final Throwable defect) {
            System.err.println("vcpu " + vcpu.vcpu() + " of domain " + vcpu.domid() + ": halting after a defect");
            defect.printStackTrace();
            Runtime.getRuntime().halt(EXIT_DEFECT);
        }
    }

    private void live() {
        vcpu.bindThread();
        vcpu.environment().serve(runner.start());
        if (vcpu.environment().stopped()) {
            return;
        }
        final InitialContext context = new InitialContext(vcpu);
        if (first && !acquired(context.acquireFirst())) {
            return;
        }
        context.apply();
        guest();
    }

    private boolean acquired(final int result) {
        if (result == 0) {
            return true;
        }
        try {
            vcpu.crash("the initial page tables or descriptors are not acceptable: error " + result);
        }
        catch (final io.xenolith.hv.pv.DomainCrash crash) {
            // the report is written
        }
        return false;
    }

    private void guest() {
        while (!vcpu.environment().stopped()) {
            vcpu.environment().resume();
            if (!vcpu.environment().stopped()) {
                vcpu.cpu().run();
            }
        }
    }
}
