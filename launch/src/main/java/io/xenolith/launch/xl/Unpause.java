package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

import java.util.Map;

/** {@code xl unpause}. */
@Command(name = "unpause", description = "Lets a paused domain run.")
public final class Unpause extends DomainCommand
{
    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("unpause", Map.of("domain", domain));
    }
}
