package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.FX;

import io.xenolith.shm.Raw;
import io.xenolith.x86.decode.Feature;
import java.util.List;
import java.util.Set;

/**
 * Compares x87, MMX and SSE state. Exact except for two kinds of instruction: the transcendental functions of the
 * x87, whose error the manual bounds by one unit in the last place, and the SSE approximations, bounded by 1.5 * 2^-12.
 */
final class FxComparer {
    private static final Set<String> TRANSCENDENTAL = Set.of(
        "FSIN", "FCOS", "FSINCOS", "FPTAN", "FPATAN", "F2XM1", "FYL2X", "FYL2XP1");
    private static final Set<String> APPROXIMATE = Set.of("RCPPS", "RCPSS", "RSQRTPS", "RSQRTSS");
    private static final int PRECISION = 0x20;
    private static final int C1 = 0x200;
    private static final double RELATIVE = 1.5 / 4096;

    private FxComparer() {
    }

    static void compare(final Case c, final List<String> d, final long before, final long silicon, final long model) {
        if (Undefined.x87Result(c, before)) {
            return;
        }
        final long s = silicon + FX;
        final long m = model + FX;
        final boolean loose = TRANSCENDENTAL.contains(c.form.row().mnemonic());
        Comparer.field(d, "fcw", Raw.getUnsignedShort(s + FxImage.FCW), Raw.getUnsignedShort(m + FxImage.FCW));
        final int ignored = loose ? PRECISION | C1 : 0;
        Comparer.field(d, "fsw", Raw.getUnsignedShort(s + FxImage.FSW) & ~ignored,
            Raw.getUnsignedShort(m + FxImage.FSW) & ~ignored);
        Comparer.field(d, "ftw", Raw.getUnsignedByte(s + FxImage.FTW), Raw.getUnsignedByte(m + FxImage.FTW));
        Comparer.field(d, "mxcsr", Raw.getInt(s + FxImage.MXCSR), Raw.getInt(m + FxImage.MXCSR));
        if (c.form.row().feature() == Feature.X87) {
            Comparer.field(d, "fop", Raw.getUnsignedShort(s + FxImage.FOP), Raw.getUnsignedShort(m + FxImage.FOP));
            Comparer.field(d, "fip", Raw.getLong(s + FxImage.FIP), Raw.getLong(m + FxImage.FIP));
            Comparer.field(d, "fdp", Raw.getLong(s + FxImage.FDP), Raw.getLong(m + FxImage.FDP));
        }
        for (int i = 0; i < 8; i++) {
            stack(d, i, s, m, loose);
        }
        xmm(c, d, s, m);
    }

    private static void stack(final List<String> d, final int i, final long s, final long m, final boolean loose) {
        final long a = Raw.getLong(s + FxImage.ST + 16 * i);
        final long b = Raw.getLong(m + FxImage.ST + 16 * i);
        final int x = Raw.getUnsignedShort(s + FxImage.ST + 16 * i + 8);
        final int y = Raw.getUnsignedShort(m + FxImage.ST + 16 * i + 8);
        if (a == b && x == y || loose && unitsApart(a, x, b, y)) {
            return;
        }
        d.add(String.format("st%d: silicon=%04x:%016x model=%04x:%016x", i, x, a, y, b));
    }

    /** Whether two extended values differ by at most one unit in the last place, across a change of exponent too. */
    private static boolean unitsApart(final long a, final int x, final long b, final int y) {
        if (x == y) {
            return Math.abs(a - b) <= 1;
        }
        return y == x + 1 && a == -1L && b == 1L << 63 || x == y + 1 && b == -1L && a == 1L << 63;
    }

    private static void xmm(final Case c, final List<String> d, final long s, final long m) {
        final boolean loose = APPROXIMATE.contains(c.form.row().mnemonic());
        final int count = c.form.is64() ? 16 : 8;
        for (int i = 0; i < 2 * count; i++) {
            final long a = Raw.getLong(s + FxImage.XMM + 8 * i);
            final long b = Raw.getLong(m + FxImage.XMM + 8 * i);
            if (a != b && !(loose && near((int) a, (int) b) && near((int) (a >>> 32), (int) (b >>> 32)))) {
                Comparer.field(d, "xmm" + i / 2 + (i % 2 == 0 ? "" : ".high"), a, b);
            }
        }
    }

    private static boolean near(final int a, final int b) {
        if (a == b) {
            return true;
        }
        final float x = Float.intBitsToFloat(a);
        final float y = Float.intBitsToFloat(b);
        return Float.isFinite(x) && Math.abs((double) x - y) <= 2 * RELATIVE * Math.abs((double) x);
    }
}
