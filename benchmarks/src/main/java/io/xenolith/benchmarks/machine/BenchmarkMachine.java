package io.xenolith.benchmarks.machine;

import io.xenolith.dom0.toolstack.ToolstackClient;
import io.xenolith.guests.BenchmarkKernel;
import io.xenolith.hv.control.DomainProcess;
import io.xenolith.hv.control.Power;
import io.xenolith.hv.control.Spawner;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.MachineOptions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A machine of its own for one benchmark: hypervisor and dom0 as always, each guest in its own process. */
public final class BenchmarkMachine implements AutoCloseable
{
    private static final long MEMORY = 128L << 20;
    private static final long GUEST_MIB = 16;

    private final Path base;
    private final MachineDir directory;
    private final Machine machine;
    private final ToolstackClient toolstack;
    private final Path kernel;
    /** The machine's processes have sessions of their own, so Ctrl-C reaches only us. */
    private final Thread interrupted = new Thread(this::removeQuietly, "bench-remove");

    private BenchmarkMachine(final Path base, final Path kernel, final MachineDir directory, final Machine machine)
    {
        this.base = base;
        this.kernel = kernel;
        this.directory = directory;
        this.machine = machine;
        toolstack = ToolstackClient.open(machine, () -> { });
        Runtime.getRuntime().addShutdownHook(interrupted);
    }

    /** Powers a machine up below /dev/shm. */
    public static BenchmarkMachine up() throws IOException, BenchmarkException
    {
        final Path base = Files.createTempDirectory(Path.of("/dev/shm"), "xenolith-bench-");
        final MachineDir directory = new MachineDir(base.resolve("machine"));
        final MachineOptions options = new MachineOptions(MEMORY, Runtime.getRuntime().availableProcessors(), MachineOptions.DEFAULT_TSC_FREQUENCY, "bench");
        final Path kernel = Files.write(base.resolve("kernel.elf"), BenchmarkKernel.image());
        try
        {
            return new BenchmarkMachine(base, kernel, directory, Power.up(directory, options, new Spawner()));
        }
        catch (final MachineException e)
        {
            delete(base);
            throw new BenchmarkException(e.sentence());
        }
    }

    /** Where a benchmark may put files; gone with the machine. */
    public Path files()
    {
        return base;
    }

    public Machine machine()
    {
        return machine;
    }

    public long dom0Pid()
    {
        return DomainProcess.dom0(machine.hv()).pid();
    }

    public long hypervisorPid()
    {
        return DomainProcess.hypervisor(machine.hv()).pid();
    }

    /** Makes a guest of the benchmark kernel, paused. */
    public BenchmarkGuest create(final String name, final String commandLine, final String... disks) throws BenchmarkException
    {
        final Map<String, Object> request = new HashMap<>();
        request.put("name", name);
        request.put("kernel", kernel.toString());
        request.put("directory", base.toString());
        request.put("cmdline", commandLine);
        request.put("memory", GUEST_MIB);
        request.put("disk", List.of(disks));
        request.put("paused", true);
        final int domid = ((Number)call("create", request).get("domid")).intValue();
        return new BenchmarkGuest(name, domid, directory.console().resolve("guest-" + name + ".log"));
    }

    public void unpause(final BenchmarkGuest guest) throws BenchmarkException
    {
        call("unpause", Map.of("domain", guest.name()));
    }

    /** The process of a guest that has run already. */
    public long pid(final BenchmarkGuest guest) throws BenchmarkException
    {
        for (final Object row : (List<?>)call("list", Map.of()).get("domains"))
        {
            if (row instanceof final Map<?, ?> domain && domain.get("domid") instanceof final Number number && number.intValue() == guest.domid() &&
                domain.get("pid") instanceof final Number pid && pid.longValue() != 0)
            {
                return pid.longValue();
            }
        }
        throw new BenchmarkException("the guest " + guest.name() + " has no process");
    }

    private Map<String, Object> call(final String operation, final Map<String, Object> arguments) throws BenchmarkException
    {
        final Map<String, Object> answer = toolstack.call(operation, arguments);
        if (answer.get("error") instanceof final String sentence)
        {
            throw new BenchmarkException(sentence);
        }
        return answer;
    }

    @Override
    public void close() throws IOException
    {
        Runtime.getRuntime().removeShutdownHook(interrupted);
        toolstack.close();
        remove();
    }

    private void removeQuietly()
    {
        try
        {
            remove();
        }
        catch (final IOException | MachineException e)
        {
            System.err.println("bench: the machine in " + base + " is left behind: " + e.getMessage());
        }
    }

    private void remove() throws IOException
    {
        Power.down(directory);
        delete(base);
    }

    private static void delete(final Path tree) throws IOException
    {
        try (Stream<Path> paths = Files.walk(tree))
        {
            for (final Path path : paths.sorted(Comparator.reverseOrder()).toList())
            {
                Files.delete(path);
            }
        }
    }
}
