package io.xenolith.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * A file descriptor, for what java.nio does not offer: reserving and punching ranges, and locks that belong to
 * the open file and not to the process. Descriptors are closed on exec.
 */
final class FileHandle implements AutoCloseable {
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_CLOEXEC = 0x80000;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;

    private static final MethodHandle OPEN =
            Libc.variadic("open", 2, Libc.INT, Libc.POINTER, Libc.INT, Libc.INT);
    private static final MethodHandle CLOSE = Libc.function("close", Libc.INT, Libc.INT);
    private static final MethodHandle FALLOCATE =
            Libc.function("fallocate", Libc.INT, Libc.INT, Libc.INT, Libc.LONG, Libc.LONG);

    private final Path path;
    private int fd;

    private FileHandle(final Path path, final int fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * Opens a file for reading and writing.
     *
     * @param create make it, with mode 0600, when it is not there
     * @throws IOException with the C library's words
     */
    static FileHandle open(final Path path, final boolean create) throws IOException {
        final int flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment name = arena.allocateFrom(path.toString());
            final int fd = (int) OPEN.invokeExact(Libc.errnoBuffer(), name, flags, 0600);
            if (fd < 0) {
                throw new IOException(path + ": " + Libc.message(Libc.errno()));
            }
            return new FileHandle(path, fd);
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
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
        try {
            while (true) {
                final int r = (int) FALLOCATE.invokeExact(Libc.errnoBuffer(), fd, mode, offset, length);
                if (r == 0) {
                    return 0;
                }
                final int errno = Libc.errno();
                if (errno != Libc.EINTR) {
                    return errno;
                }
            }
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public void close() {
        if (fd < 0) {
            return;
        }
        try {
            final int ignored = (int) CLOSE.invokeExact(Libc.errnoBuffer(), fd);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        } finally {
            fd = -1;
        }
    }
}
