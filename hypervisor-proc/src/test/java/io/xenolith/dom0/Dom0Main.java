package io.xenolith.dom0;

import io.xenolith.hv.control.DomainProcess;
import io.xenolith.hv.control.HypervisorWatch;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import java.nio.file.Path;

/** Stands in for domain 0's program in tests of the hypervisor alone: it takes up its post and watches the hypervisor. */
public final class Dom0Main
{
    private Dom0Main()
    {
    }

    public static void main(final String[] args) throws Exception
    {
        final Machine machine = Machine.attachDead(new MachineDir(Path.of(args[0])));
        if (!DomainProcess.enter(machine, 0))
        {
            System.exit(DomainProcess.EXIT_NOT_NEEDED);
        }
        HypervisorWatch.start(machine);
        Thread.sleep(Long.MAX_VALUE);
    }
}
