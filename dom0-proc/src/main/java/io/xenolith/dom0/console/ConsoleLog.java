package io.xenolith.dom0.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * The log file of a domain's console. It grows to {@link #MAX_BYTES}; then what it holds moves to a second file, of
 * which there is one, and it starts anew: a domain that prints without end fills no file system.
 */
final class ConsoleLog implements AutoCloseable {
    static final long MAX_BYTES = 16 << 20;

    private final Path path;
    private final FileChannel file;
    private long length;
    private long lost;

    ConsoleLog(final Path path) {
        this.path = path;
        try {
            Files.createDirectories(path.getParent());
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            length = file.size();
        } catch (final IOException e) {
            throw new UncheckedIOException("console log: " + path, e);
        }
    }

    Path path() {
        return path;
    }

    long length() {
        return length;
    }

    /** Cuts off what a killed predecessor wrote and did not count; {@code counted} is a length mod 2^32. */
    void truncateTo(final int counted) {
        final long high = length & ~0xffff_ffffL;
        final long exact = high | counted & 0xffff_ffffL;
        final long to = exact > length ? exact - (1L << 32) : exact;
        if (to >= 0 && to < length) {
            try {
                file.truncate(to);
                length = to;
            } catch (final IOException e) {
                throw new UncheckedIOException("console log: " + path, e);
            }
        }
    }

    void append(final byte[] bytes, final int n) {
        try {
            if (length + n > MAX_BYTES) {
                startAnew();
            }
            final ByteBuffer b = ByteBuffer.wrap(bytes, 0, n);
            while (b.hasRemaining()) {
                length += file.write(b, length);
            }
        } catch (final IOException e) {
            // A full file system must not take dom0 down; the domain's output is lost, and it goes on.
            lost += n;
        }
    }

    /** Bytes that could not be written. */
    long lost() {
        return lost;
    }

    private void startAnew() throws IOException {
        Files.copy(path, path.resolveSibling(path.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        file.truncate(0);
        length = 0;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (final IOException e) {
            throw new UncheckedIOException("console log: " + path, e);
        }
    }
}
