package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

/** {@code xl shutdown}. */
@Command(name = "shutdown", description = "Asks a domain to power itself off.")
public final class Shutdown extends EndCommand
{
    public Shutdown()
    {
        super("shutdown");
    }
}
