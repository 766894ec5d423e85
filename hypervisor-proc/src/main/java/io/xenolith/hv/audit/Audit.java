package io.xenolith.hv.audit;

import io.xenolith.hv.sched.VcpuWaker;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.List;
import java.util.Locale;

/**
 * Recounts a machine and names what does not add up.
 *
 * <p>The audit only reads: it holds nobody up and may be killed at any time. The machine may therefore move while it is
 * looked at: a domain maps a frame between the look at the table and the look at the count. So nothing is a finding that is
 * not still there at later looks, with growing pauses between them, until the patience is used up; a running machine without
 * defects is clean after one or two looks. When no process of the machine is alive, two looks suffice, since nothing moves.
 *
 * <p>Which checks need stillness to be exact, and are otherwise decided by repetition: all counts (references, types, pages),
 * grants and their flags, ports being bound, physical CPUs being handed over, mailboxes, the intent record. Which are exact at
 * any time: owners and incarnations, entries of validated tables, impossible states.
 *
 * <p>Table of contents: {@link #look}.
 */
public final class Audit {
    /** Nothing is reported that vanishes within this time. A process that died is replaced or reaped in less. */
    public static final long DEFAULT_PATIENCE_NS = 1_500_000_000L;

    private static final long FIRST_PAUSE_NS = 2_000_000L;
    private static final int LOOKS = 20;
    private static final long LONGEST_PAUSE_NS = 200_000_000L;

    private Audit() {
    }

    /**
     * Audits a machine.
     *
     * @param machine the machine.
     * @return what was found, empty when everything adds up.
     */
    public static List<Finding> run(final Machine machine) {
        return run(machine, DEFAULT_PATIENCE_NS);
    }

    /**
     * Audits a machine.
     *
     * @param machine    the machine.
     * @param patienceNs how long a suspicion is looked at again before it is a finding, nanoseconds.
     * @return what was found, empty when everything adds up.
     */
    public static List<Finding> run(final Machine machine, final long patienceNs) {
        final long end = System.nanoTime() + patienceNs;
        long pause = FIRST_PAUSE_NS;
        final Findings suspicions = lookUntilWhole(machine);
        while (!suspicions.isEmpty()) {
            sleep(pause);
            final boolean still = Stillness.of(machine);
            suspicions.confirmBy(lookUntilWhole(machine));
            if (still || System.nanoTime() - end >= 0) {
                break;
            }
            pause = Math.min(pause * 2, LONGEST_PAUSE_NS);
        }
        return suspicions.list();
    }

    /** A domain that is released while it is looked at takes the ground away from the look, which then begins again. */
    private static Findings lookUntilWhole(final Machine machine) {
        for (int i = 1;; i++) {
            try {
                return look(machine);
            }
            catch (final IndexOutOfBoundsException e) {
                if (i == LOOKS) {
                    throw e;
                }
                sleep(FIRST_PAUSE_NS * i);
            }
        }
    }

    private static void sleep(final long ns) {
        try {
            Thread.sleep(ns / 1_000_000, (int)(ns % 1_000_000));
        }
        catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Lets a machine go on that was stopped for a broken invariant, if nothing else is wrong with it (crash rule 5).
     *
     * @param machine the machine.
     * @return whether it was stopped for that reason, and runs again.
     */
    public static boolean clearStop(final Machine machine) {
        final long stopped = machine.hv().header() + Header.STOPPED;
        final int why = Raw.getIntVolatile(stopped);
        if (why != Header.STOP_INVARIANT && why != Header.STOP_AUDIT) {
            return false;
        }
        for (final Finding f : run(machine)) {
            if (f.kind() != FindingKind.MACHINE_STOPPED) {
                return false;
            }
        }
        if (!Raw.casInt(stopped, why, Header.STOP_NONE)) {
            return false;
        }
        final VcpuWaker waker = new VcpuWaker(machine);
        for (final DomainView d : new View(machine).domains) {
            for (int v = 0; v < d.vcpus(); v++) {
                waker.attend(d.vcpu(v), VcpuRecord.ATTENTION_PAUSE);
            }
        }
        return true;
    }

    /** One look at everything. */
    static Findings look(final Machine machine) {
        final View view = new View(machine);
        final PinIndex pins = new PinIndex(view);
        new MachineAudit(view).run();       // STOPPED, intent record, toolstack slots
        new MailboxAudit(view).run();       // requests to the hypervisor process
        new FrameScan(view, pins).run();    // owners, states, free frames, locks
        new M2pAudit(view).run();           // both machine-to-physical tables
        new DomainAudit(view).run();        // domain records, totals, shared frames, magazines
        new CountAudit(view, pins).run();   // references and types against tables and records
        new GrantAudit(view).run();         // pins, and flags of grant entries
        new PortAudit(view).run();          // halves of connections, virtual interrupts
        new EventAudit(view).run();         // events on their way
        new VcpuAudit(view).run();          // vCPU records, physical CPUs
        return view.findings;
    }

    /**
     * The text of a report.
     *
     * @param findings what {@link #run} returned.
     * @param json     whether as JSON lines, which are none when the machine is clean.
     * @return lines, each with its end.
     */
    public static String report(final List<Finding> findings, final boolean json) {
        if (findings.isEmpty()) {
            return json ? "" : "clean\n";
        }
        final StringBuilder out = new StringBuilder();
        for (final Finding f : findings) {
            out.append(json ? f.toJson() : f.toString()).append('\n');
        }
        if (!json) {
            out.append(String.format(Locale.ROOT, "%d finding%s%n", findings.size(), findings.size() == 1 ? "" : "s"));
        }
        return out.toString();
    }
}
