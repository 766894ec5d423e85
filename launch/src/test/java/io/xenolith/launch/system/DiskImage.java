package io.xenolith.launch.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Disk images for pvgrub with a grub.cfg, made without root from a directory. */
final class DiskImage
{
    static final String MARKER = "XENOLITH-DEFAULT-ENTRY-RAN";
    private static final String GRUB_CFG = """
        set timeout=1
        set default=0
        menuentry 'echo the marker' {
            echo %s platform=$grub_platform cpu=$grub_cpu
            sleep 1000
        }
        menuentry 'second entry' {
            true
        }
        """.formatted(MARKER);

    final Path image;
    /** Of /big.bin, as the host computes it. */
    final String sha256;

    private DiskImage(final Path image, final String sha256)
    {
        this.image = image;
        this.sha256 = sha256;
    }

    static DiskImage ext2(final Path directory, final int bigFileMiB) throws IOException, InterruptedException
    {
        final Path tree = directory.resolve("ext2-tree");
        final String sha256 = fill(tree, bigFileMiB);
        final Path image = directory.resolve("ext2.img");
        tool("mke2fs", "e2fsprogs", "-q", "-F", "-t", "ext2", "-b", "1024", "-d", tree.toString(), image.toString(), bigFileMiB + 16 + "M");
        return new DiskImage(image, sha256);
    }

    static DiskImage iso9660(final Path directory, final int bigFileMiB) throws IOException, InterruptedException
    {
        final Path tree = directory.resolve("iso-tree");
        final String sha256 = fill(tree, bigFileMiB);
        final Path image = directory.resolve("disk.iso");
        tool("xorriso", "xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", image.toString(), tree.toString());
        return new DiskImage(image, sha256);
    }

    private static String fill(final Path tree, final int bigFileMiB) throws IOException
    {
        Files.createDirectories(tree.resolve("boot/grub"));
        Files.writeString(tree.resolve("boot/grub/grub.cfg"), GRUB_CFG);
        Files.writeString(tree.resolve("hello.txt"), "hello from the disk\n");
        final byte[] big = new byte[bigFileMiB << 20];
        new Random(bigFileMiB).nextBytes(big);
        Files.write(tree.resolve("big.bin"), big);
        try
        {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(big));
        }
        catch (final NoSuchAlgorithmException e)
        {
            throw new AssertionError(e);
        }
    }

    private static void tool(final String name, final String debianPackage, final String... arguments) throws IOException, InterruptedException
    {
        final String[] command = new String[arguments.length + 1];
        command[0] = name;
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, sbin) -> path + ":" + sbin);
        if (name.equals("mke2fs") && Files.isExecutable(Path.of("/sbin/mke2fs")))
        {
            command[0] = "/sbin/mke2fs";
        }
        try
        {
            final Process process = builder.start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0)
            {
                throw new AssertionError(name + " failed: " + output);
            }
        }
        catch (final IOException e)
        {
            throw new AssertionError(name + " is needed for this test: install Debian's package " + debianPackage, e);
        }
    }
}
