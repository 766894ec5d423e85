package io.xenolith.launch.power;

import io.xenolith.hv.control.Power;
import io.xenolith.hv.control.Spawner;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code xenolith up}: makes the machine and waits until its hypervisor and dom0 serve. */
@Command(name = "up", description = "Makes a machine and switches it on.")
public final class Up implements Callable<Integer>
{
    private static final long MIB = 1 << 20;
    private static final long MOST_BY_DEFAULT_MIB = 4096;

    @Option(names = {"-m", "--memory"}, paramLabel = "MIB", description = "Machine memory; by default half of what is free in the directory's file system, at most 4096.")
    Long memoryMiB;

    @Option(names = "--cpus", paramLabel = "N", description = "Physical CPUs; by default as many as the host has.")
    Integer cpus;

    @Override
    public Integer call() throws IOException
    {
        final MachineDir directory = MachineDir.defaultDir();
        final long mib = memoryMiB != null ? memoryMiB : defaultMemory(directory.path());
        final MachineOptions options = new MachineOptions(mib * MIB, cpus != null ? cpus : Runtime.getRuntime().availableProcessors(),
            MachineOptions.DEFAULT_TSC_FREQUENCY, buildId());
        final Machine machine = Power.up(directory, options, new Spawner());
        System.out.println("The machine is up: " + mib + " MiB in " + machine.dir().path());
        return 0;
    }

    private static String buildId()
    {
        final String version = Up.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    private static long defaultMemory(final Path path) throws IOException
    {
        Path existing = path;
        while (!Files.exists(existing))
        {
            existing = existing.getParent();
        }
        return Math.clamp(Files.getFileStore(existing).getUsableSpace() / MIB / 2, MachineOptions.MIN_MEMORY / MIB, MOST_BY_DEFAULT_MIB);
    }
}
