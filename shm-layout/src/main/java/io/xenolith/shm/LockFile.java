package io.xenolith.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that a process keeps locked for as long as it lives. The kernel drops the lock at the process's end,
 * however it ended, so the lock is what tells the living from the dead.
 *
 * <p>Open-file-description locks (fcntl F_OFD_SETLK): they belong to this one opening of the file. A lock of the
 * older kind would be lost when anything else in the process closed the same file, and whether an flock(2) is
 * held cannot be asked without trying to take it.
 */
public final class LockFile implements AutoCloseable {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    /** struct flock: short type, short whence, long start, long length, int pid; zero length is the whole file. */
    private static final int FLOCK_LENGTH = 32;

    private final FileHandle handle;

    private LockFile(final FileHandle handle) {
        this.handle = handle;
    }

    /**
     * Locks a file, creating it when it is not there, and writes this process's pid and start time into it for
     * people to read.
     *
     * @return the lock, or null when somebody holds it
     * @throws IOException when the file cannot be opened or locked
     */
    public static LockFile tryAcquire(final Path path) throws IOException {
        final FileHandle handle = FileHandle.open(path, true);
        final int errno = lock(handle.fd());
        if (errno != 0) {
            handle.close();
            if (errno == Syscall.EAGAIN || errno == Syscall.EACCES) {
                return null;
            }
            throw new IOException(path + ": " + Syscall.message(errno));
        }
        final ProcessIdentity self = ProcessIdentity.self();
        Files.writeString(path, self.pid() + " " + self.startTime() + "\n", StandardCharsets.US_ASCII);
        return new LockFile(handle);
    }

    /**
     * True when some process, this one included, holds the lock.
     *
     * @throws IOException when the file is there but cannot be asked
     */
    public static boolean isHeld(final Path path) throws IOException {
        if (!Files.exists(path)) {
            return false;
        }
        try (FileHandle handle = FileHandle.open(path, false); Arena arena = Arena.ofConfined()) {
            final MemorySegment flock = writeLock(arena);
            final long r = Syscall.FCNTL.call(handle.fd(), F_OFD_GETLK, flock.address(), 0);
            if (r < 0) {
                throw new IOException(path + ": " + Syscall.message(-r));
            }
            return flock.get(ValueLayout.JAVA_SHORT, 0) != F_UNLCK;
        }
    }

    private static int lock(final int fd) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) -Syscall.FCNTL.call(fd, F_OFD_SETLK, writeLock(arena).address(), 0);
        }
    }

    private static MemorySegment writeLock(final Arena arena) {
        final MemorySegment flock = arena.allocate(FLOCK_LENGTH, 8);
        flock.set(ValueLayout.JAVA_SHORT, 0, F_WRLCK);
        return flock;
    }

    /** The file. */
    public Path path() {
        return handle.path();
    }

    /** Drops the lock. Processes that hold it as a sign of life never call this. */
    @Override
    public void close() {
        handle.close();
    }
}
