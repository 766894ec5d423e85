package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.Map;

/** {@code xl block-detach}. */
@Command(name = "block-detach", description = "Takes a virtual disk from a running domain.")
public final class BlockDetach extends DomainCommand
{
    @Option(names = "--force", description = "Without waiting for the guest.")
    boolean force;

    @Parameters(index = "1", paramLabel = "DEVICE", description = "The device's name or number, for example xvdb or 51728.")
    String device;

    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("block-detach", Map.of("domain", domain, "device", device, "force", force));
    }
}
