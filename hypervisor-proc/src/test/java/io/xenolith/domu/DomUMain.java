package io.xenolith.domu;

import io.xenolith.hv.control.DomainProcess;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import java.nio.file.Path;

/** Stands in for a domU's program in tests of the hypervisor alone: it takes up its post and sleeps. */
public final class DomUMain
{
    private DomUMain()
    {
    }

    public static void main(final String[] args) throws Exception
    {
        final Machine machine = Machine.attachDead(new MachineDir(Path.of(args[0])));
        if (!DomainProcess.enter(machine, Integer.parseInt(args[1])))
        {
            System.exit(DomainProcess.EXIT_NOT_NEEDED);
        }
        Thread.sleep(Long.MAX_VALUE);
    }
}
