package io.xenolith.hv.audit;

import org.agrona.collections.Int2IntCounterMap;
import org.agrona.collections.Int2IntHashMap;

/**
 * What a look found of each frame: references, uses as a type, linear entries. Memory is taken in pieces of 4096 frames where
 * something was counted, so that an almost empty large machine costs almost nothing.
 */
final class FrameCounts {
    private static final int SHIFT = 12;
    private static final int SIZE = 1 << SHIFT;
    private static final int NONE = -1;

    private final int[][] references;
    private final int[][] uses;
    /** References that may be there or not, because only the domain's process knows: pages of an LDT. */
    private final Int2IntCounterMap possible = new Int2IntCounterMap(0);
    private final Int2IntCounterMap linear = new Int2IntCounterMap(0);
    /** Table type as which a frame of another type is used. */
    private final Int2IntHashMap usedAs = new Int2IntHashMap(NONE);

    FrameCounts(final int frames) {
        references = new int[(frames >>> SHIFT) + 1][];
        uses = new int[(frames >>> SHIFT) + 1][];
    }

    private static void add(final int[][] counts, final int mfn) {
        int[] piece = counts[mfn >>> SHIFT];
        if (piece == null) {
            piece = new int[SIZE];
            counts[mfn >>> SHIFT] = piece;
        }
        piece[mfn & SIZE - 1]++;
    }

    private static int get(final int[][] counts, final int mfn) {
        final int[] piece = counts[mfn >>> SHIFT];
        return piece == null ? 0 : piece[mfn & SIZE - 1];
    }

    void addReference(final int mfn) {
        add(references, mfn);
    }

    void addUse(final int mfn) {
        add(uses, mfn);
    }

    void addPossible(final int mfn) {
        possible.incrementAndGet(mfn);
    }

    void addLinear(final int from, final int to) {
        linear.incrementAndGet(from);
        linear.decrementAndGet(to);
    }

    void setUsedAs(final int mfn, final int type) {
        usedAs.put(mfn, type);
    }

    int references(final int mfn) {
        return get(references, mfn);
    }

    int uses(final int mfn) {
        return get(uses, mfn);
    }

    int possible(final int mfn) {
        return possible.get(mfn);
    }

    int linear(final int mfn) {
        return linear.get(mfn);
    }

    /** The type as which a frame of another type is used, {@code own} when there is no such quarrel. */
    int usedAs(final int mfn, final int own) {
        final int type = usedAs.get(mfn);
        return type == NONE ? own : type;
    }

    boolean isQuarrel(final int mfn) {
        return usedAs.containsKey(mfn);
    }
}
