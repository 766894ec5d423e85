package io.xenolith.launch.system;

import java.io.IOException;

/** Finds and kills the machine's processes. */
final class Processes
{
    private Processes()
    {
    }

    /** @param process "hypervisor", "dom0" or a domain's name */
    static long pid(final TestMachine machine, final String process) throws IOException, InterruptedException
    {
        return Long.parseLong(machine.xenolith("status", "--pid", process).succeeded().output().strip());
    }

    static void kill(final long pid) throws IOException, InterruptedException
    {
        new ProcessBuilder("kill", "-9", Long.toString(pid)).inheritIO().start().waitFor();
    }

    static void stop(final long pid) throws IOException, InterruptedException
    {
        new ProcessBuilder("kill", "-STOP", Long.toString(pid)).inheritIO().start().waitFor();
    }
}
