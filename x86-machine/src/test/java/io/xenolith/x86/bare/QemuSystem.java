package io.xenolith.x86.bare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a multiboot image under Debian's qemu-system-i386, translating, without display. */
final class QemuSystem {
    private static final String PROGRAM = "qemu-system-i386";
    private static final long PATIENCE_S = 60;

    /** The image's log and the program's exit status. */
    record Outcome(String log, int status) {
    }

    private QemuSystem() {
    }

    /**
     * Runs an image to its end.
     *
     * @param cpu QEMU's model name
     * @throws AssertionError when QEMU is missing, with the remedy, or does not come to an end
     */
    static Outcome run(final byte[] image, final String cpu) {
        try {
            final Path directory = Files.createTempDirectory("xenolith-bare");
            try {
                return run(directory, image, cpu);
            } finally {
                for (final String name : List.of("image", "log", "qemu")) {
                    Files.deleteIfExists(directory.resolve(name));
                }
                Files.delete(directory);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Outcome run(final Path directory, final byte[] image, final String cpu) throws IOException {
        final Path file = Files.write(directory.resolve("image"), image);
        final Path log = directory.resolve("log");
        final Path messages = directory.resolve("qemu");
        final List<String> command = new ArrayList<>(List.of(PROGRAM, "-accel", "tcg", "-cpu", cpu, "-m", "32",
            "-display", "none", "-nodefaults", "-no-user-config", "-no-reboot", "-kernel", file.toString(),
            "-debugcon", "file:" + log, "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"));
        final Process process = start(command, messages);
        try {
            if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError(PROGRAM + " did not end within " + PATIENCE_S + " s; log so far: "
                    + tail(log));
            }
        } catch (final InterruptedException e) {
            process.destroyForcibly();
            throw new AssertionError("interrupted", e);
        }
        final String said = Files.readString(messages);
        if (!Files.exists(log)) {
            throw new AssertionError(PROGRAM + " failed: " + said);
        }
        return new Outcome(Files.readString(log, StandardCharsets.ISO_8859_1), process.exitValue());
    }

    private static Process start(final List<String> command, final Path messages) {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(messages.toFile()).start();
        } catch (final IOException e) {
            throw new AssertionError(PROGRAM + " is needed for the comparison with a second implementation and was not "
                + "found; remedy: apt-get install qemu-system-x86", e);
        }
    }

    private static String tail(final Path log) throws IOException {
        final String all = Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        return all.substring(Math.max(0, all.length() - 500));
    }
}
