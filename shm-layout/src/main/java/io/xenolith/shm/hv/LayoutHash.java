package io.xenolith.shm.hv;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;

/**
 * One number for the layout of all of the hypervisor's own structures: every constant of every Layout class, and
 * every counter's id. Two processes with different numbers must not share a machine.
 */
public final class LayoutHash {
    private static final Class<?>[] LAYOUTS = {
        Header.class, FrameRecord.class, DomainRecord.class, DomainPage.class, VcpuRecord.class, RegisterDump.class,
        Mailbox.class, EvtchnRecord.class, ActiveGrant.class, MaptrackEntry.class, IntentRecord.class,
        PcpuSlot.class, ToolstackSlot.class, ConsoleRing.class, RunWord.class, Regions.class
    };
    private static final long FNV_OFFSET = 0xCBF2_9CE4_8422_2325L;
    private static final long FNV_PRIME = 0x100_0000_01B3L;

    private LayoutHash() {
    }

    /** The classes that count. */
    public static Class<?>[] layouts() {
        return LAYOUTS.clone();
    }

    /** The number; never 0. */
    public static long value() {
        return Holder.VALUE;
    }

    static long compute(final Class<?>... classes) {
        long h = FNV_OFFSET;
        for (final Class<?> c : classes) {
            h = mix(h, c.getSimpleName());
            for (final String line : constants(c)) {
                h = mix(h, line);
            }
        }
        for (final SystemCounter c : SystemCounter.values()) {
            h = mix(h, c.label() + '=' + c.id());
        }
        for (final DomainCounter c : DomainCounter.values()) {
            h = mix(h, c.label() + '=' + c.id());
        }
        return h == 0 ? 1 : h;
    }

    /** {@code NAME=value} of every public constant number, sorted, since reflection promises no order. */
    private static String[] constants(final Class<?> c) {
        return Arrays.stream(c.getDeclaredFields()).filter(LayoutHash::isConstant).map(LayoutHash::line).sorted()
                .toArray(String[]::new);
    }

    private static boolean isConstant(final Field f) {
        final int m = f.getModifiers();
        return Modifier.isPublic(m) && Modifier.isStatic(m) && Modifier.isFinal(m)
                && (f.getType() == int.class || f.getType() == long.class);
    }

    private static String line(final Field f) {
        try {
            return f.getName() + '=' + f.getType() + ':' + ((Number) f.get(null)).longValue();
        } catch (IllegalAccessException e) {
            throw new AssertionError("a public constant is readable", e);
        }
    }

    private static long mix(final long start, final String s) {
        long h = start;
        for (int i = 0; i < s.length(); i++) {
            h = (h ^ s.charAt(i)) * FNV_PRIME;
        }
        return (h ^ '\n') * FNV_PRIME;
    }

    private static final class Holder {
        static final long VALUE = compute(LAYOUTS);
    }
}
