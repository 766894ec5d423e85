package io.xenolith.shm;

/**
 * Which frames of machine memory the machine itself uses, by size.
 *
 * <pre>
 *   mfn 0        never handed out
 *   1 .. 511     heap
 *   m2p32        machine-to-physical table, 4-byte entries, begins at a multiple of 2 MiB
 *   (gap)        heap
 *   m2p64        the same with 8-byte entries, begins at a multiple of 2 MiB
 *   heap mfn ..  heap
 * </pre>
 *
 * <p>The tables begin at multiples of 2 MiB so that whole 2 MiB of them can be mapped by one entry; the rest of
 * each must be mapped by 4 KiB entries, because what follows belongs to others. The last frames of each are the page
 * tables for that: {@link #WINDOW_TABLES_32} and {@link #WINDOW_TABLES_64}, written by whoever maps.
 *
 * @param frames machine size
 * @param m2p32  first frame of the table with 4-byte entries
 * @param m2p64  first frame of the table with 8-byte entries
 * @param heap   first frame after both
 */
public record MemoryMap(long frames, long m2p32, long m2p64, long heap) {
    /** Page tables after the table with 4-byte entries: its last level-1 table. */
    public static final long WINDOW_TABLES_32 = 1;
    /** Page tables after the table with 8-byte entries: its last level-1 table, its level-2 and level-3 table. */
    public static final long WINDOW_TABLES_64 = 3;
    /** Frames in 2 MiB. */
    public static final long LARGE = 512;

    /** The map of a machine of {@code frames} frames. */
    public static MemoryMap of(final long frames) {
        final long first = LARGE;
        final long second = first + m2p32Frames(frames) + LARGE - 1 & -LARGE;
        return new MemoryMap(frames, first, second, second + m2p64Frames(frames));
    }

    /** Frames of the table with 4-byte entries, its page tables included. */
    public static long m2p32Frames(final long frames) {
        return pages(frames * Integer.BYTES) + WINDOW_TABLES_32;
    }

    /** Frames of the table with 8-byte entries, its page tables included. */
    public static long m2p64Frames(final long frames) {
        return pages(frames * Long.BYTES) + WINDOW_TABLES_64;
    }

    /** True when the frame is part of a table or is frame 0: never in the heap. */
    public boolean isFixed(final long mfn) {
        return mfn == 0 || mfn >= m2p32 && mfn < m2p32 + m2p32Frames(frames)
                || mfn >= m2p64 && mfn < m2p64 + m2p64Frames(frames);
    }

    private static long pages(final long bytes) {
        return bytes + PhysicalMemory.FRAME_SIZE - 1 >>> PhysicalMemory.FRAME_SHIFT;
    }
}
