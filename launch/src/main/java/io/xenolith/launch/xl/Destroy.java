package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

import java.util.Map;

/** {@code xl destroy}. */
@Command(name = "destroy", description = "Ends a domain at once.")
public final class Destroy extends DomainCommand
{
    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("destroy", Map.of("domain", domain));
    }
}
