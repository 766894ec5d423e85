package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
    @TempDir
    Path dir;

    @Test
    void oneHolderAtATime() throws IOException {
        final Path path = dir.resolve("lock");
        assertFalse(LockFile.isHeld(path));
        final LockFile lock = LockFile.tryAcquire(path);
        assertNotNull(lock);
        assertTrue(LockFile.isHeld(path));
        assertNull(LockFile.tryAcquire(path), "refused, also to the same process");
        assertTrue(LockFile.isHeld(path), "neither asking nor trying takes it away");
        assertTrue(Files.readString(path).startsWith(ProcessIdentity.self().pid() + " "));
        lock.close();
        assertFalse(LockFile.isHeld(path));
        assertNotNull(LockFile.tryAcquire(path));
    }

    @Test
    void endsWithItsProcess() throws Exception {
        final Path path = dir.resolve("lock");
        final Process child = ChildJvm.start(Holder.class, List.of(), path.toString());
        assertEquals('+', child.getInputStream().read());
        assertTrue(LockFile.isHeld(path));
        assertNull(LockFile.tryAcquire(path));
        Processes.kill((int) child.pid(), Processes.SIGKILL);
        child.waitFor();
        assertFalse(LockFile.isHeld(path));
    }

    @Test
    void unusablePathIsAnError() {
        assertThrows(IOException.class, () -> LockFile.tryAcquire(dir.resolve("no").resolve("lock")));
        assertThrows(IOException.class, () -> LockFile.tryAcquire(dir));
    }

    /** Takes the lock, says so, and holds it. */
    static final class Holder {
        private Holder() {
        }

        public static void main(final String[] args) throws Exception {
            final LockFile lock = LockFile.tryAcquire(Path.of(args[0]));
            System.out.print(lock == null ? '-' : '+');
            System.out.flush();
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
