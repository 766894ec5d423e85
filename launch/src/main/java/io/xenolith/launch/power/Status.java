package io.xenolith.launch.power;

import com.fasterxml.jackson.jr.ob.JSON;
import io.xenolith.dom0.toolstack.ToolstackClient;
import io.xenolith.hv.control.DomainProcess;
import io.xenolith.launch.CommandFailure;
import io.xenolith.launch.MachineChoice;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code xenolith status}: the machine's processes. */
@Command(name = "status", description = "Shows the machine's processes.")
public final class Status implements Callable<Integer>
{
    @Option(names = "--pid", paramLabel = "NAME", description = "Only the process id of this one: hypervisor, dom0 or a domain's name.")
    String wanted;

    @Option(names = "--json", description = "As JSON.")
    boolean json;

    @Override
    public Integer call() throws IOException
    {
        final Machine machine = MachineChoice.fromEnvironment().machine();
        final Map<String, Long> processes = processes(machine);
        if (wanted != null)
        {
            if (!processes.containsKey(wanted))
            {
                throw new CommandFailure("there is no process of the name '" + wanted + "'; there are " + String.join(", ", processes.keySet()));
            }
            System.out.println(processes.get(wanted));
        }
        else if (json)
        {
            System.out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(Map.of("directory", machine.dir().path().toString(), "processes", processes)));
        }
        else
        {
            print(machine, processes);
        }
        return 0;
    }

    private static Map<String, Long> processes(final Machine machine)
    {
        final Map<String, Long> processes = new LinkedHashMap<>();
        processes.put("hypervisor", (long)DomainProcess.hypervisor(machine.hv()).pid());
        processes.put("dom0", (long)DomainProcess.dom0(machine.hv()).pid());
        try (ToolstackClient dom0 = ToolstackClient.open(machine, () -> { }))
        {
            if (dom0.call("list", Map.of()).get("domains") instanceof final List<?> rows)
            {
                rows.forEach(row -> addGuest(processes, (Map<?, ?>)row));
            }
        }
        return processes;
    }

    private static void addGuest(final Map<String, Long> processes, final Map<?, ?> row)
    {
        if (((Number)row.get("domid")).intValue() != 0 && row.get("pid") instanceof final Number pid && pid.longValue() != 0)
        {
            processes.put((String)row.get("name"), pid.longValue());
        }
    }

    private static void print(final Machine machine, final Map<String, Long> processes)
    {
        final long header = machine.hv().header();
        System.out.printf("machine    %s, %d MiB, %d CPUs, epoch %d%n", machine.dir().path(), Raw.getLong(header + Header.FRAMES) >> 8,
            Raw.getInt(header + Header.PCPUS), Raw.getLong(header + Header.EPOCH));
        if (Raw.getInt(header + Header.STOPPED) != Header.STOP_NONE)
        {
            System.out.println("stopped    an invariant of shared state is broken; see 'xenolith audit' and " + machine.dir().logs());
        }
        System.out.printf("%-24s %8s %12s%n", "process", "pid", "memory/MiB");
        processes.forEach((name, pid) -> System.out.printf("%-24s %8d %12s%n", name, pid, residentMiB(pid)));
    }

    private static String residentMiB(final long pid)
    {
        try
        {
            final long pages = Long.parseLong(Files.readString(Path.of("/proc/" + pid + "/statm")).split(" ")[1]);
            return Long.toString(pages * 4096 >> 20);
        }
        catch (final IOException e)
        {
            return "-";
        }
    }
}
