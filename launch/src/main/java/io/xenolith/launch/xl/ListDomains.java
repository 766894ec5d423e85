package io.xenolith.launch.xl;

import com.fasterxml.jackson.jr.ob.JSON;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code xl list}: the table Xen's users know, or with {@code -l} the configurations as JSON. */
@Command(name = "list", aliases = {"ls", "vm-list"}, description = "Lists the domains.")
public final class ListDomains extends Dom0Command
{
    @Option(names = {"-l", "--long"}, description = "The whole configuration, as JSON.")
    boolean details;

    @Option(names = {"-v", "--verbose"}, description = "Also UUID, reason of shutdown and label.")
    boolean more;

    @Parameters(arity = "0..1", paramLabel = "DOMAIN", description = "Only this one.")
    String domain;

    @Override
    protected void run(final Dom0 dom0) throws IOException
    {
        final Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("long", details);
        if (domain != null)
        {
            arguments.put("domain", domain);
        }
        final List<Map<String, Object>> domains = Dom0.rows(dom0.call("list", arguments), "domains");
        if (details)
        {
            System.out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(domains));
            return;
        }
        System.out.println("Name                                        ID   Mem VCPUs\tState\tTime(s)" +
            (more ? "   UUID                            Reason-Code\tSecurity Label" : ""));
        domains.forEach(this::print);
    }

    private void print(final Map<String, Object> row)
    {
        System.out.printf("%-40s %5d %5d %5d     %6s  %8.1f",
            row.get("name"), Dom0.number(row, "domid"), Dom0.number(row, "mem"), Dom0.number(row, "vcpus"), row.get("state"),
            row.get("time") instanceof final Number seconds ? seconds.doubleValue() : 0);
        if (more)
        {
            System.out.printf(" %s %8s %16s", row.get("uuid"), row.getOrDefault("reason", "-"), "-");
        }
        System.out.println();
    }
}
