package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.MachineException.Kind;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Regions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MachineTest {
    private static final long MIB = 1L << 20;
    private MachineDir dir;
    private LockFile lock;

    @BeforeEach
    void makeDirectory() throws IOException {
        dir = new MachineDir(Files.createTempDirectory(Path.of("/dev/shm"), "xenolith-test"));
    }

    @AfterEach
    void removeDirectory() throws IOException {
        if (lock != null) {
            lock.close();
        }
        dir.delete();
        assertFalse(Files.exists(dir.path()), "nothing of the machine is left");
    }

    private Machine up() throws IOException {
        final Machine m = Machine.create(dir, MachineOptions.ofMemory(16 * MIB));
        lock = LockFile.tryAcquire(dir.lock("hypervisor"));
        m.publish();
        return m;
    }

    private Kind refusal() {
        return assertThrows(MachineException.class, () -> Machine.attach(dir)).kind();
    }

    @Test
    void anotherMappingSeesTheSameBytes() throws IOException {
        final Machine one = up();
        final Machine two = Machine.attach(dir);
        one.memory().reserve(3, 1);
        Raw.putInt(one.memory().addressOf(3) + 8, 0x1234_5678);
        assertEquals(0x1234_5678, Raw.getInt(two.memory().addressOf(3) + 8));
        assertEquals(4096, two.memory().frames());
        assertEquals(Header.MAGIC_VALUE, Raw.getLong(two.hv().header() + Header.MAGIC));
    }

    @Test
    void machineToPhysicalSaysNobody() throws IOException {
        final Machine m = up();
        final MemoryMap map = MemoryMap.of(m.memory().frames());
        assertEquals(-1, Raw.getInt(m.memory().addressOf(map.m2p32()) + 4 * 4095));
        assertEquals(-1L, Raw.getLong(m.memory().addressOf(map.m2p64()) + 8 * 4095));
        assertTrue(map.isFixed(0) && map.isFixed(map.m2p32()) && map.isFixed(map.heap() - 1));
        assertFalse(map.isFixed(1) || map.isFixed(map.heap()) || map.isFixed(map.m2p64() - 1));
    }

    @Test
    void framesOutsideAreRefused() throws IOException {
        final MachineMemory memory = up().memory();
        assertThrows(BadFrameException.class, () -> memory.addressOf(4096));
        assertThrows(BadFrameException.class, () -> memory.addressOf(-1));
        assertThrows(BadFrameException.class, () -> memory.addressOf(Long.MIN_VALUE));
        assertThrows(BadFrameException.class, () -> memory.reserve(4095, 2));
        assertThrows(BadFrameException.class, () -> memory.reserve(1, Long.MAX_VALUE));
        assertFalse(memory.contains(4096));
        assertTrue(memory.contains(4095));
    }

    @Test
    void releasedFramesReadAsZeroAndGoBackToTheHost() throws IOException {
        final MachineMemory memory = up().memory();
        final long before = allocated();
        memory.reserve(100, 16);
        assertEquals(before + 16 * 4096, allocated());
        Raw.fill(memory.addressOf(100), 16 * 4096, (byte) 0x5A);
        memory.release(100, 16);
        assertEquals(before, allocated());
        memory.reserve(100, 16);
        assertEquals(0, Raw.getLong(memory.addressOf(107)));
        memory.release(100, 16);
    }

    private long allocated() throws IOException {
        return blocks(dir.memory());
    }

    /** Bytes of storage behind a file, as stat(1) counts them. */
    private static long blocks(final Path file) throws IOException {
        final Process p = new ProcessBuilder("stat", "-c", "%b %B", file.toString()).start();
        final String[] words = new String(p.getInputStream().readAllBytes()).trim().split(" ");
        return Long.parseLong(words[0]) * Long.parseLong(words[1]);
    }

    @Test
    void fixedCostIsWhatItSays() throws IOException {
        up();
        final long cost = blocks(dir.memory()) + blocks(dir.hypervisor());
        assertEquals(Machine.fixedCost(4096), cost);
        assertTrue(Machine.fixedCost(48 * MIB / 4096) < 2 * MIB, "a 48 MiB machine fits a 64 MiB container");
    }

    @Test
    void absent() {
        assertEquals(Kind.ABSENT, refusal());
    }

    @Test
    void notInitialised() throws IOException {
        Machine.create(dir, MachineOptions.ofMemory(16 * MIB));
        assertEquals(Kind.NOT_INITIALISED, refusal());
    }

    @Test
    void tooShort() throws IOException {
        up();
        try (RandomAccessFile f = new RandomAccessFile(dir.memory().toFile(), "rw")) {
            f.setLength(15 * MIB);
        }
        assertEquals(Kind.TOO_SHORT, refusal());
        try (RandomAccessFile f = new RandomAccessFile(dir.hypervisor().toFile(), "rw")) {
            f.setLength(100);
        }
        assertEquals(Kind.TOO_SHORT, refusal());
    }

    @Test
    void otherLayout() throws IOException {
        final Machine m = up();
        final long word = m.hv().header() + Header.LAYOUT_HASH;
        Raw.putLong(word, Raw.getLong(word) + 1);
        final MachineException e = assertThrows(MachineException.class, () -> Machine.attach(dir));
        assertEquals(Kind.OTHER_VERSION, e.kind());
        assertTrue(e.sentence().contains("(dev)"), e.sentence());
    }

    @Test
    void notAMachineAtAll() throws IOException {
        final Machine m = up();
        Raw.putLong(m.hv().header() + Header.MAGIC, 1);
        assertEquals(Kind.OTHER_VERSION, refusal());
    }

    @Test
    void deadMachine() throws IOException {
        final Machine m = up();
        lock.close();
        lock = null;
        assertEquals(Kind.DEAD, refusal());
        assertEquals(m.memory().frames(), Machine.attachDead(dir).memory().frames());
        Raw.putLong(m.hv().header() + Header.BOOT_ID, 1);
        assertEquals(Kind.DEAD, assertThrows(MachineException.class, () -> Machine.attachDead(dir)).kind());
    }

    @Test
    void secondCreationIsRefusedAndHarmless() throws IOException {
        up();
        assertEquals(Kind.IN_USE, assertThrows(MachineException.class,
                () -> Machine.create(dir, MachineOptions.ofMemory(16 * MIB))).kind());
        assertEquals(4096, Machine.attach(dir).memory().frames());
    }

    @Test
    void creationOverADeadMachineIsRefused() throws IOException {
        up();
        lock.close();
        lock = null;
        assertEquals(Kind.DEAD, assertThrows(MachineException.class,
                () -> Machine.create(dir, MachineOptions.ofMemory(16 * MIB))).kind());
    }

    @Test
    void tooLargeForTheFileSystem() throws IOException {
        final MachineException e = assertThrows(MachineException.class,
                () -> Machine.create(dir, MachineOptions.ofMemory(64L << 40)));
        assertEquals(Kind.NO_SPACE, e.kind());
        assertTrue(e.remedy().contains("--memory "), e.remedy());
        assertFalse(Files.exists(dir.memory()) || Files.exists(dir.hypervisor()));
    }

    @Test
    void moreFramesThanTheHostCanBack() throws IOException {
        final Path file = Files.createTempFile(Path.of("/dev/shm"), "xenolith-huge", "");
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(1L << 42);
            final MachineMemory memory = new MachineMemory(MappedFile.map(file));
            final MachineFullException e = assertThrows(MachineFullException.class, () -> memory.reserve(0, 1L << 30));
            assertTrue(e.getMessage().startsWith("4096 GiB were asked for"), e.getMessage());
            assertEquals(0, blocks(file));
            memory.reserve(5, 1);
            assertEquals(4096, blocks(file));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void tooSmall() {
        assertThrows(MachineException.class, () -> Machine.create(dir, MachineOptions.ofMemory(MIB)));
        assertThrows(MachineException.class, () -> Machine.create(dir, MachineOptions.ofMemory(16 * MIB + 1)));
    }

    @Test
    void filesHaveTheLengthTheyShould() throws IOException {
        up();
        assertEquals(16 * MIB, Files.size(dir.memory()));
        assertEquals(Regions.fileLength(4096), Files.size(dir.hypervisor()));
    }
}
