package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.Map;

/** {@code xl console}. */
@Command(name = "console", description = "Connects to a domain's console; Ctrl-] leaves it.")
public final class Console extends DomainCommand
{
    @Option(names = "-t", paramLabel = "TYPE", description = "pv (a PV domain has no other).", defaultValue = "pv")
    String type;

    @Option(names = "-n", paramLabel = "NUMBER", description = "0 (a PV domain has one console).", defaultValue = "0")
    int number;

    @Override
    protected int execute(final Dom0 dom0) throws Exception
    {
        return new ConsoleSession(dom0, Dom0.number(dom0.call("domid", Map.of("domain", domain)), "domid"), false).run();
    }
}
