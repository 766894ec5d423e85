package io.xenolith.launch;

import io.xenolith.launch.xl.BlockAttach;
import io.xenolith.launch.xl.BlockDetach;
import io.xenolith.launch.xl.BlockList;
import io.xenolith.launch.xl.Console;
import io.xenolith.launch.xl.Create;
import io.xenolith.launch.xl.Destroy;
import io.xenolith.launch.xl.Dmesg;
import io.xenolith.launch.xl.Domid;
import io.xenolith.launch.xl.Domname;
import io.xenolith.launch.xl.Info;
import io.xenolith.launch.xl.ListDomains;
import io.xenolith.launch.xl.Pause;
import io.xenolith.launch.xl.Reboot;
import io.xenolith.launch.xl.Rename;
import io.xenolith.launch.xl.Shutdown;
import io.xenolith.launch.xl.Unpause;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code launch/xl}: the toolstack's command line, with xl's commands and flags. */
@Command(
    name = "xl", description = "Manages the domains of a running machine.", mixinStandardHelpOptions = true,
    version = "Xenolith 0.1.0", synopsisSubcommandLabel = "COMMAND",
    subcommands = {
        Create.class, ListDomains.class, Console.class, Destroy.class, Shutdown.class, Reboot.class, Pause.class, Unpause.class,
        Dmesg.class, Info.class, BlockAttach.class, BlockDetach.class, BlockList.class, Domid.class, Domname.class, Rename.class,
        CommandLine.HelpCommand.class})
public final class XlCommand implements Runnable
{
    @Option(names = "-N", description = "Dry run: say what would be done.")
    boolean dryRun;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    public static void main(final String[] args)
    {
        System.exit(Commands.execute(new XlCommand(), args));
    }

    @Override
    public void run()
    {
        throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Whether {@code -N} was given. */
    public boolean dryRun()
    {
        return dryRun;
    }
}
