package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

import java.util.Map;

/** {@code xl domname}. */
@Command(name = "domname", description = "Prints the name of a domain.")
public final class Domname extends DomainCommand
{
    @Override
    protected void run(final Dom0 dom0)
    {
        System.out.println(dom0.call("domname", Map.of("domain", domain)).get("name"));
    }
}
