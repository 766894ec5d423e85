package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

import java.util.Map;

/** {@code xl domid}. */
@Command(name = "domid", description = "Prints the id of a named domain.")
public final class Domid extends DomainCommand
{
    @Override
    protected void run(final Dom0 dom0)
    {
        System.out.println(Dom0.number(dom0.call("domid", Map.of("domain", domain)), "domid"));
    }
}
