package io.xenolith.shm.hv;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;

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

    /**
     * Mixes the constants in. Reflection promises no order of fields, so the numbers of one class are added up.
     */
    static long compute(final Class<?>... classes) {
        long h = FNV_OFFSET;
        for (final Class<?> c : classes) {
            long sum = 0;
            for (final Field f : c.getDeclaredFields()) {
                if (isConstant(f)) {
                    sum += mix(mix(FNV_OFFSET, f.getName()), value(f));
                }
            }
            h = mix(mix(h, c.getName()), sum);
        }
        for (final SystemCounter c : SystemCounter.values()) {
            h = mix(mix(h, c.label()), c.id());
        }
        for (final DomainCounter c : DomainCounter.values()) {
            h = mix(mix(h, c.label()), c.id());
        }
        return h == 0 ? 1 : h;
    }

    private static boolean isConstant(final Field f) {
        final int m = f.getModifiers();
        return Modifier.isPublic(m) && Modifier.isStatic(m) && Modifier.isFinal(m)
                && (f.getType() == int.class || f.getType() == long.class);
    }

    private static long value(final Field f) {
        try {
            return f.getLong(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError("a public constant is readable", e);
        }
    }

    private static long mix(final long start, final String s) {
        long h = start;
        for (int i = 0; i < s.length(); i++) {
            h = (h ^ s.charAt(i)) * FNV_PRIME;
        }
        return h;
    }

    private static long mix(final long start, final long number) {
        long h = start;
        for (int shift = 0; shift < Long.SIZE; shift += Short.SIZE) {
            h = (h ^ (number >>> shift & 0xFFFF)) * FNV_PRIME;
        }
        return h;
    }

    private static final class Holder {
        static final long VALUE = compute(LAYOUTS);
    }
}
