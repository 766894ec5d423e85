package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.util.Map;

/** {@code xl rename}. */
@Command(name = "rename", description = "Gives a domain another name.")
public final class Rename extends DomainCommand
{
    @Parameters(index = "1", paramLabel = "NAME", description = "The new name.")
    String name;

    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("rename", Map.of("domain", domain, "name", name));
    }
}
