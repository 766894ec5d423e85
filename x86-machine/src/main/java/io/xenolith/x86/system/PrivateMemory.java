package io.xenolith.x86.system;

import io.xenolith.shm.BadFrameException;
import io.xenolith.shm.PhysicalMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Physical memory of this process alone, for bare machines: zeroed frames from 0 up, freed with the garbage
 * collector's help when nothing refers to this object any more.
 */
public final class PrivateMemory implements PhysicalMemory {
    private final MemorySegment segment;
    private final long base;
    private final long frames;

    /** Memory of {@code frames} 4 KiB frames. */
    public PrivateMemory(final long frames) {
        this.frames = frames;
        this.segment = Arena.ofAuto().allocate(frames << FRAME_SHIFT, FRAME_SIZE);
        this.base = segment.address();
    }

    @Override
    public long addressOf(final long mfn) {
        if (!contains(mfn)) {
            throw BadFrameException.INSTANCE;
        }
        return base + (mfn << FRAME_SHIFT);
    }

    @Override
    public boolean contains(final long mfn) {
        return mfn >= 0 && mfn < frames;
    }

    /** Frames there are. */
    public long frames() {
        return frames;
    }

    /** Copies bytes to a physical address; the range must lie inside. */
    public void load(final long physical, final byte[] bytes) {
        MemorySegment.copy(bytes, 0, segment, java.lang.foreign.ValueLayout.JAVA_BYTE, physical, bytes.length);
    }
}
