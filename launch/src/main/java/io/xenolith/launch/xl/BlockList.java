package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.util.List;
import java.util.Map;

/** {@code xl block-list}. */
@Command(name = "block-list", description = "Lists the virtual disks of domains.")
public final class BlockList extends Dom0Command
{
    @Parameters(arity = "1..*", paramLabel = "DOMAIN", description = "Ids or names.")
    List<String> domains;

    @Override
    protected void run(final Dom0 dom0)
    {
        System.out.printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s%n", "Vdev", "BE", "handle", "state", "evt-ch", "ring-ref", "BE-path");
        for (final String domain : domains)
        {
            Dom0.rows(dom0.call("block-list", Map.of("domain", domain)), "disks").forEach(disk ->
                System.out.printf("%-5d %-3d %-6d %-5d %-6d %-8d %-30s%n",
                    Dom0.number(disk, "vdev"), Dom0.number(disk, "backend-id"), Dom0.number(disk, "handle"), Dom0.number(disk, "state"),
                    Dom0.number(disk, "event-channel"), Dom0.number(disk, "ring-ref"), disk.get("backend")));
        }
    }
}
