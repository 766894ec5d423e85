package io.xenolith.shm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The directory that is a machine.
 *
 * <pre>
 *   memory        machine memory
 *   hypervisor    the hypervisor's own structures
 *   locks/        one file per process, locked for its life
 *   logs/         output of the processes
 *   console/      guest-NAME.log per domain
 * </pre>
 *
 * @param path absolute path of the directory
 */
public record MachineDir(Path path) {
    /** Machine that is meant when none is named. */
    public static final String DEFAULT_NAME = "default";
    /** Environment variable that names the directory itself. */
    public static final String VARIABLE = "XENOLITH_DIR";

    /** Lock of whoever switches the machine on or off: a command, not a process of the machine. */
    public static final String POWER_LOCK = "power";

    private static final Path ROOT = Path.of("/dev/shm");
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Makes the path absolute. */
    public MachineDir {
        path = path.toAbsolutePath().normalize();
    }

    /** {@code $XENOLITH_DIR}, or the machine named {@value #DEFAULT_NAME} of this user. */
    public static MachineDir defaultDir() {
        final String dir = System.getenv(VARIABLE);
        return dir == null || dir.isEmpty() ? named(DEFAULT_NAME) : new MachineDir(Path.of(dir));
    }

    /** The directory of this user's machine {@code name}: {@code /dev/shm/xenolith-UID/name}. */
    public static MachineDir named(final String name) {
        if (!name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
            throw new MachineException(MachineException.Kind.HOST, "'" + name + "' cannot be a machine's name.",
                    "Use letters, digits, '_', '-' and '.'.");
        }
        return new MachineDir(ROOT.resolve("xenolith-" + uid()).resolve(name));
    }

    private static Object uid() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Machine memory. */
    public Path memory() {
        return path.resolve("memory");
    }

    /** The hypervisor's structures. */
    public Path hypervisor() {
        return path.resolve("hypervisor");
    }

    /** Output of the processes. */
    public Path logs() {
        return path.resolve("logs");
    }

    /** Console logs of the domains. */
    public Path console() {
        return path.resolve("console");
    }

    /** Lock files. */
    public Path locks() {
        return path.resolve("locks");
    }

    /** Lock file of a process: {@code hypervisor}, {@code dom0}, {@code dom-7}, ... */
    public Path lock(final String process) {
        return locks().resolve(process);
    }

    /** True when the file of the hypervisor's structures is there. */
    public boolean holdsMachine() {
        return Files.exists(hypervisor());
    }

    /** Makes the directory and its subdirectories, for this user only. */
    public void create() throws IOException {
        Files.createDirectories(path, PRIVATE);
        Files.createDirectories(locks(), PRIVATE);
        Files.createDirectories(logs(), PRIVATE);
        Files.createDirectories(console(), PRIVATE);
    }

    /**
     * True when some process of the machine is alive, by the locks.
     *
     * @throws IOException when a lock cannot be asked
     */
    public boolean anyProcessAlive() throws IOException {
        if (!Files.isDirectory(locks())) {
            return false;
        }
        try (Stream<Path> files = Files.list(locks())) {
            for (final Path file : (Iterable<Path>) files::iterator) {
                if (!file.endsWith(POWER_LOCK) && LockFile.isHeld(file)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Removes the machine: the two big files first, which gives their memory back, then everything else.
     * Directories that hold foreign files stay.
     */
    public void delete() throws IOException {
        Files.deleteIfExists(memory());
        Files.deleteIfExists(hypervisor());
        for (final Path dir : new Path[] {locks(), logs(), console()}) {
            deleteTree(dir);
        }
        deleteIfEmpty(path);
        if (path.getParent() != null && path.getParent().getParent() != null
                && path.getParent().getParent().equals(ROOT)) {
            deleteIfEmpty(path.getParent());
        }
    }

    private static void deleteTree(final Path dir) throws IOException {
        if (!Files.isDirectory(dir)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(dir)) {
            for (final Path p : (Iterable<Path>) walk.sorted(Comparator.reverseOrder())::iterator) {
                Files.deleteIfExists(p);
            }
        }
    }

    private static void deleteIfEmpty(final Path dir) throws IOException {
        try {
            Files.deleteIfExists(dir);
        } catch (java.nio.file.DirectoryNotEmptyException e) {
            // Something of somebody else's lies there: not ours to remove.
        }
    }
}
