package io.xenolith.shm;

/**
 * The machine's memory: the mapped file {@code memory}, frame <i>m</i> at byte {@code m << 12}.
 *
 * <p>This is the only class that turns a machine frame number into an address, and it checks the number first.
 * The mapping is held for the life of the process.
 *
 * <p>A frame without backing must not be touched: a fault on a hole of a full tmpfs is a signal that HotSpot
 * does not survive. {@link #reserve} backs frames before they are handed out, {@link #release} scrubs them and
 * gives the memory back to the host.
 */
public final class MachineMemory implements PhysicalMemory {
    private final MappedFile file;
    private final long base;
    private final long frames;

    MachineMemory(final MappedFile file) {
        this.file = file;
        this.base = file.address();
        this.frames = file.length() >>> FRAME_SHIFT;
    }

    /** Machine size in frames. */
    public long frames() {
        return frames;
    }

    @Override
    public long addressOf(final long mfn) {
        if (mfn < 0 || mfn >= frames) {
            throw BadFrameException.INSTANCE;
        }
        return base + (mfn << FRAME_SHIFT);
    }

    @Override
    public boolean contains(final long mfn) {
        return mfn >= 0 && mfn < frames;
    }

    /**
     * Backs {@code n} frames from {@code firstMfn} on with host memory. Frames that are backed already keep
     * their content; new ones read as zero.
     *
     * @throws BadFrameException    when a frame is outside the machine
     * @throws MachineFullException when the host has no room; then none, some or all frames may be backed:
     *                              {@link #release} them
     */
    public void reserve(final long firstMfn, final long n) {
        checkRange(firstMfn, n);
        file.reserve(firstMfn << FRAME_SHIFT, n << FRAME_SHIFT);
    }

    /**
     * Gives {@code n} frames from {@code firstMfn} on back to the host. Their content becomes zero.
     *
     * @throws BadFrameException when a frame is outside the machine
     */
    public void release(final long firstMfn, final long n) {
        checkRange(firstMfn, n);
        file.release(firstMfn << FRAME_SHIFT, n << FRAME_SHIFT);
    }

    private void checkRange(final long firstMfn, final long n) {
        if (firstMfn < 0 || n < 0 || firstMfn > frames || n > frames - firstMfn) {
            throw BadFrameException.INSTANCE;
        }
    }
}
