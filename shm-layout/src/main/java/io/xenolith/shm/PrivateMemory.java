package io.xenolith.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Machine memory of this process alone: frames 0 to n-1, zeroed, unmapped when the object is collected. For a
 * CPU without a machine around it, as tests and the comparison with silicon use it.
 */
public final class PrivateMemory implements PhysicalMemory {
    private final MemorySegment segment;
    private final long base;
    private final long frames;

    /** @param frames number of frames, at least 1 */
    public PrivateMemory(final long frames) {
        this.segment = Arena.ofAuto().allocate(frames << FRAME_SHIFT, FRAME_SIZE);
        this.base = segment.address();
        this.frames = frames;
    }

    /** Number of frames. */
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
}
