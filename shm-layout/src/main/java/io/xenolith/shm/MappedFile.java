package io.xenolith.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.MappedBytes;

/**
 * One file of the machine, mapped whole and in one piece.
 *
 * <p>The mapping is never undone: other threads hold bare addresses into it, and an access after an unmap kills
 * the JVM. The process's end is what unmaps.
 */
final class MappedFile {
    /** Keeps every mapping reachable for the life of the process. */
    private static final List<MappedBytes> HELD = new ArrayList<>();

    static {
        // Chronicle reports its use over the network unless told not to; we do not even ship that library.
        System.setProperty("chronicle.analytics.disable", "true");
        // A mapping is released by the process's end, on purpose: no tracing of it, no complaint about it.
        System.setProperty("jvm.resource.tracing", "false");
        System.setProperty("chronicle.announcer.disable", "true");
    }

    /** Requests below this are made without asking how much memory is free: looking costs more than they do. */
    private static final long WORTH_ASKING = 1 << 20;

    private final FileHandle handle;
    private final long address;
    private final long length;
    private final boolean inMemory;

    private MappedFile(final FileHandle handle, final long address, final long length, final boolean inMemory) {
        this.handle = handle;
        this.address = address;
        this.length = length;
        this.inMemory = inMemory;
    }

    /**
     * Maps the whole of an existing file for reading and writing, shared.
     *
     * @throws IOException when the file cannot be opened or mapped
     */
    static MappedFile map(final Path path) throws IOException {
        final FileHandle handle = FileHandle.open(path, false);
        final long length = Files.size(path);
        final MappedBytes bytes = MappedBytes.singleMappedBytes(path.toFile(), length);
        synchronized (HELD) {
            HELD.add(bytes);
        }
        return new MappedFile(handle, bytes.addressForRead(0), length, HostMemory.isMemoryBacked(path));
    }

    /** Address of the first byte. */
    long address() {
        return address;
    }

    /** Length in bytes. */
    long length() {
        return length;
    }

    /** The file's path. */
    Path path() {
        return handle.path();
    }

    /**
     * Backs a byte range with storage. In a file system in memory, free memory is looked at first: the kernel
     * would kill processes to satisfy the request, ours among them.
     *
     * @throws MachineFullException when the host has no room
     */
    void reserve(final long offset, final long bytes) {
        if (bytes == 0) {
            return;
        }
        if (inMemory && bytes >= WORTH_ASKING) {
            checkFreeMemory(bytes);
        }
        final int errno = handle.reserve(offset, bytes);
        if (errno == Syscall.ENOSPC) {
            throw new MachineFullException(HostMemory.human(bytes) + " were asked for, and the file system of "
                    + handle.path() + " has no room for them");
        }
        if (errno != 0) {
            throw new MachineFullException(HostMemory.human(bytes) + " of " + handle.path()
                    + " cannot be reserved: " + Syscall.message(errno));
        }
    }

    private static void checkFreeMemory(final long bytes) {
        final long free = HostMemory.available();
        if (free < bytes) {
            throw new MachineFullException(HostMemory.human(bytes) + " were asked for, and the host has "
                    + HostMemory.human(free) + " of memory free");
        }
    }

    /** Gives the storage of a byte range back; it reads as zero afterwards. */
    void release(final long offset, final long bytes) {
        if (bytes == 0) {
            return;
        }
        final int errno = handle.punch(offset, bytes);
        if (errno == Syscall.EOPNOTSUPP) {
            // A file system without holes (some network and FUSE ones): zeroing is all that can be done there.
            Raw.fill(address + offset, bytes, (byte) 0);
        } else if (errno != 0) {
            throw new IllegalStateException("cannot release " + bytes + " bytes of " + handle.path() + ": "
                    + Syscall.message(errno));
        }
    }
}
