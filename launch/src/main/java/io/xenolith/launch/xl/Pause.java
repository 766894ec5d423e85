package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

import java.util.Map;

/** {@code xl pause}. */
@Command(name = "pause", description = "Stops a domain's vCPUs until it is unpaused.")
public final class Pause extends DomainCommand
{
    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("pause", Map.of("domain", domain));
    }
}
