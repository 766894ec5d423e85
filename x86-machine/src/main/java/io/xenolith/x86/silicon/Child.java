package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.BATCH_SLOTS;
import static io.xenolith.x86.silicon.CaseLayout.CONTROL_OFFSET;
import static io.xenolith.x86.silicon.CaseLayout.CURRENT;
import static io.xenolith.x86.silicon.CaseLayout.FILE_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.SLOTS_BASE;
import static io.xenolith.x86.silicon.CaseLayout.SLOT_BYTES;

import io.xenolith.shm.Raw;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The running {@link ChildProgram} and the mapping shared with it. */
final class Child implements AutoCloseable {
    private static final int HANG_SECONDS = 20;

    private final ChildProgram program;
    private final Process process;
    private final Arena arena = Arena.ofShared();
    private final long base;
    private final OutputStream commands;
    private final InputStream answers;

    /**
     * Starts the child.
     *
     * @throws IOException when it cannot be started, or ends at once because the host lacks something it needs
     */
    Child() throws IOException {
        checkHost();
        program = new ChildProgram();
        final Path file = Files.createTempFile("xenolith-silicon", "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            Files.write(file, program.elf());
            process = new ProcessBuilder(file.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            commands = process.getOutputStream();
            answers = process.getInputStream();
            if (answers.read() < 0) {
                throw new IOException("the child that runs cases on the CPU ended while setting up: this kernel refuses"
                    + " one of memfd_create, executable shared memory, modify_ldt, sigaltstack");
            }
        } finally {
            Files.deleteIfExists(file);
        }
        final Path shared = Path.of("/proc/" + process.pid() + "/fd/" + ChildProgram.SHARED_FD);
        try (FileChannel channel = FileChannel.open(shared, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            base = channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES, arena).address();
        }
    }

    private static void checkHost() throws IOException {
        final Path info = Path.of("/proc/cpuinfo");
        if (!"amd64".equals(System.getProperty("os.arch")) || !Files.isReadable(info)
            || !Files.readString(info).contains(" fsgsbase")) {
            throw new IOException("the comparison with silicon needs Linux on an x86-64 CPU with FSGSBASE");
        }
    }

    /** Address in this process of the shared file. */
    long base() {
        return base;
    }

    ChildProgram program() {
        return program;
    }

    /** Starts a batch. */
    void send(final int batch, final int cases) throws IOException {
        final ByteBuffer b = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(batch).putInt(cases);
        commands.write(b.array());
        commands.flush();
    }

    /**
     * Waits for the batch sent first.
     *
     * @return -1, or the slot of the case that hung or killed the child, which is gone then
     */
    int await() throws IOException {
        final Thread watchdog = Thread.ofVirtual().start(this::killWhenHung);
        final int answer = answers.read();
        watchdog.interrupt();
        return answer >= 0 ? -1 : currentSlot();
    }

    private void killWhenHung() {
        try {
            Thread.sleep(HANG_SECONDS * 1000L);
            process.destroyForcibly();
        } catch (final InterruptedException e) {
            // answered in time
        }
    }

    private int currentSlot() {
        final long address = Raw.getLong(base + CONTROL_OFFSET + CURRENT);
        return (int) ((address - SLOTS_BASE) / SLOT_BYTES);
    }

    /** First slot of a batch. */
    static int firstSlot(final int batch) {
        return batch * BATCH_SLOTS;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        arena.close();
    }
}
