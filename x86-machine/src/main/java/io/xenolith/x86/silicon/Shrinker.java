package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.HALF_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.slotOffset;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Makes a differing case smaller: word after word of the state before is given its usual value, and stays so if the
 * case then still differs in the same way. To be used while no batch is in flight.
 */
final class Shrinker {
    private final Child child;
    private final Model model;
    private final Comparer comparer;
    private final PrivateMemory result = new PrivateMemory(1);

    Shrinker(final Child child, final Model model, final Comparer comparer) {
        this.child = child;
        this.model = model;
        this.comparer = comparer;
    }

    /**
     * Shrinks.
     *
     * @return the smaller difference; the same one when the case does not differ again.
     */
    Difference shrink(final Difference d) throws IOException {
        final byte[] state = d.before().clone();
        List<String> details = differs(d.c(), state);
        if (details == null || !d.kind().equals(Difference.kind(d.c(), details))) {
            return d;
        }
        for (final int offset : Vector.words()) {
            final long usual = Vector.usual(offset);
            final long old = get(state, offset);
            if (old == usual || Vector.isFixed(offset)) {
                continue;
            }
            put(state, offset, usual);
            final List<String> now = differs(d.c(), state);
            if (now != null && d.kind().equals(Difference.kind(d.c(), now))) {
                details = now;
            } else {
                put(state, offset, old);
            }
        }
        differs(d.c(), state);
        return new Difference(d.c(), state, Vector.write(d.c(), before(), before() + HALF_BYTES), details);
    }

    private static long get(final byte[] state, final int offset) {
        return ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
    }

    private static void put(final byte[] state, final int offset, final long value) {
        ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
    }

    private long before() {
        return child.base() + slotOffset(0);
    }

    /** Runs the case alone; null when silicon and model agree. */
    private List<String> differs(final Case c, final byte[] state) throws IOException {
        CodeArea.write(child.base(), c);
        Raw.copyIn(state, 0, before(), HALF_BYTES);
        child.send(0, 1);
        model.run(before(), result.addressOf(0), c.codeOffset, c.code, c.length, c.blocks);
        c.failure = model.failure();
        if (child.await() >= 0) {
            throw new IOException("the child hung or died while a case was shrunk");
        }
        return comparer.compare(c, before(), before() + HALF_BYTES, result.addressOf(0));
    }
}
