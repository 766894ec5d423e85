package io.xenolith.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * A file descriptor, for what java.nio does not offer: reserving and punching ranges, and locks that belong to
 * the open file and not to the process. Descriptors are closed on exec.
 */
final class FileHandle implements AutoCloseable {
    private static final int AT_FDCWD = -100;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_CLOEXEC = 0x80000;
    private static final int OWNER_ONLY = 0600;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;

    private final Path path;
    private int fd;

    private FileHandle(final Path path, final int fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * Opens a file for reading and writing.
     *
     * @param create make it, for the owner only, when it is not there
     * @throws IOException with the C library's words
     */
    static FileHandle open(final Path path, final boolean create) throws IOException {
        final int flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0);
        try (Arena arena = Arena.ofConfined()) {
            final long name = arena.allocateFrom(path.toString()).address();
            final long fd = Syscall.OPENAT.call(AT_FDCWD, name, flags, OWNER_ONLY);
            if (fd < 0) {
                throw new IOException(path + ": " + Syscall.message(-fd));
            }
            return new FileHandle(path, (int) fd);
        }
    }

    /** The descriptor's number. */
    int fd() {
        return fd;
    }

    /** The file's path. */
    Path path() {
        return path;
    }

    /** Backs a byte range with storage; returns 0 or an error number. Content is kept, new bytes are zero. */
    int reserve(final long offset, final long length) {
        return fallocate(0, offset, length);
    }

    /** Takes the storage of a byte range away, which then reads as zero; returns 0 or an error number. */
    int punch(final long offset, final long length) {
        return fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    }

    private int fallocate(final int mode, final long offset, final long length) {
        long r;
        do {
            r = Syscall.FALLOCATE.call(fd, mode, offset, length);
        } while (r == -Syscall.EINTR);
        return (int) -r;
    }

    @Override
    public void close() {
        if (fd >= 0) {
            Syscall.CLOSE.call(fd, 0, 0, 0);
            fd = -1;
        }
    }
}
