package io.xenolith.guests;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes disk images whose contents the embedded guest can check: 32-bit little-endian word {@code i} of the disk is
 * {@code i * FACTOR + OFFSET} modulo 2^32. Usage: {@code PatternDisk FILE MEBIBYTES}.
 */
public final class PatternDisk {
    static final int FACTOR = 0x9E3779B1;
    static final int OFFSET = 0x7F4A7C15;
    private static final int MEBIBYTE = 1 << 20;

    private PatternDisk() {
    }

    /** Entry point. */
    public static void main(final String[] args) throws IOException {
        if (args.length != 2 || !args[1].matches("[0-9]{1,6}")) {
            System.err.println("usage: PatternDisk FILE MEBIBYTES");
            System.exit(2);
        }
        write(Path.of(args[0]), Integer.parseInt(args[1]));
    }

    /**
     * Writes an image.
     *
     * @param file      file to make or overwrite.
     * @param mebibytes its size.
     * @throws IOException when it cannot be written.
     */
    public static void write(final Path file, final int mebibytes) throws IOException {
        final ByteBuffer b = ByteBuffer.allocate(MEBIBYTE).order(ByteOrder.LITTLE_ENDIAN);
        int word = 0;
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int n = 0; n < mebibytes; n++) {
                b.clear();
                while (b.hasRemaining()) {
                    b.putInt(word(word++));
                }
                out.write(b.array());
            }
        }
    }

    /** Word {@code i} of a disk. */
    public static int word(final int i) {
        return i * FACTOR + OFFSET;
    }
}
