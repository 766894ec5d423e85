package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;

/**
 * Stores to guest frames that do not pass the guest's MMU. A frame from which decoded instructions are cached is
 * announced first, so that no vCPU goes on with the old ones.
 */
public final class MemoryAccess {
    /** Told before a store to a frame that holds decoded code. */
    public interface CodeStores {
        /**
         * Drops decoded code.
         *
         * @param mfn    frame.
         * @param offset first byte within it.
         * @param length bytes.
         */
        void storing(long mfn, int offset, int length);
    }

    private final FrameTable frames;
    private final PhysicalMemory memory;
    private CodeStores codeStores = (mfn, offset, length) -> { };

    /**
     * @param frames the frame table, for the code flag.
     * @param memory machine memory.
     */
    public MemoryAccess(final FrameTable frames, final PhysicalMemory memory) {
        this.frames = frames;
        this.memory = memory;
    }

    /** @param listener who drops decoded code. */
    public void onCodeStore(final CodeStores listener) {
        codeStores = listener;
    }

    /** @param mfn frame. @param offset byte offset, a multiple of 8. @return the 64-bit value there. */
    public long getLong(final long mfn, final int offset) {
        return Raw.getLong(memory.addressOf(mfn) + offset);
    }

    /** @param mfn frame. @param offset byte offset, a multiple of 8. @param value stored in one piece. */
    public void putLong(final long mfn, final int offset, final long value) {
        announce(mfn, offset, 8);
        Raw.putLong(memory.addressOf(mfn) + offset, value);
    }

    /**
     * @param mfn      frame.
     * @param offset   byte offset, a multiple of 8.
     * @param expected value that must be there.
     * @param value    new value.
     * @return whether it was stored.
     */
    public boolean casLong(final long mfn, final int offset, final long expected, final long value) {
        announce(mfn, offset, 8);
        return Raw.casLong(memory.addressOf(mfn) + offset, expected, value);
    }

    /** Fills a frame with zeroes. @param mfn frame. */
    public void clear(final long mfn) {
        announce(mfn, 0, 4096);
        Raw.fill(memory.addressOf(mfn), 4096, (byte)0);
    }

    /** Copies a frame. @param from source. @param to destination. */
    public void copyFrame(final long from, final long to) {
        announce(to, 0, 4096);
        Raw.copy(memory.addressOf(from), memory.addressOf(to), 4096);
    }

    private void announce(final long mfn, final int offset, final int length) {
        if ((frames.ownerWord(mfn) & FrameRecord.FLAG_CODE) != 0) {
            codeStores.storing(mfn, offset, length);
        }
    }
}
