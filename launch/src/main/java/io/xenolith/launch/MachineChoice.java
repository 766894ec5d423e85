package io.xenolith.launch;

import io.xenolith.dom0.toolstack.ToolstackClient;
import io.xenolith.hv.control.Restarter;
import io.xenolith.hv.control.Spawner;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;

/**
 * The machine a command means: the directory in {@code XENOLITH_DIR}, else this user's default one. A command that finds the
 * hypervisor's or dom0's process dead has them restarted before it goes on.
 */
public final class MachineChoice
{
    private final MachineDir directory;

    private MachineChoice(final MachineDir directory)
    {
        this.directory = directory;
    }

    public static MachineChoice fromEnvironment()
    {
        return new MachineChoice(MachineDir.defaultDir());
    }

    public MachineDir directory()
    {
        return directory;
    }

    /** The machine, its hypervisor and dom0 alive. */
    public Machine machine()
    {
        final Machine machine = Machine.attachDead(directory);
        if (!restarter(machine).ensureAlive())
        {
            throw new CommandFailure("The machine in " + directory.path() + " is dead and does not restart; its logs are in " +
                directory.logs() + ". Clear it with 'xenolith down'.");
        }
        return machine;
    }

    /** A connection to the machine's dom0. */
    public ToolstackClient toolstack()
    {
        final Machine machine = machine();
        final Restarter restarter = restarter(machine);
        return ToolstackClient.open(machine, restarter::restartIfDead);
    }

    private static Restarter restarter(final Machine machine)
    {
        return new Restarter(machine, new Spawner());
    }
}
