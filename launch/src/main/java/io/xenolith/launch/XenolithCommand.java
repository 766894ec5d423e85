package io.xenolith.launch;

import io.xenolith.launch.power.Audit;
import io.xenolith.launch.power.Down;
import io.xenolith.launch.power.Status;
import io.xenolith.launch.power.Up;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code launch/xenolith}: the machine's power button. */
@Command(
    name = "xenolith", description = "Switches the machine on and off, and looks at it.", mixinStandardHelpOptions = true,
    version = "Xenolith 0.1.0", synopsisSubcommandLabel = "COMMAND",
    footer = "The machine is the directory in $XENOLITH_DIR, else this user's default one below /dev/shm.",
    subcommands = {Up.class, Down.class, Status.class, Audit.class, CommandLine.HelpCommand.class})
public final class XenolithCommand implements Runnable
{
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    public static void main(final String[] args)
    {
        System.exit(Commands.execute(new XenolithCommand(), args));
    }

    @Override
    public void run()
    {
        throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
    }
}
