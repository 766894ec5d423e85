package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostMemoryTest {
    @TempDir
    Path dir;

    @Test
    void readsMeminfo() throws IOException {
        final Path meminfo = dir.resolve("meminfo");
        Files.writeString(meminfo, "MemTotal:  9 kB\nMemAvailable:    1234 kB\n");
        assertEquals(1234 * 1024, HostMemory.memAvailable(meminfo));
        assertEquals(Long.MAX_VALUE, HostMemory.memAvailable(dir.resolve("nothing")));
        assertTrue(HostMemory.available() > 0);
    }

    @Test
    void controlGroupLimit() throws IOException {
        assertEquals(Long.MAX_VALUE, HostMemory.headroom(dir), "no group there");
        Files.writeString(dir.resolve("memory.max"), "max\n");
        Files.writeString(dir.resolve("memory.current"), "4096\n");
        assertEquals(Long.MAX_VALUE, HostMemory.headroom(dir), "no limit");
        Files.writeString(dir.resolve("memory.max"), "10000\n");
        assertEquals(5904, HostMemory.headroom(dir));
        Files.writeString(dir.resolve("memory.stat"), "anon 5\ninactive_file 96\nactive_file 7\n");
        assertEquals(6000, HostMemory.headroom(dir));
        Files.writeString(dir.resolve("memory.current"), "20000\n");
        assertEquals(0, HostMemory.headroom(dir));
    }

    @Test
    void knowsMemoryFileSystems() throws IOException {
        assertTrue(HostMemory.isMemoryBacked(Path.of("/dev/shm")));
        assertFalse(HostMemory.isMemoryBacked(Path.of("/proc")));
        assertTrue(HostMemory.room(Path.of("/dev/shm")) > 0);
    }

    @Test
    void sizesForPeople() {
        assertEquals("1 KiB", HostMemory.human(1));
        assertEquals("64 KiB", HostMemory.human(65536));
        assertEquals("64 MiB", HostMemory.human(64 << 20));
        assertEquals("2048 MiB", HostMemory.human(2L << 30));
        assertEquals("64 GiB", HostMemory.human(64L << 30));
    }
}
