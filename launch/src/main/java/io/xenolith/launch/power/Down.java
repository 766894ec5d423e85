package io.xenolith.launch.power;

import io.xenolith.hv.control.Power;
import io.xenolith.shm.MachineDir;
import picocli.CommandLine.Command;

import java.util.concurrent.Callable;

/** {@code xenolith down}: ends every process of the machine, living or dead, and removes its files. */
@Command(name = "down", description = "Switches the machine off and removes it.")
public final class Down implements Callable<Integer>
{
    @Override
    public Integer call()
    {
        Power.down(MachineDir.defaultDir());
        return 0;
    }
}
