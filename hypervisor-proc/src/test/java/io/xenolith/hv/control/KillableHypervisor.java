package io.xenolith.hv.control;

import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import java.nio.file.Path;

/** The hypervisor process of a {@link MachineRig}: all of the hypervisor but the care for other processes. */
public final class KillableHypervisor
{
    private KillableHypervisor()
    {
    }

    public static void main(final String[] args)
    {
        final Machine machine = Machine.attachDead(new MachineDir(Path.of(args[0])));
        MachineRig.serve(machine, new HypervisorCore(machine), () -> DomainProcess.poweredUp(machine.hv()));
    }
}
