package io.xenolith.launch.system;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** SIGKILL as an ordinary event: what it takes with it, and what never notices. */
class KillIT
{
    private static final int KILLS = 20;
    private static final int HASH_S = 240;
    private static final long SEED = Long.getLong("xenolith.seed", System.nanoTime());

    @TempDir
    private static Path directory;
    private static TestMachine machine;
    private static DiskImage disk;

    @BeforeAll
    static void powerUp() throws IOException, InterruptedException
    {
        System.out.println("KillIT seed " + SEED + " (repeat with -Dxenolith.seed=" + SEED + ")");
        machine = new TestMachine("kill", 512);
        disk = DiskImage.ext2(directory, 16);
    }

    @AfterAll
    static void powerDown() throws IOException, InterruptedException
    {
        machine.close();
    }

    @Test
    void aDomainKilledTwentyTimesDoesNotDisturbItsNeighbour() throws IOException, InterruptedException
    {
        final Random random = new Random(SEED);
        try (ConsoleScript steady = atCommandLine("steady"))
        {
            steady.type("sha256sum (xen/xvda)/big.bin\r");
            for (int i = 0; i < KILLS; i++)
            {
                killInTheMiddleOfAHash("victim" + i, random.nextInt(1500));
            }
            assertTrue(steady.expect("(?<sum>[0-9a-f]{64})", HASH_S).group("sum").equals(disk.sha256));
            assertEquals(disk.sha256, hash(steady));
        }
        machine.xl("destroy", "steady").succeeded();
        machine.auditIsClean();
    }

    private static void killInTheMiddleOfAHash(final String name, final int afterMs) throws IOException, InterruptedException
    {
        try (ConsoleScript victim = atCommandLine(name))
        {
            victim.type("sha256sum (xen/xvda)/big.bin\r");
            Thread.sleep(afterMs);
            Processes.kill(Processes.pid(machine, name));
            assertTrue(victim.ended(30), "the console session of a killed domain ends");
        }
    }

    @Test
    void dom0AndHypervisorAreRestartedUnderAHash() throws IOException, InterruptedException
    {
        try (ConsoleScript console = atCommandLine("survivor"))
        {
            for (final String[] victims : new String[][]{{"dom0"}, {"hypervisor"}, {"dom0", "hypervisor"}})
            {
                console.type("sha256sum (xen/xvda)/big.bin\r");
                Thread.sleep(500);
                killAndAwaitRestart(victims);
                assertEquals(disk.sha256, console.expect("(?<sum>[0-9a-f]{64})", HASH_S).group("sum"), () -> "after killing " + String.join("+", victims));
                console.expect("grub> ", 30);
            }
        }
        machine.xl("destroy", "survivor").succeeded();
        machine.auditIsClean();
    }

    @Test
    void dom0AndHypervisorAreRestartedAtTheMenu() throws IOException, InterruptedException
    {
        try (ConsoleScript console = machine.create(Pvgrub.configuration(directory, "at-menu", disk.image)))
        {
            Pvgrub.awaitMenu(console);
            console.type("e\033");
            killAndAwaitRestart("dom0");
            killAndAwaitRestart("hypervisor");
            killAndAwaitRestart("dom0", "hypervisor");
            Pvgrub.commandLine(console);
            assertTrue(Pvgrub.command(console, "cat (xen/xvda)/hello.txt", 60).contains("hello from the disk"));
        }
        machine.xl("destroy", "at-menu").succeeded();
        machine.auditIsClean();
    }

    private static void killAndAwaitRestart(final String... victims) throws IOException, InterruptedException
    {
        final long[] before = new long[victims.length];
        for (int i = 0; i < victims.length; i++)
        {
            before[i] = Processes.pid(machine, victims[i]);
        }
        for (final long pid : before)
        {
            Processes.kill(pid);
        }
        machine.xl("list").succeeded();
        for (int i = 0; i < victims.length; i++)
        {
            assertNotEquals(before[i], Processes.pid(machine, victims[i]), victims[i]);
        }
    }

    private static ConsoleScript atCommandLine(final String name) throws IOException, InterruptedException
    {
        final ConsoleScript console = machine.create(Pvgrub.configuration(directory, name, disk.image));
        Pvgrub.awaitMenu(console);
        Pvgrub.commandLine(console);
        return console;
    }

    private static String hash(final ConsoleScript console) throws IOException, InterruptedException
    {
        console.expect("grub> ", 30);
        console.type("sha256sum (xen/xvda)/big.bin\r");
        return console.expect("(?<sum>[0-9a-f]{64})", HASH_S).group("sum");
    }
}
