package io.xenolith.launch.system;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** Debian's pvgrub, byte for byte, as a domain. */
class PvgrubIT
{
    private static final int HASH_S = 240;

    @TempDir
    private static Path directory;
    private static TestMachine machine;
    private static DiskImage ext2;

    @BeforeAll
    static void powerUp() throws IOException, InterruptedException
    {
        machine = new TestMachine("pvgrub", 512);
        ext2 = DiskImage.ext2(directory, 64);
    }

    @AfterAll
    static void powerDown() throws IOException, InterruptedException
    {
        machine.close();
    }

    @Test
    void menuAppearsAndTheDefaultEntryRuns() throws IOException, InterruptedException
    {
        final Path configuration = Pvgrub.configuration(directory, "default-entry", ext2.image);
        try (ConsoleScript console = machine.create(configuration))
        {
            Pvgrub.awaitMenu(console);
            console.expect(DiskImage.MARKER + " platform=xen cpu=i386", 60);
        }
        machine.xl("destroy", "default-entry").succeeded();
        machine.auditIsClean();
    }

    @Test
    void commandsOnExt2PrintWhatTheHostPrints() throws IOException, InterruptedException
    {
        commandsPrintWhatTheHostPrints("on-ext2", ext2);
    }

    @Test
    void commandsOnIso9660PrintWhatTheHostPrints() throws IOException, InterruptedException
    {
        commandsPrintWhatTheHostPrints("on-iso", DiskImage.iso9660(directory, 64));
    }

    private static void commandsPrintWhatTheHostPrints(final String name, final DiskImage disk) throws IOException, InterruptedException
    {
        try (ConsoleScript console = machine.create(Pvgrub.configuration(directory, name, disk.image)))
        {
            Pvgrub.awaitMenu(console);
            Pvgrub.commandLine(console);
            final String listing = Pvgrub.command(console, "ls (xen/xvda)/", 30);
            assertTrue(listing.contains("boot/") && listing.contains("hello.txt") && listing.contains("big.bin"), listing);
            final String text = Pvgrub.command(console, "cat (xen/xvda)/hello.txt", 30);
            assertTrue(text.contains("hello from the disk"), text);
            final String variables = Pvgrub.command(console, "set", 30);
            assertTrue(variables.contains("grub_platform=xen") && variables.contains("grub_cpu=i386"), variables);
            final String sum = Pvgrub.command(console, "sha256sum (xen/xvda)/big.bin", HASH_S);
            assertTrue(sum.contains(disk.sha256), () -> sum + " should contain the host's " + disk.sha256);
        }
        machine.xl("destroy", name).succeeded();
        machine.auditIsClean();
    }

    @Test
    void twoAtOnce() throws IOException, InterruptedException
    {
        try (ConsoleScript first = machine.create(Pvgrub.configuration(directory, "first", ext2.image));
            ConsoleScript second = machine.create(Pvgrub.configuration(directory, "second", ext2.image)))
        {
            Pvgrub.awaitMenu(first);
            Pvgrub.awaitMenu(second);
            final String list = machine.xl("list").succeeded().output();
            assertTrue(list.contains("first") && list.contains("second"), list);
        }
        machine.xl("destroy", "first").succeeded();
        machine.xl("destroy", "second").succeeded();
        machine.auditIsClean();
    }

    @Test
    void tenInARowLeaveNothingBehind() throws IOException, InterruptedException
    {
        for (int i = 0; i < 10; i++)
        {
            try (ConsoleScript console = machine.create(Pvgrub.configuration(directory, "row" + i, ext2.image)))
            {
                console.expect("GNU GRUB  version 2\\.06", 60);
            }
            machine.xl("destroy", "row" + i).succeeded();
        }
        machine.auditIsClean();
    }
}
