package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.Map;

/** {@code xl info}: {@code name : value} lines, as xl prints them. */
@Command(name = "info", description = "Prints what the machine is.")
public final class Info extends Dom0Command
{
    @Option(names = {"-n", "--numa"}, description = "Also the NUMA topology (there is one node).")
    boolean numa;

    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("info", Map.of()).forEach((key, value) -> System.out.printf("%-23s: %s%n", key, value));
    }
}
