package io.xenolith.x86.decode;

import io.xenolith.x86.CodeMode;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;

/** The blocks that have bytes in one frame. */
final class FrameCode {
    private final Int2ObjectHashMap<Block> starting = new Int2ObjectHashMap<>();
    /** Blocks that begin in another frame and end in this one. */
    private final List<Block> tails = new ArrayList<>(0);
    /** Bit n: some block has bytes among the 64 from 64 n. */
    private long chunks;

    Block get(final int offset, final int mode) {
        return starting.get(offset << CodeMode.BITS | mode);
    }

    void add(final Block b, final int offset, final int bytes) {
        starting.put(offset << CodeMode.BITS | b.mode, b);
        chunks |= mask(offset, bytes);
    }

    void addTail(final Block b, final int bytes) {
        tails.add(b);
        chunks |= mask(0, bytes);
    }

    boolean isEmpty() {
        return starting.isEmpty() && tails.isEmpty();
    }

    /** Whether decoded bytes may be among these; false is certain. */
    boolean touches(final int offset, final int size) {
        return (chunks & mask(offset, size)) != 0;
    }

    List<Block> overlapping(final int offset, final int size) {
        final List<Block> hit = new ArrayList<>();
        for (final Block b : starting.values()) {
            if (b.offset < offset + size && offset < b.offset + b.bytes) {
                hit.add(b);
            }
        }
        for (final Block b : tails) {
            if (offset < b.bytes - (4096 - b.offset)) {
                hit.add(b);
            }
        }
        return hit;
    }

    List<Block> all() {
        final List<Block> blocks = new ArrayList<>(starting.values());
        blocks.addAll(tails);
        return blocks;
    }

    void remove(final Block b) {
        starting.remove(b.offset << CodeMode.BITS | b.mode, b);
        tails.remove(b);
        chunks = 0;
        for (final Block left : starting.values()) {
            chunks |= mask(left.offset, Math.min(left.bytes, 4096 - left.offset));
        }
        for (final Block left : tails) {
            chunks |= mask(0, left.bytes - (4096 - left.offset));
        }
    }

    private static long mask(final int offset, final int bytes) {
        final int first = offset >> 6;
        final int last = Math.min(63, offset + Math.max(bytes, 1) - 1 >> 6);
        return -1L << first & -1L >>> 63 - last;
    }
}
