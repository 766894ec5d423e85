package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code xl block-attach}. */
@Command(name = "block-attach", description = "Gives a running domain another virtual disk.")
public final class BlockAttach extends DomainCommand
{
    @Parameters(index = "1..*", arity = "1..*", paramLabel = "DISK", description = "A disk as in xl.cfg, for example format=raw,vdev=xvdb,access=rw,target=/x.img")
    List<String> disk;

    @Override
    protected void run(final Dom0 dom0)
    {
        dom0.call("block-attach", Map.of("domain", domain, "disk", String.join(",", disk), "directory", Path.of("").toAbsolutePath().toString()));
    }
}
