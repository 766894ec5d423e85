package io.xenolith.shm.hv;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** Refuses enums whose constants share an id or a label, or whose ids do not fit their table. */
final class Ids {
    private Ids() {
    }

    static <E extends Enum<E>> void requireDistinct(final Class<E> type, final E[] values, final ToIntFunction<E> id,
                                                    final Function<E, String> label, final int limit) {
        final Set<Integer> ids = new HashSet<>();
        final Set<String> labels = new HashSet<>();
        for (final E e : values) {
            final int n = id.applyAsInt(e);
            if (n < 0 || n >= limit) {
                throw new IllegalStateException(type.getSimpleName() + "." + e + ": id " + n + ", limit " + limit);
            }
            if (!ids.add(n)) {
                throw new IllegalStateException(type.getSimpleName() + "." + e + ": id " + n + " is taken");
            }
            if (!labels.add(label.apply(e))) {
                throw new IllegalStateException(type.getSimpleName() + "." + e + ": label is taken");
            }
        }
    }
}
