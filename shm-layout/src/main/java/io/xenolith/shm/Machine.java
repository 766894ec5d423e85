package io.xenolith.shm;

import io.xenolith.shm.MachineException.Kind;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.LayoutHash;
import io.xenolith.shm.hv.PcpuSlot;
import io.xenolith.shm.hv.Regions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/**
 * A machine as one process sees it: its two files, mapped.
 *
 * <p>A machine is made in three steps: {@link #create} makes and reserves the files, the hypervisor fills in
 * what it wants, {@link #publish} writes the version word. Until then nobody can attach.
 */
public final class Machine {
    private static final String UP = "Start a machine with 'xenolith up'.";
    private static final String CLEAR = "Clear it with 'xenolith down', then 'xenolith up'.";

    private final MachineDir dir;
    private final MachineMemory memory;
    private final HypervisorFile hv;

    private Machine(final MachineDir dir, final MachineMemory memory, final HypervisorFile hv) {
        this.dir = dir;
        this.memory = memory;
        this.hv = hv;
    }

    /** The directory. */
    public MachineDir dir() {
        return dir;
    }

    /** Machine memory. */
    public MachineMemory memory() {
        return memory;
    }

    /** The hypervisor's structures. */
    public HypervisorFile hv() {
        return hv;
    }

    // ---- creation ----

    /**
     * Makes a machine in a directory: files of full length, the fixed part of the hypervisor's file and both
     * machine-to-physical tables reserved and filled (all entries: no owner), the header filled in except for the
     * version word. On failure nothing of it is left.
     *
     * @throws MachineException {@code IN_USE} when a machine is there, {@code NO_SPACE}, {@code HOST}
     */
    public static Machine create(final MachineDir dir, final MachineOptions options) {
        checkOptions(options);
        if (dir.holdsMachine()) {
            throw occupied(dir);
        }
        try {
            dir.create();
            checkRoom(dir, options.memoryBytes(), options.frames());
            final Machine machine = build(dir, options);
            machine.fillHeader(options);
            return machine;
        } catch (FileAlreadyExistsException e) {
            // Somebody else was faster; what lies there is theirs.
            throw occupied(dir);
        } catch (IOException e) {
            throw abandoned(dir, new MachineException(Kind.HOST,
                    "The machine's files cannot be made in " + dir.path() + ": " + e.getMessage() + ".",
                    "Check that the directory can be written, or choose another with " + MachineDir.VARIABLE + ".",
                    e));
        } catch (MachineFullException e) {
            throw abandoned(dir, new MachineException(Kind.NO_SPACE,
                    "There is not enough memory for the machine: " + e.getMessage() + ".",
                    "Free some, or give 'xenolith up' a smaller --memory.", e));
        } catch (MachineException e) {
            throw abandoned(dir, e);
        }
    }

    private static void checkOptions(final MachineOptions o) {
        if (o.memoryBytes() < MachineOptions.MIN_MEMORY || o.memoryBytes() % PhysicalMemory.FRAME_SIZE != 0) {
            throw new MachineException(Kind.HOST,
                    "A machine of " + o.memoryBytes() + " bytes of memory cannot be made.",
                    "Give at least " + HostMemory.human(MachineOptions.MIN_MEMORY) + ", in multiples of 4 KiB.");
        }
        if (o.pcpus() < 1 || o.pcpus() > PcpuSlot.MAX_PCPUS) {
            throw new MachineException(Kind.HOST, "A machine cannot have " + o.pcpus() + " physical CPUs.",
                    "Give 1 to " + PcpuSlot.MAX_PCPUS + ".");
        }
    }

    private static MachineException occupied(final MachineDir dir) {
        if (alive(dir)) {
            return new MachineException(Kind.IN_USE, "A machine is already up in " + dir.path() + ".",
                    "Use it, or stop it first with 'xenolith down'.");
        }
        return new MachineException(Kind.DEAD, "A dead machine was left in " + dir.path() + ".", CLEAR);
    }

    private static boolean alive(final MachineDir dir) {
        try {
            return dir.anyProcessAlive();
        } catch (IOException e) {
            throw new MachineException(Kind.HOST, "The locks in " + dir.locks() + " cannot be read: "
                    + e.getMessage() + ".", "Check the rights on that directory.", e);
        }
    }

    /** Takes back what a failed creation has made, and passes the reason on. */
    private static MachineException abandoned(final MachineDir dir, final MachineException reason) {
        try {
            Files.deleteIfExists(dir.memory());
            Files.deleteIfExists(dir.hypervisor());
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
        return reason;
    }

    /**
     * Checks that a machine of the given size has room: the file system must be able to hold all of it, and free
     * memory must cover what is reserved at once.
     *
     * @throws MachineException {@code NO_SPACE}
     */
    private static void checkRoom(final MachineDir dir, final long memoryBytes, final long frames)
            throws IOException {
        final long fixed = fixedCost(frames);
        final long room = HostMemory.room(dir.path());
        if (room < memoryBytes + Regions.fixedCost(frames)) {
            throw new MachineException(Kind.NO_SPACE, "The file system of " + dir.path() + " has "
                    + HostMemory.human(room) + " free, and a machine of " + HostMemory.human(memoryBytes) + " needs "
                    + HostMemory.human(memoryBytes + Regions.fixedCost(frames) + (1 << 20) - 1) + ".",
                    smallerOrElsewhere(room, frames, memoryBytes));
        }
        final long free = HostMemory.available();
        if (HostMemory.isMemoryBacked(dir.path()) && free < fixed) {
            throw new MachineException(Kind.NO_SPACE, "The host has " + HostMemory.human(free)
                    + " of memory free, and the machine itself takes " + HostMemory.human(fixed) + ".",
                    "Free some memory, or give 'xenolith up' a smaller --memory.");
        }
    }

    private static String smallerOrElsewhere(final long room, final long frames, final long memoryBytes) {
        final long overhead = Regions.fixedCost(frames) - Regions.fixedCost(0);
        final long perMachine = Regions.fixedCost(0);
        final long fits = (long) ((room - perMachine) / (1.0 + (double) overhead / memoryBytes)) >> 20;
        final String elsewhere = "set " + MachineDir.VARIABLE + " to a directory on a larger file system.";
        if (fits < MachineOptions.MIN_MEMORY >> 20) {
            return "Free some room, or " + elsewhere;
        }
        return "Give 'xenolith up' --memory " + fits + " or less, or " + elsewhere;
    }

    /** Bytes that are reserved at once when a machine of {@code frames} frames is created. */
    public static long fixedCost(final long frames) {
        return Regions.fixedCost(frames)
                + (MemoryMap.m2p32Frames(frames) + MemoryMap.m2p64Frames(frames) << PhysicalMemory.FRAME_SHIFT);
    }

    private static Machine build(final MachineDir dir, final MachineOptions options) throws IOException {
        final long frames = options.frames();
        newFile(dir.hypervisor(), Regions.fileLength(frames));
        newFile(dir.memory(), options.memoryBytes());
        final MappedFile hvFile = MappedFile.map(dir.hypervisor());
        final MappedFile memoryFile = MappedFile.map(dir.memory());
        hvFile.reserve(0, Regions.FIXED_END);
        hvFile.reserve(Regions.FRAMES, Regions.fileLength(frames) - Regions.FRAMES);
        final Machine machine = new Machine(dir, new MachineMemory(memoryFile), new HypervisorFile(hvFile, frames));
        machine.fillMachineToPhysical(MemoryMap.of(frames));
        return machine;
    }

    private static void newFile(final Path path, final long length) throws IOException {
        Files.createFile(path, PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rw-------")));
        try (RandomAccessFile f = new RandomAccessFile(path.toFile(), "rw")) {
            f.setLength(length);
        }
    }

    private void fillMachineToPhysical(final MemoryMap map) {
        fillTable(map.m2p32(), MemoryMap.m2p32Frames(map.frames()));
        fillTable(map.m2p64(), MemoryMap.m2p64Frames(map.frames()));
    }

    private void fillTable(final long firstMfn, final long n) {
        memory.reserve(firstMfn, n);
        Raw.fill(memory.addressOf(firstMfn), n << PhysicalMemory.FRAME_SHIFT, (byte) -1);
    }

    private void fillHeader(final MachineOptions options) throws IOException {
        final long h = hv.header();
        final MemoryMap map = MemoryMap.of(options.frames());
        Raw.putLong(h + Header.MAGIC, Header.MAGIC_VALUE);
        Raw.putLong(h + Header.LAYOUT_HASH, LayoutHash.value());
        final UUID boot = bootId();
        Raw.putLong(h + Header.BOOT_ID, boot.getMostSignificantBits());
        Raw.putLong(h + Header.BOOT_ID + Long.BYTES, boot.getLeastSignificantBits());
        final byte[] build = options.buildId().getBytes(StandardCharsets.UTF_8);
        Raw.copyIn(build, 0, h + Header.BUILD_ID, Math.min(build.length, Header.BUILD_ID_LENGTH));
        final UUID uuid = UUID.randomUUID();
        Raw.putLong(h + Header.UUID, Long.reverseBytes(uuid.getMostSignificantBits()));
        Raw.putLong(h + Header.UUID + Long.BYTES, Long.reverseBytes(uuid.getLeastSignificantBits()));
        Raw.putLong(h + Header.FRAMES, map.frames());
        Raw.putLong(h + Header.M2P32_MFN, map.m2p32());
        Raw.putLong(h + Header.M2P64_MFN, map.m2p64());
        Raw.putLong(h + Header.HEAP_MFN, map.heap());
        Raw.putLong(h + Header.WALL_CLOCK, System.currentTimeMillis() * 1_000_000L);
        Raw.putLong(h + Header.MONOTONIC_BASE, System.nanoTime());
        Raw.putLong(h + Header.TSC_FREQUENCY, options.tscFrequency());
        Raw.putInt(h + Header.PCPUS, options.pcpus());
        Raw.putInt(h + Header.NEXT_INCARNATION, 1);
    }

    /** Writes the version word: from now on other processes can attach. */
    public void publish() {
        KillPoint.hit(KillPoint.MACHINE_BEFORE_PUBLISH);
        Raw.putInt(hv.header() + Header.POWER, Header.POWER_UP);
        Raw.putIntVolatile(hv.header() + Header.VERSION, Header.VERSION_VALUE);
    }

    // ---- attachment ----

    /**
     * Maps the machine in a directory.
     *
     * @throws MachineException {@code ABSENT}, {@code TOO_SHORT}, {@code NOT_INITIALISED}, {@code OTHER_VERSION},
     *                          {@code DEAD} when none of its processes lives, {@code HOST}
     */
    public static Machine attach(final MachineDir dir) {
        return attach(dir, true);
    }

    /**
     * Maps the machine in a directory, also when all of its processes are dead: for restarting and clearing up.
     *
     * @throws MachineException as {@link #attach}, except {@code DEAD} (a machine of before the host's last boot
     *                          is dead all the same)
     */
    public static Machine attachDead(final MachineDir dir) {
        return attach(dir, false);
    }

    private static Machine attach(final MachineDir dir, final boolean mustLive) {
        try {
            checkFiles(dir);
            final long frames = checkHeader(dir);
            if (mustLive && !alive(dir)) {
                throw new MachineException(Kind.DEAD, "The machine in " + dir.path() + " is dead: none of its "
                        + "processes is left.", CLEAR);
            }
            return new Machine(dir, new MachineMemory(MappedFile.map(dir.memory())),
                    new HypervisorFile(MappedFile.map(dir.hypervisor()), frames));
        } catch (IOException e) {
            throw new MachineException(Kind.HOST, "The machine in " + dir.path() + " cannot be opened: "
                    + e.getMessage() + ".", "Check who owns the directory, and the limit of open files (ulimit -n).",
                    e);
        }
    }

    private static void checkFiles(final MachineDir dir) throws IOException {
        if (!dir.holdsMachine()) {
            throw absent(dir);
        }
        if (length(dir, dir.hypervisor()) < Header.LENGTH || !Files.exists(dir.memory())) {
            throw tooShort(dir);
        }
    }

    private static MachineException absent(final MachineDir dir) {
        return new MachineException(Kind.ABSENT, "There is no machine in " + dir.path() + ".", UP);
    }

    private static MachineException tooShort(final MachineDir dir) {
        return new MachineException(Kind.TOO_SHORT, "The machine's files in " + dir.path() + " are incomplete.",
                "If 'xenolith up' is not running just now: " + lower(CLEAR));
    }

    private static long length(final MachineDir dir, final Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            throw absent(dir);
        }
    }

    /**
     * Reads the header with plain file input, before anything is mapped: a wrong one must not leave mappings.
     *
     * @return machine size in frames
     */
    private static long checkHeader(final MachineDir dir) throws IOException {
        final ByteBuffer h = ByteBuffer.allocate(Header.LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel in = FileChannel.open(dir.hypervisor(), StandardOpenOption.READ)) {
            while (h.hasRemaining() && in.read(h, h.position()) > 0) {
                // until the page is read
            }
        }
        if (h.getInt(Header.VERSION) == 0) {
            throw new MachineException(Kind.NOT_INITIALISED, "The machine in " + dir.path()
                    + " is not ready: it is being created, or its creation was cut short.",
                    "Wait a moment; if it stays so: " + lower(CLEAR));
        }
        checkVersion(dir, h);
        final long frames = h.getLong(Header.FRAMES);
        if (Files.size(dir.memory()) < frames << PhysicalMemory.FRAME_SHIFT
                || Files.size(dir.hypervisor()) < Regions.fileLength(frames)) {
            throw tooShort(dir);
        }
        final UUID boot = bootId();
        if (h.getLong(Header.BOOT_ID) != boot.getMostSignificantBits()
                || h.getLong(Header.BOOT_ID + Long.BYTES) != boot.getLeastSignificantBits()) {
            throw new MachineException(Kind.DEAD, "The machine in " + dir.path()
                    + " died when the host was restarted.", CLEAR);
        }
        return frames;
    }

    private static void checkVersion(final MachineDir dir, final ByteBuffer h) {
        if (h.getLong(Header.MAGIC) != Header.MAGIC_VALUE) {
            throw new MachineException(Kind.OTHER_VERSION, "The file " + dir.hypervisor()
                    + " is not a machine of this program.", "Use another directory, or remove that file.");
        }
        if (h.getInt(Header.VERSION) != Header.VERSION_VALUE || h.getLong(Header.LAYOUT_HASH) != LayoutHash.value()) {
            final String build = new String(h.array(), Header.BUILD_ID, Header.BUILD_ID_LENGTH,
                    StandardCharsets.UTF_8).replace("\0", "");
            throw new MachineException(Kind.OTHER_VERSION, "The machine in " + dir.path()
                    + " was made by another build (" + build + ") with other layouts.",
                    "Use the build that made it, or clear it with 'xenolith down' and start anew.");
        }
    }

    private static String lower(final String sentence) {
        return Character.toLowerCase(sentence.charAt(0)) + sentence.substring(1);
    }

    private static UUID bootId() throws IOException {
        final Path file = Path.of("/proc/sys/kernel/random/boot_id");
        return UUID.fromString(Files.readString(file, StandardCharsets.US_ASCII).trim());
    }
}
