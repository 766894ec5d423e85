package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.C2;
import static io.xenolith.x86.fpu.FpuState.DE;
import static io.xenolith.x86.fpu.FpuState.IE;
import static io.xenolith.x86.fpu.FpuState.ZE;

/**
 * The transcendental instructions: special operands, stack effects and exceptions. Results are correctly rounded to 64 bits whatever
 * the precision control says; silicon promises less than one unit in the last place.
 */
public final class X87Transcendental {
    private static final int ONE_SIGN_EXPONENT = 0x3fff;
    private static final int RANGE = 63;

    private final X87Unit unit;
    private final FpuState state;
    private final Trigonometry trigonometry = new Trigonometry();
    private final Logarithms logarithms = new Logarithms();
    private final Real second = new Real();

    /** Instructions of the given unit. */
    public X87Transcendental(X87Unit unit) {
        this.unit = unit;
        this.state = unit.state;
    }

    private void deliver() {
        unit.deliverApproximation(0);
    }

    /** FSIN ({@code cosine} false) and FCOS. */
    public void circular(boolean cosine) {
        unit.clearC1();
        if (state.isEmpty(0)) {
            state.status &= ~C2;
            unit.underflow(0);
            return;
        }
        Real a = unit.load(unit.a, 0);
        if (outOfRange(a)) {
            return;
        }
        if (!unit.precompute(circularFlags(a))) {
            return;
        }
        if (a.kind == Real.ZERO && cosine) {
            state.set(0, Long.MIN_VALUE, ONE_SIGN_EXPONENT);
        } else {
            if (a.kind == Real.FINITE) {
                sineOrCosine(a, cosine, unit.result);
            }
            deliver();
        }
    }

    private void sineOrCosine(Real a, boolean cosine, Real out) {
        if (cosine) {
            trigonometry.cosine(a, out);
        } else {
            trigonometry.sine(a, out);
        }
    }

    /** Sets C2 for arguments of 2^63 and more, clears it for others. */
    private boolean outOfRange(Real a) {
        boolean out = a.kind == Real.FINITE && a.exponent >= RANGE;
        state.status = out ? state.status | C2 : state.status & ~C2;
        return out;
    }

    private int circularFlags(Real a) {
        int flags = unit.nanOrUnsupportedSingle();
        if (flags >= 0) {
            return flags;
        }
        unit.result.set(a);
        if (a.isInfinite()) {
            unit.result.setIndefinite();
            return IE;
        }
        return a.denormal ? DE : 0;
    }

    /** FSINCOS: the sine replaces ST(0), the cosine is pushed. */
    public void sineCosine() {
        if (!beginPushing()) {
            return;
        }
        Real a = unit.a;
        if (a.kind == Real.FINITE) {
            trigonometry.cosine(a, second);
            trigonometry.sine(a, unit.result);
        } else if (a.kind == Real.ZERO) {
            deliver();
            unit.push(Long.MIN_VALUE, ONE_SIGN_EXPONENT);
            return;
        } else {
            second.set(unit.result);
        }
        deliver();
        unit.clearC1();
        pushResult(second);
    }

    /** FPTAN: the tangent replaces ST(0), 1.0 is pushed (a NaN for a NaN). */
    public void tangent() {
        if (!beginPushing()) {
            return;
        }
        Real a = unit.a;
        if (a.kind == Real.FINITE) {
            trigonometry.tangent(a, unit.result);
        }
        second.set(unit.result);
        deliver();
        if (second.kind == Real.FINITE || second.kind == Real.ZERO) {
            unit.push(Long.MIN_VALUE, ONE_SIGN_EXPONENT);
        } else {
            pushResult(second);
        }
    }

    private void pushResult(Real r) {
        state.top = state.top - 1 & 7;
        unit.result.set(r);
        deliver();
    }

    private boolean beginPushing() {
        unit.clearC1();
        boolean empty = state.isEmpty(0);
        if (empty || !state.isEmpty(7)) {
            pushFault(!empty);
            return false;
        }
        Real a = unit.load(unit.a, 0);
        return !outOfRange(a) && unit.precompute(circularFlags(a));
    }

    private void pushFault(boolean overflow) {
        state.status &= ~C2;
        if (unit.stackFault(overflow)) {
            state.set(0, Real.INDEFINITE, Real.INDEFINITE_SIGN_EXPONENT);
            unit.pushIndefinite();
        }
    }

    /** F2XM1; arguments beyond one are undefined and stay as they are. */
    public void powerMinusOne() {
        unit.clearC1();
        if (state.isEmpty(0)) {
            unit.underflow(0);
            return;
        }
        Real a = unit.load(unit.a, 0);
        int flags = unit.nanOrUnsupportedSingle();
        if (flags < 0) {
            unit.result.set(a);
            flags = a.denormal ? DE : 0;
        }
        if (!unit.precompute(flags)) {
            return;
        }
        if (a.isInfinite() && a.negative) {
            unit.result.setLong(-1);
            unit.deliver(0, FloatFormat.EXTENDED);
            return;
        } else if (a.kind == Real.FINITE && inUnitRange(a)) {
            logarithms.powerMinusOne(a, unit.result);
        }
        deliver();
    }

    private static boolean inUnitRange(Real a) {
        return a.exponent < 0 || a.exponent == 0 && a.significand == Long.MIN_VALUE;
    }

    /** A two-operand function of ST(0) and ST(1) whose result replaces ST(1); ST(0) is popped. */
    @FunctionalInterface
    private interface Binary {
        /** Sets {@code unit.result} from {@code a = ST(0)} and {@code b = ST(1)}, returns the early exceptions. */
        int apply(Real a, Real b);
    }

    private void binary(Binary function) {
        unit.clearC1();
        boolean done;
        if (state.isEmpty(0) || state.isEmpty(1)) {
            done = unit.underflow(1);
        } else {
            Real a = unit.load(unit.a, 0);
            Real b = unit.load(unit.b, 1);
            int flags = unit.nanOrUnsupported();
            if (flags < 0) {
                flags = function.apply(a, b);
                flags |= unit.denormalFlag(flags);
            }
            done = unit.precompute(flags);
            if (done) {
                unit.deliverApproximation(1);
            }
        }
        if (done) {
            state.pop();
        }
    }

    /** FYL2X. */
    public void yLog2() {
        binary(this::yLog2);
    }

    /** FYL2XP1. */
    public void yLog2Plus1() {
        binary(this::yLog2Plus1);
    }

    /** FPATAN. */
    public void arcTangent() {
        binary(this::arcTangent);
    }

    private int invalid() {
        unit.result.setIndefinite();
        return IE;
    }

    private int yLog2(Real x, Real y) {
        if (x.isZero()) {
            return logOfZero(y);
        }
        if (x.negative) {
            return invalid();
        }
        if (x.kind == Real.FINITE && y.kind == Real.FINITE) {
            if (x.exponent == 0 && x.significand == Long.MIN_VALUE) {
                unit.result.setZero(y.negative);
            } else {
                logarithms.yLog2(x, y, unit.result);
            }
            return 0;
        }
        return specialLog(compareToOne(x), x, y);
    }

    private int logOfZero(Real y) {
        if (y.isZero()) {
            return invalid();
        }
        unit.result.setInfinity(!y.negative);
        return y.isInfinite() ? 0 : ZE;
    }

    private static int compareToOne(Real x) {
        if (x.isInfinite() || x.exponent > 0) {
            return 1;
        }
        return x.exponent < 0 ? -1 : x.significand == Long.MIN_VALUE ? 0 : 1;
    }

    /** {@code y * log} where the logarithm's sign is {@code order} and x or y is infinite or y is zero. */
    private int specialLog(int order, Real x, Real y) {
        if (y.isInfinite() ? order == 0 : y.isZero() && x.isInfinite()) {
            return invalid();
        }
        boolean negative = order < 0 != y.negative;
        if (y.isZero()) {
            unit.result.setZero(negative);
        } else {
            unit.result.setInfinity(negative);
        }
        return 0;
    }

    private int yLog2Plus1(Real x, Real y) {
        if (x.isZero() && !y.isInfinite()) {
            unit.result.setZero(x.negative != y.negative);
            return 0;
        }
        if (x.negative && (x.isInfinite() || x.kind == Real.FINITE && x.exponent >= 0)) {
            return invalid();
        }
        if (x.kind == Real.FINITE && y.kind == Real.FINITE) {
            logarithms.yLog2Plus1(x, y, unit.result);
            return 0;
        }
        return specialLog(x.isZero() ? 0 : x.negative ? -1 : 1, x, y);
    }

    private int arcTangent(Real x, Real y) {
        if (x.kind == Real.FINITE && y.kind == Real.FINITE) {
            trigonometry.arcTangent(y, x, unit.result);
        } else if (y.isInfinite()) {
            trigonometry.quarterPis(x.isInfinite() ? x.negative ? 3 : 1 : 2, y.negative, unit.result);
        } else if (y.isZero() || x.isInfinite()) {
            onAxis(x.negative, y.negative);
        } else {
            trigonometry.quarterPis(2, y.negative, unit.result);
        }
        return 0;
    }

    private void onAxis(boolean left, boolean negative) {
        if (left) {
            trigonometry.quarterPis(4, negative, unit.result);
        } else {
            unit.result.setZero(negative);
        }
    }
}
