package io.xenolith.launch.xl;

import picocli.CommandLine.Command;

/** {@code xl reboot}. */
@Command(name = "reboot", description = "Asks a domain to restart itself.")
public final class Reboot extends EndCommand
{
    public Reboot()
    {
        super("reboot");
    }
}
