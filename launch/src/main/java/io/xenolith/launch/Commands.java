package io.xenolith.launch;

import io.xenolith.shm.MachineException;
import picocli.CommandLine;

/** Runs a picocli command with the manners that every command here has: one sentence for a mistake, never a stack trace. */
public final class Commands
{
    private static final int FAILURE = 1;

    private Commands()
    {
    }

    public static int execute(final Object command, final String[] args)
    {
        final CommandLine line = new CommandLine(command);
        line.setUsageHelpAutoWidth(true);
        line.setExecutionExceptionHandler((e, failed, parsed) ->
        {
            System.out.flush();
            System.err.println(failed.getCommandSpec().root().name() + ": " + sentence(e));
            return FAILURE;
        });
        return line.execute(args);
    }

    private static String sentence(final Exception e)
    {
        if (e instanceof final MachineException machine)
        {
            return machine.sentence();
        }
        return e instanceof CommandFailure || e.getMessage() != null && !(e instanceof RuntimeException) ?
            e.getMessage() : "internal error: " + e + (e.getStackTrace().length > 0 ? " at " + e.getStackTrace()[0] : "");
    }
}
