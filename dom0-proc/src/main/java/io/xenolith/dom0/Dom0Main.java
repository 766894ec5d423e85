package io.xenolith.dom0;

import io.xenolith.hv.control.HypervisorWatch;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.LockFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.hv.Header;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The main program of dom0's process: {@code Dom0Main MACHINE-DIRECTORY}. Started by the hypervisor, and again by
 * whoever finds it dead.
 *
 * <p>Exit codes: 0 the machine was switched off, 1 it cannot be reached, 2 dom0 runs already, 70 an error in dom0.
 */
public final class Dom0Main {
    private static final int EXIT_NO_MACHINE = 1;
    private static final int EXIT_RUNS_ALREADY = 2;
    private static final int EXIT_BUG = 70;

    private Dom0Main() {
    }

    /** @param args the machine's directory */
    public static void main(final String[] args) {
        try {
            final MachineDir dir = args.length > 0 ? new MachineDir(Path.of(args[0])) : MachineDir.defaultDir();
            final Machine machine = Machine.attachDead(dir);
            final LockFile lock = LockFile.tryAcquire(dir.lock("dom0"));
            if (lock == null) {
                System.err.println("dom0 runs already.");
                System.exit(EXIT_RUNS_ALREADY);
            }
            final long header = machine.hv().header();
            KillPoint.hit(KillPoint.DOMAIN_BEFORE_PID);
            ProcessIdentity.self().write(header + Header.DOM0_PID, header + Header.DOM0_START);
            final Dom0 dom0 = new Dom0(machine, HypervisorWatch.start(machine));
            dom0.start();
            dom0.run();
            lock.close();
            System.exit(0);
        } catch (final MachineException e) {
            System.err.println(e.sentence());
            System.exit(EXIT_NO_MACHINE);
        } catch (final IOException e) {
            System.err.println("dom0 cannot start: " + e.getMessage());
            System.exit(EXIT_NO_MACHINE);
        } catch (final Throwable t) {
            // Half-done work in a live process: the journal knows what was true (crash rule 5).
            t.printStackTrace();
            Runtime.getRuntime().halt(EXIT_BUG);
        }
    }
}
