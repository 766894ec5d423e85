package io.xenolith.dom0.toolstack;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One request of a command, to be answered exactly once.
 *
 * @param op     operation
 * @param args   arguments as the command sent them: anything
 * @param id     slot and sequence: the same request has the same id when a restarted dom0 serves it again
 * @param again  true when a killed predecessor may have begun it
 * @param answer takes the answer; from any thread
 */
public record Request(String op, Map<String, Object> args, long id, boolean again,
                      Consumer<Map<String, Object>> answer) {

    /** A text argument; "" when absent. */
    public String text(final String key) {
        final Object v = args.get(key);
        return v == null ? "" : v.toString();
    }

    /** A text argument that has to be there. */
    public String needed(final String key) {
        final String v = text(key);
        if (v.isEmpty()) {
            throw new ToolstackException("The request '" + op + "' lacks '" + key + "'.");
        }
        return v;
    }

    /** A truth value; false when absent. */
    public boolean flag(final String key) {
        return Boolean.TRUE.equals(args.get(key)) || "true".equals(args.get(key));
    }

    /** A list of texts; empty when absent. */
    public List<String> list(final String key) {
        return args.get(key) instanceof final List<?> l ? l.stream().map(String::valueOf).toList() : List.of();
    }
}
