package io.xenolith.shm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory the host can still give: free memory, the control group's limit, room in a file system.
 */
public final class HostMemory {
    private static final long KIB = 1024;
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private HostMemory() {
    }

    /** Bytes that can be allocated without swapping; {@link Long#MAX_VALUE} when the host does not say. */
    public static long available() {
        return Math.min(memAvailable(MEMINFO), groupHeadroom());
    }

    /** Bytes free for us in the file system that holds {@code path}. */
    public static long room(final Path path) throws IOException {
        return store(path).getUsableSpace();
    }

    /** True when files there live in memory. */
    public static boolean isMemoryBacked(final Path path) throws IOException {
        final String type = store(path).type();
        return "tmpfs".equals(type) || "ramfs".equals(type) || "hugetlbfs".equals(type);
    }

    private static FileStore store(final Path path) throws IOException {
        return Files.getFileStore(path);
    }

    static long memAvailable(final Path meminfo) {
        for (final String line : lines(meminfo)) {
            if (line.startsWith("MemAvailable:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * KIB;
            }
        }
        return Long.MAX_VALUE;
    }

    /** What the control group still allows: the tightest of the group and its ancestors that we can see. */
    private static long groupHeadroom() {
        long headroom = Long.MAX_VALUE;
        Path group = Path.of("/sys/fs/cgroup");
        headroom = Math.min(headroom, headroom(group));
        for (final String line : lines(Path.of("/proc/self/cgroup"))) {
            if (line.startsWith("0::/")) {
                for (final Path part : Path.of(line.substring("0::/".length()))) {
                    group = group.resolve(part);
                    headroom = Math.min(headroom, headroom(group));
                }
            }
        }
        return headroom;
    }

    /** Limit less what is in use; cached file pages that were not used lately count as free. */
    static long headroom(final Path group) {
        final long limit = number(group.resolve("memory.max"));
        final long used = number(group.resolve("memory.current"));
        if (limit == Long.MAX_VALUE || used == Long.MAX_VALUE) {
            return Long.MAX_VALUE;
        }
        return Math.max(0, limit - used + reclaimable(group));
    }

    private static long reclaimable(final Path group) {
        for (final String line : lines(group.resolve("memory.stat"))) {
            if (line.startsWith("inactive_file ")) {
                return Long.parseLong(line.substring("inactive_file ".length()).trim());
            }
        }
        return 0;
    }

    private static long number(final Path file) {
        final List<String> lines = lines(file);
        if (lines.isEmpty() || !lines.getFirst().matches("\\d{1,18}")) {
            return Long.MAX_VALUE;
        }
        return Long.parseLong(lines.getFirst());
    }

    private static List<String> lines(final Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }

    /** A size as people write it: 17 MiB, 3 GiB. */
    public static String human(final long bytes) {
        if (bytes >= 10L << 30) {
            return (bytes >> 30) + " GiB";
        }
        if (bytes >= 1L << 20) {
            return (bytes >> 20) + " MiB";
        }
        return (bytes + KIB - 1) / KIB + " KiB";
    }
}
