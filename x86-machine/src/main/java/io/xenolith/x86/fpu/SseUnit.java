package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.DAZ;
import static io.xenolith.x86.fpu.FpuState.DE;
import static io.xenolith.x86.fpu.FpuState.FTZ;
import static io.xenolith.x86.fpu.FpuState.IE;
import static io.xenolith.x86.fpu.FpuState.OE;
import static io.xenolith.x86.fpu.FpuState.PE;
import static io.xenolith.x86.fpu.FpuState.UE;
import static io.xenolith.x86.fpu.FpuState.ZE;

/**
 * Scalar arithmetic of SSE and SSE2 on raw bits, under MXCSR. An instruction calls {@link #begin}, then an operation per element, then
 * {@link #commit}, and only then writes its destination.
 *
 * <p><b>Fast path.</b> With the default control bits (round to nearest, everything masked, no DAZ, no FTZ) normal operands go through
 * Java's arithmetic, which is IEEE's. Only PE can then arise, and only if the result is normal too; it is skipped when already
 * set, else found from the rounding error, which is computed exactly. Everything else goes through {@link Arithmetic}.
 */
public final class SseUnit {
    private static final int CONTROL_BITS = 0xffc0;
    private static final int BEFORE_ROUNDING = IE | DE | ZE;
    /** Biased exponent of a double below which an error term might underflow. */
    private static final int SAFE_EXPONENT = 128;
    private static final long EXPONENT64 = 0x7ff0_0000_0000_0000L;
    private static final int EXPONENT32 = 0x7f80_0000;

    private final FpuState state;
    private final Rounder rounder = new Rounder();
    private final IntegerRounding rounded = new IntegerRounding();
    private final Real a = new Real();
    private final Real b = new Real();
    private final Real result = new Real();
    private int flags;
    private boolean fast;
    private boolean needInexact;

    /** Lower and upper half of the source operand, for the instruction bodies. */
    public long sourceLow;
    public long sourceHigh;

    SseUnit(FpuState state) {
        this.state = state;
    }

    /** Starts an instruction. */
    public void begin() {
        int mxcsr = state.mxcsr;
        flags = 0;
        fast = (mxcsr & CONTROL_BITS) == FpuState.MXCSR_DEFAULT;
        needInexact = (mxcsr & PE) == 0;
    }

    /** Ends an instruction: raises its flags. False when an unmasked exception is to be reported and nothing must be written. */
    public boolean commit() {
        int unmasked = flags & ~(state.mxcsr >>> 7) & FpuState.EXCEPTIONS;
        if ((unmasked & BEFORE_ROUNDING) != 0) {
            state.mxcsr |= flags & BEFORE_ROUNDING;
            return false;
        }
        state.mxcsr |= flags;
        return unmasked == 0;
    }

    /** Rounding mode of MXCSR. */
    public int mode() {
        return state.mxcsr >>> 13 & 3;
    }

    // ---- double ----

    private static boolean plain64(long bits) {
        return (bits & EXPONENT64) != EXPONENT64 && (bits & EXPONENT64) != 0 || bits << 1 == 0;
    }

    /** Normal, and not the smallest normal exponent, which might be reached by rounding up a tiny number. */
    private static boolean normal64(long bits) {
        long e = bits >>> 52 & 0x7ff;
        return e > 1 && e < 0x7ff;
    }

    private static boolean safe64(long bits) {
        return (bits >>> 52 & 0x7ff) > SAFE_EXPONENT;
    }

    private void inexactIf(boolean inexact) {
        if (inexact) {
            flags |= PE;
        }
    }

    /** {@code x + y}. */
    public long add64(long x, long y) {
        if (fast && plain64(x) && plain64(y)) {
            double p = Double.longBitsToDouble(x);
            double q = Double.longBitsToDouble(y);
            double r = p + q;
            long bits = Double.doubleToRawLongBits(r);
            if (normal64(bits) || r == 0) {
                if (needInexact) {
                    double v = r - p;
                    inexactIf(p - (r - v) + (q - v) != 0);
                }
                return bits;
            }
        }
        return soft64(Operation.ADD, x, y);
    }

    /** {@code x - y}. */
    public long sub64(long x, long y) {
        if (fast && plain64(x) && plain64(y)) {
            return add64(x, y ^ Long.MIN_VALUE);
        }
        return soft64(Operation.SUB, x, y);
    }

    /** {@code x * y}. */
    public long mul64(long x, long y) {
        if (fast && plain64(x) && plain64(y)) {
            double p = Double.longBitsToDouble(x);
            double q = Double.longBitsToDouble(y);
            double r = p * q;
            long bits = Double.doubleToRawLongBits(r);
            if (normal64(bits) && (!needInexact || safe64(bits))) {
                inexactIf(needInexact && Math.fma(p, q, -r) != 0);
                return bits;
            }
        }
        return soft64(Operation.MUL, x, y);
    }

    /** {@code x / y}. */
    public long div64(long x, long y) {
        if (fast && plain64(x) && plain64(y) && y << 1 != 0) {
            double p = Double.longBitsToDouble(x);
            double q = Double.longBitsToDouble(y);
            double r = p / q;
            long bits = Double.doubleToRawLongBits(r);
            if (normal64(bits) && (!needInexact || safe64(x))) {
                inexactIf(needInexact && Math.fma(r, q, -p) != 0);
                return bits;
            }
        }
        return soft64(Operation.DIV, x, y);
    }

    /** Square root of {@code y}; {@code x} is not used. */
    public long sqrt64(long x, long y) {
        if (fast && y > 0 && normal64(y) && safe64(y)) {
            double q = Double.longBitsToDouble(y);
            double r = Math.sqrt(q);
            inexactIf(needInexact && Math.fma(r, r, -q) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return softRoot64(y);
    }

    private Real take64(Real into, long bits) {
        return flushed(into.set64(bits));
    }

    private Real take32(Real into, int bits) {
        return flushed(into.set32(bits));
    }

    /** Denormals are zeros under DAZ. */
    private Real flushed(Real r) {
        if (r.denormal && (state.mxcsr & DAZ) != 0) {
            r.setZero(r.negative);
        }
        return r;
    }

    private enum Operation { ADD, SUB, MUL, DIV }

    private long soft64(Operation op, long x, long y) {
        take64(a, x);
        take64(b, y);
        if (propagateNan()) {
            return result.special64();
        }
        compute(op);
        return finish64();
    }

    private long softRoot64(long y) {
        take64(b, y);
        root();
        return finish64();
    }

    private long finish64() {
        if (result.kind != Real.FINITE) {
            return result.special64();
        }
        round(FloatFormat.DOUBLE);
        return rounder.bits64(result.negative);
    }

    private int finish32() {
        if (result.kind != Real.FINITE) {
            return result.special32();
        }
        round(FloatFormat.SINGLE);
        return rounder.bits32(result.negative);
    }

    private void round(FloatFormat format) {
        int unmasked = ~(state.mxcsr >>> 7);
        rounder.round(result, format, mode(), unmasked & (OE | UE));
        if ((state.mxcsr & FTZ) != 0 && (unmasked & UE) == 0) {
            rounder.flushIfTiny();
        }
        flags |= rounder.flags;
    }

    private void compute(Operation op) {
        int mode = mode();
        int early = switch (op) {
            case ADD -> Arithmetic.add(a, b, result, mode);
            case SUB -> Arithmetic.subtract(a, b, result, mode);
            case MUL -> Arithmetic.multiply(a, b, result);
            case DIV -> Arithmetic.divide(a, b, result);
        };
        if (early == 0 && (a.denormal || b.denormal)) {
            early = DE;
        }
        flags |= early;
    }

    /** Square root of {@code b}. */
    private void root() {
        if (b.isNan()) {
            quieten(b);
            result.set(b);
            return;
        }
        int early = Arithmetic.squareRoot(b, result);
        flags |= early == 0 && b.denormal ? DE : early;
    }

    private void quieten(Real r) {
        if (r.kind == Real.SNAN) {
            flags |= IE;
        }
        r.quieten();
    }

    /** SSE's rule: the first operand if it is NaN, else the second. */
    private boolean propagateNan() {
        if (!a.isNan() && !b.isNan()) {
            return false;
        }
        if (a.kind == Real.SNAN || b.kind == Real.SNAN) {
            flags |= IE;
        }
        result.set(a.isNan() ? a : b);
        result.quieten();
        return true;
    }

    // ---- float ----

    private static boolean plain32(int bits) {
        int e = bits & EXPONENT32;
        return e != EXPONENT32 && e != 0 || bits << 1 == 0;
    }

    private static boolean normal32(int bits) {
        int e = bits >>> 23 & 0xff;
        return e > 1 && e < 0xff;
    }

    /** {@code x + y}. */
    public int add32(int x, int y) {
        if (fast && plain32(x) && plain32(y)) {
            float p = Float.intBitsToFloat(x);
            float q = Float.intBitsToFloat(y);
            float r = p + q;
            int bits = Float.floatToRawIntBits(r);
            if (normal32(bits) || r == 0) {
                if (needInexact) {
                    float v = r - p;
                    inexactIf(p - (r - v) + (q - v) != 0);
                }
                return bits;
            }
        }
        return soft32(Operation.ADD, x, y);
    }

    /** {@code x - y}. */
    public int sub32(int x, int y) {
        if (fast && plain32(x) && plain32(y)) {
            return add32(x, y ^ Integer.MIN_VALUE);
        }
        return soft32(Operation.SUB, x, y);
    }

    /** {@code x * y}; the product of two floats is exact as a double. */
    public int mul32(int x, int y) {
        if (fast && plain32(x) && plain32(y)) {
            double product = (double) Float.intBitsToFloat(x) * Float.intBitsToFloat(y);
            float r = (float) product;
            int bits = Float.floatToRawIntBits(r);
            if (normal32(bits)) {
                inexactIf(r != product);
                return bits;
            }
        }
        return soft32(Operation.MUL, x, y);
    }

    /** {@code x / y}. */
    public int div32(int x, int y) {
        if (fast && plain32(x) && plain32(y) && y << 1 != 0) {
            float p = Float.intBitsToFloat(x);
            float q = Float.intBitsToFloat(y);
            float r = p / q;
            int bits = Float.floatToRawIntBits(r);
            if (normal32(bits)) {
                inexactIf((double) r * q != p);
                return bits;
            }
        }
        return soft32(Operation.DIV, x, y);
    }

    /** Square root of {@code y}; {@code x} is not used. */
    public int sqrt32(int x, int y) {
        if (fast && y > 0 && normal32(y)) {
            double q = Float.intBitsToFloat(y);
            float r = (float) Math.sqrt(q);
            inexactIf((double) r * r != q);
            return Float.floatToRawIntBits(r);
        }
        take32(b, y);
        root();
        return finish32();
    }

    private int soft32(Operation op, int x, int y) {
        take32(a, x);
        take32(b, y);
        if (propagateNan()) {
            return result.special32();
        }
        compute(op);
        return finish32();
    }

    // ---- minimum, maximum, comparison ----

    /** MINSS. */
    public int min32(int x, int y) {
        take32(a, x);
        take32(b, y);
        return takesFirst(-1) ? kept32(a, x) : kept32(b, y);
    }

    /** MAXSS. */
    public int max32(int x, int y) {
        take32(a, x);
        take32(b, y);
        return takesFirst(1) ? kept32(a, x) : kept32(b, y);
    }

    /** MINSD. */
    public long min64(long x, long y) {
        take64(a, x);
        take64(b, y);
        return takesFirst(-1) ? kept64(a, x) : kept64(b, y);
    }

    /** MAXSD. */
    public long max64(long x, long y) {
        take64(a, x);
        take64(b, y);
        return takesFirst(1) ? kept64(a, x) : kept64(b, y);
    }

    private static int kept32(Real r, int bits) {
        return r.isZero() ? bits & Integer.MIN_VALUE : bits;
    }

    private static long kept64(Real r, long bits) {
        return r.isZero() ? bits & Long.MIN_VALUE : bits;
    }

    /** The second operand is taken when they are equal or unordered. */
    private boolean takesFirst(int order) {
        if (a.isNan() || b.isNan()) {
            flags |= IE;
            return false;
        }
        denormals();
        return Integer.signum(Arithmetic.compare(a, b)) == order;
    }

    private void denormals() {
        if (a.denormal || b.denormal) {
            flags |= DE;
        }
    }

    /** Whether a CMPPS predicate (0-7) holds. */
    public boolean compare32(int predicate, int x, int y) {
        take32(a, x);
        take32(b, y);
        return holds(predicate);
    }

    /** Whether a CMPPD predicate (0-7) holds. */
    public boolean compare64(int predicate, long x, long y) {
        take64(a, x);
        take64(b, y);
        return holds(predicate);
    }

    /** Predicates 4-7 are the negations of 0-3 (equal, less, less or equal, unordered); the middle two of each signal for quiet NaNs. */
    private boolean holds(int predicate) {
        boolean quiet = (predicate + 1 & 2) == 0;
        int order = ordered(quiet);
        boolean positive = switch (predicate & 3) {
            case 0 -> order == X87Compare.EQUAL;
            case 1 -> order == X87Compare.LESS;
            case 2 -> order == X87Compare.LESS || order == X87Compare.EQUAL;
            default -> order == X87Compare.UNORDERED;
        };
        return positive != predicate > 3;
    }

    private int ordered(boolean quiet) {
        if (a.isNan() || b.isNan()) {
            if (!quiet || a.kind == Real.SNAN || b.kind == Real.SNAN) {
                flags |= IE;
            }
            return X87Compare.UNORDERED;
        }
        denormals();
        return Integer.signum(Arithmetic.compare(a, b));
    }

    /** COMISS and UCOMISS: an answer of {@link X87Compare}. */
    public int order32(int x, int y, boolean quiet) {
        take32(a, x);
        take32(b, y);
        return ordered(quiet);
    }

    /** COMISD and UCOMISD. */
    public int order64(long x, long y, boolean quiet) {
        take64(a, x);
        take64(b, y);
        return ordered(quiet);
    }

    // ---- conversions ----

    /** Single to double. */
    public long widen(int x) {
        take32(b, x);
        if (b.isNan()) {
            quieten(b);
            return b.special64();
        }
        flags |= b.denormal ? DE : 0;
        result.set(b);
        return finish64();
    }

    /** Double to single. */
    public int narrow(long x) {
        take64(b, x);
        if (b.isNan()) {
            quieten(b);
            return b.special32();
        }
        flags |= b.denormal ? DE : 0;
        result.set(b);
        return finish32();
    }

    /** Integer to single. */
    public int fromLong32(long value) {
        result.setLong(value);
        return finish32();
    }

    /** Integer to double. */
    public long fromLong64(long value) {
        result.setLong(value);
        return finish64();
    }

    /** Single to an integer of 32 or 64 bits; the integer indefinite when it does not fit. */
    public long toInteger32(int x, int width, boolean truncate) {
        return toInteger(take32(b, x), width, truncate);
    }

    /** Double to an integer of 32 or 64 bits. */
    public long toInteger64(long x, int width, boolean truncate) {
        return toInteger(take64(b, x), width, truncate);
    }

    private long toInteger(Real r, int width, boolean truncate) {
        if (r.isZero()) {
            return 0;
        }
        if (r.kind == Real.FINITE) {
            IntegerRounding.round(r, truncate ? Rounder.TRUNCATE : mode(), rounded);
            if (!rounded.overflows(width, r.negative)) {
                inexactIf(rounded.inexact);
                return r.negative ? -rounded.magnitude : rounded.magnitude;
            }
        }
        flags |= IE;
        return 1L << width - 1;
    }
}
