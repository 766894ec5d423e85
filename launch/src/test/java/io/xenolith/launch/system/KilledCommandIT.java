package io.xenolith.launch.system;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code xl create} killed at any moment leaves a whole domain or none. */
class KilledCommandIT
{
    private static final int KILLS = 12;

    @TempDir
    private Path directory;

    @Test
    void leavesAWholeDomainOrNone() throws IOException, InterruptedException
    {
        Files.write(directory.resolve("disk.img"), new byte[1 << 20]);
        try (TestMachine machine = new TestMachine("killed-command", 512))
        {
            for (int i = 0; i < KILLS; i++)
            {
                final String name = "half" + i;
                final Path configuration = Pvgrub.configuration(directory, name, directory.resolve("disk.img"));
                final Process create = Script.start(machine.environment, "xl", "create", "-q", configuration.toString());
                Thread.sleep(60L * (i + 1));
                final boolean interrupt = i % 2 == 0;
                new ProcessBuilder("kill", interrupt ? "-INT" : "-KILL", Long.toString(create.pid())).start().waitFor();
                create.waitFor();
                Thread.sleep(500);
                wholeOrNone(machine, name);
                machine.auditIsClean();
            }
        }
    }

    private static void wholeOrNone(final TestMachine machine, final String name) throws IOException, InterruptedException
    {
        if (machine.xl("domid", name).status() != 0)
        {
            return;
        }
        try (ConsoleScript console = machine.console(name))
        {
            console.type("c\r");
            console.expect("grub>", 60);
        }
        machine.xl("destroy", name).succeeded();
        assertTrue(machine.xl("domid", name).status() != 0);
    }
}
