package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineDirTest {
    @TempDir
    Path root;

    @Test
    void isForItsOwnerOnly() throws IOException {
        final MachineDir dir = new MachineDir(root.resolve("a/b"));
        dir.create();
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.path())));
        assertFalse(dir.holdsMachine());
        assertFalse(dir.anyProcessAlive());
    }

    @Test
    void deletionSparesForeignFiles() throws IOException {
        final MachineDir dir = new MachineDir(root.resolve("m"));
        dir.create();
        Files.writeString(dir.logs().resolve("dom0.log"), "text");
        Files.writeString(dir.path().resolve("notes"), "mine");
        dir.delete();
        assertTrue(Files.exists(dir.path().resolve("notes")));
        assertFalse(Files.exists(dir.logs()));
        Files.delete(dir.path().resolve("notes"));
        dir.delete();
        assertFalse(Files.exists(dir.path()));
        dir.delete(); // harmless when nothing is there
    }

    @Test
    void namesStayInsideTheUsersDirectory() {
        assertTrue(MachineDir.named("default").path().toString().matches("/dev/shm/xenolith-\\d+/default"));
        assertThrows(MachineException.class, () -> MachineDir.named("../other"));
        assertThrows(MachineException.class, () -> MachineDir.named(""));
        assertThrows(MachineException.class, () -> MachineDir.named(".hidden"));
    }

    @Test
    void anyHeldLockIsLife() throws IOException {
        final MachineDir dir = new MachineDir(root.resolve("m"));
        dir.create();
        Files.createFile(dir.lock("dom0"));
        assertFalse(dir.anyProcessAlive());
        try (LockFile lock = LockFile.tryAcquire(dir.lock("dom-7"))) {
            assertTrue(dir.anyProcessAlive());
        }
        assertFalse(dir.anyProcessAlive());
    }
}
