package io.xenolith.shm;

/**
 * Machine memory as a CPU sees it: numbered 4 KiB frames, each at some address of this process.
 */
public interface PhysicalMemory {
    /** log2 of the frame size. */
    int FRAME_SHIFT = 12;
    /** Bytes of one frame. */
    int FRAME_SIZE = 1 << FRAME_SHIFT;

    /**
     * The address of the first byte of a frame.
     *
     * @param mfn machine frame number
     * @throws BadFrameException when there is no such frame
     */
    long addressOf(long mfn);

    /** True when frame {@code mfn} exists. It may still be without backing: see {@link MachineMemory#reserve}. */
    boolean contains(long mfn);
}
