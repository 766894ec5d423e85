package io.xenolith.launch.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Debian's pvgrub as a guest: its configuration file and its dialogue. */
final class Pvgrub
{
    private static final int BOOT_S = 60;
    private static final String PROMPT = "grub> ";

    private Pvgrub()
    {
    }

    /** The stock 32-bit image, fetched from Debian by {@code launch/fetch-guests}. */
    static Path kernel() throws IOException, InterruptedException
    {
        final Script fetched = Script.run(java.util.Map.of(), "fetch-guests", "pvgrub").succeeded();
        return Path.of(fetched.output().lines().findFirst().orElseThrow());
    }

    static Path configuration(final Path directory, final String name, final Path disk) throws IOException, InterruptedException
    {
        return Files.writeString(directory.resolve(name + ".cfg"), """
            name = '%s'
            kernel = "%s"
            memory = 64
            disk = [ 'format=raw, vdev=xvda, access=ro, target=%s' ]
            """.formatted(name, kernel(), disk));
    }

    /** From power-on to the menu. */
    static void awaitMenu(final ConsoleScript console) throws InterruptedException
    {
        console.expect("GNU GRUB  version 2\\.06", BOOT_S);
        console.expect("echo the marker", BOOT_S);
    }

    /** From the menu to the command line, with a terminal that does not move the cursor about. */
    static void commandLine(final ConsoleScript console) throws IOException, InterruptedException
    {
        console.type("c");
        console.expect(PROMPT, BOOT_S);
    }

    /** Types a command line and returns what it printed up to the next prompt. */
    static String command(final ConsoleScript console, final String line, final int boundSeconds) throws IOException, InterruptedException
    {
        console.type(line + "\r");
        return console.expect("(?<printed>.*?)" + PROMPT, boundSeconds).group("printed");
    }
}
