package io.xenolith.dom0.builder;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * The bytes of an image file, unpacked when they are packed: plain, gzip, or a Linux bzImage whose payload is
 * plain or gzip.
 */
public final class ImageBytes {
    /** Largest image after unpacking; a gzip bomb ends here. */
    public static final int MAX_BYTES = 1 << 30;

    private static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort LE16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    // The boot protocol header of a bzImage (Linux, Documentation/arch/x86/boot.rst).
    private static final int SETUP_SECTS = 0x1f1;
    private static final int HDRS_MAGIC_AT = 0x202;
    private static final int HDRS_MAGIC = 0x53726448;
    private static final int PROTOCOL = 0x206;
    private static final int PROTOCOL_WITH_PAYLOAD = 0x208;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;

    private ImageBytes() {
    }

    /**
     * Reads and unpacks a kernel.
     *
     * @throws ImageException when the file is missing, unreadable, too large or packed in a way we lack
     */
    public static byte[] readKernel(final Path path) {
        return unpackKernel(readRaw(path, "kernel"), path);
    }

    /** Reads a file as it is. {@code what} names it in the sentence of a failure. */
    public static byte[] readRaw(final Path path, final String what) {
        try {
            if (!Files.isRegularFile(path)) {
                throw new ImageException("The " + what + " " + path
                        + (Files.exists(path) ? " is not a regular file." : " does not exist."));
            }
            final long size = Files.size(path);
            if (size > MAX_BYTES) {
                throw new ImageException("The " + what + " " + path + " is larger than 1 GiB.");
            }
            return Files.readAllBytes(path);
        } catch (final IOException e) {
            throw new ImageException("The " + what + " " + path + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    static byte[] unpackKernel(final byte[] raw, final Path path) {
        final byte[] outer = isGzip(raw, 0) ? gunzip(raw, 0, raw.length, path) : raw;
        return isBzImage(outer) ? payloadOf(outer, path) : outer;
    }

    private static boolean isGzip(final byte[] b, final int at) {
        return b.length - at > 2 && (b[at] & 0xff) == 0x1f && (b[at + 1] & 0xff) == 0x8b;
    }

    private static byte[] gunzip(final byte[] b, final int at, final int length, final Path path) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream(Math.max(length, 1 << 16));
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(b, at, length), 1 << 16)) {
            final byte[] chunk = new byte[1 << 16];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                if (out.size() > MAX_BYTES - n) {
                    throw new ImageException("The kernel " + path + " unpacks to more than 1 GiB.");
                }
                out.write(chunk, 0, n);
            }
            return out.toByteArray();
        } catch (final IOException e) {
            throw new ImageException("The kernel " + path + " is truncated or damaged: its gzip data ends badly.", e);
        }
    }

    private static boolean isBzImage(final byte[] b) {
        if (b.length < PAYLOAD_LENGTH + 4) {
            return false;
        }
        return MemorySegment.ofArray(b).get(LE32, HDRS_MAGIC_AT) == HDRS_MAGIC;
    }

    private static byte[] payloadOf(final byte[] b, final Path path) {
        final MemorySegment s = MemorySegment.ofArray(b);
        if ((s.get(LE16, PROTOCOL) & 0xffff) < PROTOCOL_WITH_PAYLOAD) {
            throw new ImageException("The kernel " + path + " is a bzImage too old to contain an ELF payload.");
        }
        final int setup = b[SETUP_SECTS] == 0 ? 4 : b[SETUP_SECTS] & 0xff;
        final long at = (setup + 1) * 512L + (s.get(LE32, PAYLOAD_OFFSET) & 0xffff_ffffL);
        final long length = s.get(LE32, PAYLOAD_LENGTH) & 0xffff_ffffL;
        if (at + length > b.length || length < 4) {
            throw new ImageException("The kernel " + path + " is truncated: its payload ends beyond the file.");
        }
        final int start = (int) at;
        if (isGzip(b, start)) {
            return gunzip(b, start, (int) length, path);
        }
        if (b[start] == 0x7f && b[start + 1] == 'E') {
            return java.util.Arrays.copyOfRange(b, start, start + (int) length);
        }
        throw new ImageException("The kernel " + path + " is a bzImage packed with " + packer(b, start)
                + "; unpack it first (scripts/extract-vmlinux of the Linux source does it).");
    }

    private static String packer(final byte[] b, final int at) {
        return switch ((b[at] & 0xff) << 8 | b[at + 1] & 0xff) {
            case 0xfd37 -> "xz";
            case 0x425a -> "bzip2";
            case 0x5d00 -> "lzma";
            case 0x894c -> "lzo";
            case 0x0221 -> "lz4";
            case 0x28b5 -> "zstd";
            default -> "a method we do not know";
        };
    }
}
