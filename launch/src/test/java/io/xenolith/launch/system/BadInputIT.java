package io.xenolith.launch.system;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The user's mistakes: one sentence that names the thing, a status that is not zero, and nothing left behind. */
class BadInputIT
{
    @TempDir
    private static Path directory;
    private static TestMachine machine;

    @BeforeAll
    static void powerUp() throws IOException, InterruptedException
    {
        machine = new TestMachine("bad-input", 256);
        Files.write(directory.resolve("disk.img"), new byte[1 << 20]);
    }

    @AfterAll
    static void powerDown() throws IOException, InterruptedException
    {
        machine.close();
    }

    @AfterEach
    void nothingIsLeftBehind() throws IOException, InterruptedException
    {
        final String list = machine.xl("list").succeeded().output();
        assertEquals(2, list.lines().count(), list);
        machine.auditIsClean();
    }

    @Test
    void kernelThatIsNotElf() throws IOException, InterruptedException
    {
        refused(configuration("kernel", Files.write(directory.resolve("not-elf"), new byte[5000]), 64), "not-elf", "ELF");
    }

    @Test
    void kernelWithoutXenNotes() throws IOException, InterruptedException
    {
        refused(configuration("kernel", Path.of("/bin/true"), 64), "/bin/true", "Xen");
    }

    @Test
    void kernelThatWantsAMissingFeature() throws IOException, InterruptedException
    {
        final byte[] image = Files.readAllBytes(Pvgrub.kernel());
        final int loader = indexOf(image, "Xen\0generic\0".getBytes()) + 4;
        assertTrue(loader > 4, "pvgrub's LOADER note");
        // The LOADER note (type 8) becomes a FEATURES note (type 10) that requires what no PV hypervisor of this kind has.
        System.arraycopy("!hvm_xx\0".getBytes(), 0, image, loader, 8);
        image[loader - 8] = 10;
        refused(configuration("kernel", Files.write(directory.resolve("feature"), image), 64), "feature", "hvm_xx");
    }

    @Test
    void kernelLargerThanTheMemory() throws IOException, InterruptedException
    {
        refused(configuration("kernel", Pvgrub.kernel(), 2), "memory", "2 MiB");
    }

    @Test
    void kernelThatIsMissing() throws IOException, InterruptedException
    {
        refused(configuration("kernel", directory.resolve("no-such-kernel"), 64), "no-such-kernel");
    }

    @Test
    void kernelThatIsTruncated() throws IOException, InterruptedException
    {
        final byte[] image = Files.readAllBytes(Pvgrub.kernel());
        refused(configuration("kernel", Files.write(directory.resolve("cut"), Arrays.copyOf(image, image.length / 2)), 64), "cut", "truncated");
    }

    @Test
    void diskImageThatIsMissing() throws IOException, InterruptedException
    {
        refused(Pvgrub.configuration(directory, "no-disk", directory.resolve("no-such-disk.img")), "no-such-disk.img");
    }

    @Test
    void diskImageThatIsNotWholeSectors() throws IOException, InterruptedException
    {
        final Path image = Files.write(directory.resolve("odd.img"), new byte[1000]);
        refused(Pvgrub.configuration(directory, "odd-disk", image), "odd.img", "512");
    }

    @Test
    void configurationMistakes() throws IOException, InterruptedException
    {
        refused(Files.writeString(directory.resolve("syntax.cfg"), "name = 'a'\nkernel = 'k\n"), "syntax.cfg:2:");
        refused(Files.writeString(directory.resolve("key.cfg"), "name = 'a'\nkernl = 'k'\n"), "key.cfg:2:", "'kernl'", "'kernel'");
        refused(Files.writeString(directory.resolve("type.cfg"), "name = 'a'\nkernel = 'k'\nmemory = 'lots'\n"), "type.cfg:3:", "number");
        refused(directory.resolve("no-such.cfg"), "no-such.cfg");
    }

    @Test
    void moreMemoryThanTheMachineHas() throws IOException, InterruptedException
    {
        refused(configuration("huge", Pvgrub.kernel(), 4096), "4096 MiB", "memory");
    }

    @Test
    void commandsOnADomainThatIsGone() throws IOException, InterruptedException
    {
        for (final String command : new String[]{"console", "destroy", "pause", "unpause", "shutdown", "domid", "block-list"})
        {
            oneSentence(machine.xl(command, "nobody"), "nobody");
        }
        oneSentence(machine.xl("domname", "77"), "77");
    }

    @Test
    void aSecondPowerOnOfTheSameDirectory() throws IOException, InterruptedException
    {
        oneSentence(machine.xenolith("up"), machine.directory.toString(), "already up");
    }

    @Test
    void aDirectoryOfAnotherVersion() throws IOException, InterruptedException
    {
        final Path other = directory.resolve("other-version");
        final Map<String, String> environment = Map.of("XENOLITH_DIR", other.toString());
        Script.run(environment, "xenolith", "up", "--memory", "64").succeeded();
        for (final String process : new String[]{"hypervisor", "dom0"})
        {
            Processes.stop(Long.parseLong(Script.run(environment, "xenolith", "status", "--pid", process).output().strip()));
        }
        // The layout hash follows the magic: docs/memory-layout.md.
        try (RandomAccessFile file = new RandomAccessFile(other.resolve("hypervisor").toFile(), "rw"))
        {
            file.seek(8);
            final long hash = file.readLong();
            file.seek(8);
            file.writeLong(~hash);
            oneSentence(Script.run(environment, "xl", "list"), "version");
            oneSentence(Script.run(environment, "xenolith", "up"), "version");
            file.seek(8);
            file.writeLong(hash);
        }
        Script.run(environment, "xenolith", "down").succeeded();
    }

    @Test
    void aDirectoryThatADeadMachineLeft() throws IOException, InterruptedException
    {
        final Path dead = directory.resolve("dead");
        final Map<String, String> environment = Map.of("XENOLITH_DIR", dead.toString());
        Files.createDirectories(dead);
        Files.write(dead.resolve("memory"), new byte[4096]);
        Files.write(dead.resolve("hypervisor"), new byte[4096]);
        oneSentence(Script.run(environment, "xl", "list"), dead.toString());
        oneSentence(Script.run(environment, "xenolith", "up"), dead.toString());
        Script.run(environment, "xenolith", "down").succeeded();
    }

    @Test
    void noMachineAtAll() throws IOException, InterruptedException
    {
        final Map<String, String> environment = Map.of("XENOLITH_DIR", directory.resolve("nothing-here").toString());
        oneSentence(Script.run(environment, "xl", "list"), "nothing-here", "xenolith up");
    }

    @Test
    void moreMemoryThanTheFileSystemHolds() throws IOException, InterruptedException
    {
        final Map<String, String> environment = Map.of("XENOLITH_DIR", "/dev/shm/xenolith-too-large-" + ProcessHandle.current().pid());
        oneSentence(Script.run(environment, "xenolith", "up", "--memory", "100000000"), "GiB", "--memory");
        assertFalse(Files.exists(Path.of(environment.get("XENOLITH_DIR"))), "the directory of the refused machine");
    }

    @Test
    void tooFewFileDescriptors() throws IOException, InterruptedException
    {
        oneSentence(upUnder("ulimit -n 16"), "ulimit -n");
    }

    @Test
    void tooLittleAddressSpaceForTheVirtualMachine() throws IOException, InterruptedException
    {
        oneSentence(upUnder("ulimit -v 100000"), "ulimit -v");
    }

    /** A power-on by a shell with a limit of its own. */
    private static Script upUnder(final String limit) throws IOException, InterruptedException
    {
        final ProcessBuilder builder = new ProcessBuilder("bash", "-c", limit + "; exec \"$0\" up --memory 64", Script.HOME.resolve("launch/xenolith").toString());
        builder.environment().putAll(Map.of("XENOLITH_DIR", directory.resolve("limited").toString(), "XENOLITH_NO_BUILD", "1"));
        final Process process = builder.start();
        final StreamCollector errors = new StreamCollector(process.getErrorStream());
        final String output = new StreamCollector(process.getInputStream()).text();
        return new Script(process.waitFor(), output, errors.text());
    }

    @Test
    void aStoppedDomainCanBeDestroyed() throws IOException, InterruptedException
    {
        try (ConsoleScript console = machine.create(Pvgrub.configuration(directory, "stopped", directory.resolve("disk.img"))))
        {
            console.expect("GNU GRUB|grub>|Welcome", 60);
            Processes.stop(Processes.pid(machine, "stopped"));
            machine.xl("destroy", "stopped").succeeded();
        }
    }

    private static Path configuration(final String name, final Path kernel, final int memoryMiB) throws IOException
    {
        return Files.writeString(directory.resolve(name + ".cfg"), "name = '%s'\nkernel = '%s'\nmemory = %d\n".formatted(name, kernel, memoryMiB));
    }

    private static void refused(final Path configuration, final String... words) throws IOException, InterruptedException
    {
        oneSentence(machine.xl("create", configuration.toString()), words);
    }

    private static void oneSentence(final Script script, final String... words)
    {
        assertNotEquals(0, script.status(), script.output());
        assertEquals(1, script.errors().lines().count(), script.errors());
        for (final String word : words)
        {
            assertTrue(script.errors().contains(word), () -> "'" + word + "' in: " + script.errors());
        }
    }

    private static int indexOf(final byte[] bytes, final byte[] wanted)
    {
        for (int i = 0; i < bytes.length - wanted.length; i++)
        {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length))
            {
                return i;
            }
        }
        return -1;
    }
}
