package io.xenolith.hv.audit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one look at the machine found, in the order in which it was found. At most one finding per kind and subject. */
final class Findings {
    /** A machine that is wrong everywhere must not fill the memory with sentences about it. */
    static final int MAX = 10_000;

    private final Map<String, Finding> byKey = new LinkedHashMap<>();

    void add(final FindingKind kind, final String subject, final String format, final Object... args) {
        if (byKey.size() < MAX) {
            final Finding f = new Finding(kind, subject, String.format(format, args));
            byKey.putIfAbsent(key(f), f);
        }
    }

    boolean isEmpty() {
        return byKey.isEmpty();
    }

    /** Keeps what the later look found as well, in the later look's words. */
    void confirmBy(final Findings later) {
        byKey.keySet().retainAll(later.byKey.keySet());
        byKey.replaceAll((key, old) -> later.byKey.get(key));
    }

    List<Finding> list() {
        return new ArrayList<>(byKey.values());
    }

    private static String key(final Finding f) {
        return f.kind() + " " + f.subject();
    }
}
