package io.xenolith.dom0.blkback;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * A raw image file or a block device of the host. Reads and writes go straight between the file and the
 * addresses given ({@code preadv(2)}, {@code pwritev(2)}), which are guest frames.
 *
 * <p>Calls may come from several threads at once; each thread brings its own {@link Vector}.
 */
public final class BlockFile implements AutoCloseable {
    /** Bytes of a sector, in all of the block protocol. */
    public static final int SECTOR = 512;

    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final int SEEK_END = 2;
    private static final int RWF_NOWAIT = 8;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;
    private static final int EINTR = 4;

    private static final StructErrno ERRNO = new StructErrno();
    private static final MethodHandle OPEN = call("open", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS, ValueLayout.JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT));
    private static final MethodHandle LSEEK = call("lseek", FunctionDescriptor.of(ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle PREADV2 = call("preadv2", FunctionDescriptor.of(ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT));
    private static final MethodHandle PWRITEV = call("pwritev", FunctionDescriptor.of(ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    private static final MethodHandle FDATASYNC = call("fdatasync", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT));
    private static final MethodHandle FALLOCATE = call("fallocate", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    /** Where {@code errno} of the last call of a thread lies. */
    private static final class StructErrno {
        private final Linker.Option capture = Linker.Option.captureCallState("errno");
        private final MemoryLayout layout = Linker.Option.captureStateLayout();
        private final VarHandle errno = layout.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        private final ThreadLocal<MemorySegment> state = ThreadLocal.withInitial(() -> Arena.global().allocate(layout));

        int get() {
            return (int) errno.get(state.get(), 0L);
        }
    }

    /** A list of pieces of memory for one read or write: {@code struct iovec[]}. */
    public static final class Vector {
        private final MemorySegment iov;
        private final int capacity;
        private int count;
        private int first;
        private long bytes;

        /** @param capacity most pieces */
        public Vector(final int capacity) {
            this.capacity = capacity;
            this.iov = Arena.ofAuto().allocate(16L * capacity, 16);
        }

        /** Forgets all pieces. */
        public void clear() {
            count = 0;
            first = 0;
            bytes = 0;
        }

        /** Adds a piece; one that continues the last is joined to it. */
        public void add(final long address, final long length) {
            bytes += length;
            final long last = (count - 1) * 16L;
            if (count > 0 && iov.get(ValueLayout.JAVA_LONG, last) + iov.get(ValueLayout.JAVA_LONG, last + 8) == address) {
                iov.set(ValueLayout.JAVA_LONG, last + 8, iov.get(ValueLayout.JAVA_LONG, last + 8) + length);
                return;
            }
            if (count == capacity) {
                throw new IndexOutOfBoundsException("iovec pieces: " + capacity);
            }
            iov.set(ValueLayout.JAVA_LONG, count * 16L, address);
            iov.set(ValueLayout.JAVA_LONG, count * 16L + 8, length);
            count++;
        }

        /** Bytes not transferred yet. */
        public long bytes() {
            return bytes;
        }

        /** Drops {@code n} bytes from the front: they are transferred. */
        void advance(final long n) {
            bytes -= n;
            long left = n;
            while (left > 0) {
                final long length = iov.get(ValueLayout.JAVA_LONG, first * 16L + 8);
                if (left < length) {
                    iov.set(ValueLayout.JAVA_LONG, first * 16L, iov.get(ValueLayout.JAVA_LONG, first * 16L) + left);
                    iov.set(ValueLayout.JAVA_LONG, first * 16L + 8, length - left);
                    return;
                }
                left -= length;
                first++;
            }
        }

        private long address() {
            return iov.address() + first * 16L;
        }

        private int pieces() {
            return count - first;
        }
    }

    private final Path path;
    private final int fd;
    private final long sectors;
    private final boolean writable;
    private final boolean regular;
    private boolean nowait = true;

    private BlockFile(final Path path, final int fd, final long bytes, final boolean writable) {
        this.path = path;
        this.fd = fd;
        this.sectors = bytes / SECTOR;
        this.writable = writable;
        this.regular = java.nio.file.Files.isRegularFile(path);
    }

    private static MethodHandle call(final String name, final FunctionDescriptor type, final Linker.Option... more) {
        final Linker linker = Linker.nativeLinker();
        final Linker.Option[] options = java.util.Arrays.copyOf(more, more.length + 1);
        options[more.length] = ERRNO.capture;
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    /**
     * Opens a file or block device.
     *
     * @throws IOException with one sentence
     */
    public static BlockFile open(final Path path, final boolean writable) throws IOException {
        final int fd;
        try (Arena arena = Arena.ofConfined()) {
            fd = (int) OPEN.invokeExact(ERRNO.state.get(), arena.allocateFrom(path.toString()),
                    (writable ? O_RDWR : 0) | O_CLOEXEC);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
        if (fd < 0) {
            throw new IOException("The disk " + path + " cannot be opened" + (writable ? " for writing" : "") + ": "
                    + words(ERRNO.get()) + ".");
        }
        final long bytes = end(fd);
        if (bytes < SECTOR || java.nio.file.Files.isDirectory(path)) {
            close(fd);
            throw new IOException(java.nio.file.Files.isDirectory(path) ? "The disk " + path + " is a directory."
                    : "The disk " + path + " is empty.");
        }
        if (bytes % SECTOR != 0) {
            close(fd);
            throw new IOException("The disk " + path + " is " + bytes + " bytes long, which is not a whole number of " + SECTOR
                    + "-byte sectors: it may be truncated.");
        }
        return new BlockFile(path, fd, bytes, writable);
    }

    private static long end(final int fd) {
        try {
            return (long) LSEEK.invokeExact(ERRNO.state.get(), fd, 0L, SEEK_END);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Path as given. */
    public Path path() {
        return path;
    }

    /** Whole sectors. */
    public long sectors() {
        return sectors;
    }

    /** True when writes are allowed. */
    public boolean isWritable() {
        return writable;
    }

    /** True when sectors can be discarded: a writable regular file. */
    public boolean canDiscard() {
        return writable && regular;
    }

    /**
     * Reads whatever is in the page cache, without waiting for a disk.
     *
     * @return true when all of {@code v} was read
     */
    public boolean readCached(final Vector v, final long sector) {
        if (!nowait) {
            return false;
        }
        final long n;
        try {
            n = (long) PREADV2.invokeExact(ERRNO.state.get(), fd, v.address(), v.pieces(), sector * SECTOR, RWF_NOWAIT);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
        if (n < 0 && ERRNO.get() != 11) {
            nowait = false;
        }
        // A part is read again with the rest by whoever reads the rest.
        return n == v.bytes();
    }

    /** Reads from {@code sector} on into all of {@code v}; blocks. */
    public void read(final Vector v, final long sector) throws IOException {
        transfer(v, sector, false);
    }

    /** Writes all of {@code v} from {@code sector} on; blocks. */
    public void write(final Vector v, final long sector) throws IOException {
        transfer(v, sector, true);
    }

    private void transfer(final Vector v, final long sector, final boolean write) throws IOException {
        long at = sector * SECTOR;
        while (v.bytes() > 0) {
            final long n = write ? pwritev(v, at) : preadv(v, at);
            if (n > 0) {
                v.advance(n);
                at += n;
            } else if (n == 0) {
                throw new IOException("The disk " + path + " has become shorter.");
            } else if (ERRNO.get() != EINTR) {
                throw new IOException("The disk " + path + " fails: " + words(ERRNO.get()) + ".");
            }
        }
    }

    private long preadv(final Vector v, final long at) {
        try {
            return (long) PREADV2.invokeExact(ERRNO.state.get(), fd, v.address(), v.pieces(), at, 0);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    private long pwritev(final Vector v, final long at) {
        try {
            return (long) PWRITEV.invokeExact(ERRNO.state.get(), fd, v.address(), v.pieces(), at);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Everything written so far reaches the medium; blocks. */
    public void flush() throws IOException {
        final int rc;
        try {
            rc = (int) FDATASYNC.invokeExact(ERRNO.state.get(), fd);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
        // EINVAL: a special file without a cache to write back.
        if (rc < 0 && ERRNO.get() != 22) {
            throw new IOException("The disk " + path + " cannot be flushed: " + words(ERRNO.get()) + ".");
        }
    }

    /** Gives sectors back to the file system; they read as zero. */
    public void discard(final long sector, final long count) throws IOException {
        final int rc;
        try {
            rc = (int) FALLOCATE.invokeExact(ERRNO.state.get(), fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    sector * SECTOR, count * SECTOR);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
        if (rc < 0) {
            throw new IOException("The disk " + path + " cannot discard: " + words(ERRNO.get()) + ".");
        }
    }

    @Override
    public void close() {
        close(fd);
    }

    private static void close(final int fd) {
        try {
            final int ignored = (int) CLOSE.invokeExact(ERRNO.state.get(), fd);
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static String words(final int errno) {
        return switch (errno) {
            case 1, 13 -> "permission denied";
            case 2 -> "it does not exist";
            case 5 -> "input/output error";
            case 6, 19 -> "no such device";
            case 16 -> "it is busy";
            case 21 -> "it is a directory";
            case 23, 24 -> "too many open files";
            case 26 -> "text file busy";
            case 27 -> "file too large";
            case 28 -> "no space left";
            case 30 -> "read-only file system";
            default -> "error " + errno;
        };
    }
}
