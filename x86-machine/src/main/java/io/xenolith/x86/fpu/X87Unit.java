package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.C1;
import static io.xenolith.x86.fpu.FpuState.DE;
import static io.xenolith.x86.fpu.FpuState.IE;
import static io.xenolith.x86.fpu.FpuState.OE;
import static io.xenolith.x86.fpu.FpuState.PE;
import static io.xenolith.x86.fpu.FpuState.SF;
import static io.xenolith.x86.fpu.FpuState.UE;
import static io.xenolith.x86.fpu.FpuState.ZE;

/**
 * Executes x87 operations on an {@link FpuState}: operand fetch with stack faults, NaN rules, exception responses, delivery of the
 * rounded result. One per register file; holds the scratch numbers, so that no operation allocates.
 *
 * <p>Shape of every operation: clear C1, fetch operands (or {@link #stackFault}), compute, {@link #precompute} the early exceptions
 * (an unmasked one leaves operands and stack alone), deliver. A {@code boolean} result says whether the operation took effect, that
 * is, whether the instruction may pop.
 */
public final class X87Unit {
    private static final int BEFORE_ROUNDING = IE | DE | ZE;

    final FpuState state;
    final Rounder rounder = new Rounder();
    final Real a = new Real();
    final Real b = new Real();
    final Real result = new Real();
    final IntegerRounding rounded = new IntegerRounding();
    /** Comparisons. */
    public final X87Compare compare;
    /** Stores to memory. */
    public final X87Store store;
    /** Exponent arithmetic. */
    public final X87Scale scale;
    private X87Transcendental transcendental;

    /** A unit on the given registers. */
    public X87Unit(FpuState state) {
        this.state = state;
        compare = new X87Compare(this);
        store = new X87Store(this);
        scale = new X87Scale(this);
    }

    /** Transcendental functions; made when first needed, for they hold tables. */
    public X87Transcendental transcendental() {
        if (transcendental == null) {
            transcendental = new X87Transcendental(this);
        }
        return transcendental;
    }

    /** Rounding mode of the control word. */
    int mode() {
        return state.control >>> 10 & 3;
    }

    /** Fetches {@code ST(i)}. */
    Real load(Real into, int i) {
        int p = state.physical(i);
        return into.set80(state.significand[p], state.signExponent[p]);
    }

    void clearC1() {
        state.status &= ~C1;
    }

    /** Raises exceptions that come before rounding; true when all of them are masked. */
    boolean precompute(int flags) {
        if (flags == 0) {
            return true;
        }
        state.status |= flags;
        if ((flags & ~state.control & BEFORE_ROUNDING) != 0) {
            state.refreshSummary();
            return false;
        }
        return true;
    }

    /** Raises exceptions that come after rounding; the operation has taken effect either way. */
    void postcompute(int flags, boolean roundedUp) {
        state.status |= flags;
        if (roundedUp) {
            state.status |= C1;
        }
        if ((flags & ~state.control) != 0) {
            state.refreshSummary();
        }
    }

    /** Raises a stack fault; true when invalid operation is masked. */
    boolean stackFault(boolean overflow) {
        state.status = overflow ? state.status | C1 : state.status & ~C1;
        return precompute(IE | SF);
    }

    /** Stack underflow of an operation whose masked answer is the default NaN in {@code ST(destination)}. */
    boolean underflow(int destination) {
        if (!stackFault(false)) {
            return false;
        }
        state.set(destination, Real.INDEFINITE, Real.INDEFINITE_SIGN_EXPONENT);
        return true;
    }

    /** Decrements TOP and writes the new ST(0), or answers stack overflow with the default NaN. */
    public boolean push(long significand, int signExponent) {
        boolean overflow = !state.isEmpty(7);
        if (overflow && !stackFault(true)) {
            return false;
        }
        if (overflow) {
            pushIndefinite();
        } else {
            state.top = state.top - 1 & 7;
            state.set(0, significand, signExponent);
        }
        return true;
    }

    /** FLD m80 and the constants: no exception but stack overflow. */
    public void load80(long significand, int signExponent) {
        clearC1();
        push(significand, signExponent);
    }

    /** FLD ST(i). */
    public void loadRegister(int i) {
        clearC1();
        int p = state.physical(i);
        if (!state.isEmpty(i)) {
            push(state.significand[p], state.signExponent[p]);
        } else if (stackFault(false)) {
            pushIndefinite();
        }
    }

    /** Pushes the default NaN whatever is in the way, as part of a masked response. */
    void pushIndefinite() {
        state.top = state.top - 1 & 7;
        state.set(0, Real.INDEFINITE, Real.INDEFINITE_SIGN_EXPONENT);
    }

    /** FLD m32. */
    public void load32(int bits) {
        loadReal(a.set32(bits));
    }

    /** FLD m64. */
    public void load64(long bits) {
        loadReal(a.set64(bits));
    }

    /** FILD of any width. */
    public void loadInteger(long value) {
        loadReal(a.setLong(value));
    }

    /** FBLD: a decimal integer, with the sign apart because it may be that of a zero. */
    public void loadBcd(long magnitude, boolean negative) {
        a.setLong(magnitude);
        a.negative = negative;
        loadReal(a);
    }

    private void loadReal(Real r) {
        clearC1();
        if (!state.isEmpty(7)) {
            push(0, 0);
            return;
        }
        // A denormal is loaded even when DE is not masked.
        boolean loaded = precompute(r.kind == Real.SNAN ? IE : r.denormal ? DE : 0) || r.denormal;
        if (loaded) {
            if (r.kind == Real.SNAN) {
                r.quieten();
            }
            push(r.significand, signExponent(r));
        }
    }

    /** The 80-bit sign and exponent of a number that needs no rounding. */
    static int signExponent(Real r) {
        int sign = r.negative ? 0x8000 : 0;
        return switch (r.kind) {
            case Real.ZERO -> sign;
            case Real.FINITE -> sign | r.exponent + 16383;
            default -> sign | 0x7fff;
        };
    }

    /** The two-operand arithmetic instructions. */
    public enum Operation { ADD, SUB, SUB_REVERSED, MUL, DIV, DIV_REVERSED }

    /** {@code ST(destination) = ST(destination) op ST(source)}, then perhaps pop. */
    public void arithmetic(Operation op, int destination, int source, boolean pop) {
        clearC1();
        boolean done;
        if (state.isEmpty(destination) || state.isEmpty(source)) {
            done = underflow(destination);
        } else {
            load(a, destination);
            load(b, source);
            done = compute(op, destination);
        }
        if (done && pop) {
            state.pop();
        }
    }

    /** {@code ST(0) = ST(0) op m32}. */
    public void arithmetic32(Operation op, int bits) {
        b.set32(bits);
        arithmeticMemory(op);
    }

    /** {@code ST(0) = ST(0) op m64}. */
    public void arithmetic64(Operation op, long bits) {
        b.set64(bits);
        arithmeticMemory(op);
    }

    /** {@code ST(0) = ST(0) op integer}. */
    public void arithmeticInteger(Operation op, long value) {
        b.setLong(value);
        arithmeticMemory(op);
    }

    private void arithmeticMemory(Operation op) {
        clearC1();
        if (state.isEmpty(0)) {
            underflow(0);
        } else {
            load(a, 0);
            compute(op, 0);
        }
    }

    private boolean compute(Operation op, int destination) {
        int flags = nanOrUnsupported();
        if (flags < 0) {
            int mode = mode();
            flags = switch (op) {
                case ADD -> Arithmetic.add(a, b, result, mode);
                case SUB -> Arithmetic.subtract(a, b, result, mode);
                case SUB_REVERSED -> Arithmetic.subtract(b, a, result, mode);
                case MUL -> Arithmetic.multiply(a, b, result);
                case DIV -> Arithmetic.divide(a, b, result);
                case DIV_REVERSED -> Arithmetic.divide(b, a, result);
            };
            flags |= denormalFlag(flags);
        }
        return precompute(flags) && deliver(destination, FloatFormat.extended(state.control));
    }

    /** DE of the operands {@code a} and {@code b}, unless an exception of higher priority was found. */
    int denormalFlag(int flags) {
        return (flags & (IE | ZE)) == 0 && (a.denormal || b.denormal) ? DE : 0;
    }

    /** If {@code a} or {@code b} is NaN or unsupported: sets {@code result} and returns the exceptions; else -1. */
    int nanOrUnsupported() {
        if (a.kind < Real.QNAN && b.kind < Real.QNAN) {
            return -1;
        }
        if (a.kind == Real.UNSUPPORTED || b.kind == Real.UNSUPPORTED) {
            result.setIndefinite();
            return IE;
        }
        int flags = a.kind == Real.SNAN || b.kind == Real.SNAN ? IE : 0;
        result.set(chooseNan());
        result.quieten();
        return flags;
    }

    /** x87's rule: a NaN beats a number, a quiet one a signalling one, else the larger significand, else the positive one. */
    private Real chooseNan() {
        if (!a.isNan() || !b.isNan()) {
            return a.isNan() ? a : b;
        }
        if (a.kind != b.kind) {
            return a.kind == Real.QNAN ? a : b;
        }
        int order = Long.compareUnsigned(a.significand, b.significand);
        return order > 0 || order == 0 && !a.negative ? a : b;
    }

    /** The same for the single operand {@code a}. */
    int nanOrUnsupportedSingle() {
        if (a.kind < Real.QNAN) {
            return -1;
        }
        if (a.kind == Real.UNSUPPORTED) {
            result.setIndefinite();
            return IE;
        }
        result.set(a);
        result.quieten();
        return a.kind == Real.SNAN ? IE : 0;
    }

    /** Rounds {@code result} into {@code ST(destination)}. */
    boolean deliver(int destination, FloatFormat format) {
        if (result.kind != Real.FINITE) {
            state.set(destination, result.significand, signExponent(result));
            return true;
        }
        rounder.round(result, format, mode(), ~state.control & (OE | UE));
        state.set(destination, rounder.significand, rounder.signExponent80(result.negative));
        postcompute(rounder.flags, rounder.roundedUp);
        return true;
    }

    /** Delivers an approximation: it counts as inexact even where it happens to need no rounding. */
    void deliverApproximation(int destination) {
        deliver(destination, FloatFormat.EXTENDED);
        if (result.kind == Real.FINITE && (rounder.flags & PE) == 0) {
            postcompute(rounder.significand < 0 ? PE : PE | UE, false);
        }
    }

    /** FSQRT. */
    public void squareRoot() {
        clearC1();
        if (state.isEmpty(0)) {
            underflow(0);
            return;
        }
        load(a, 0);
        int flags = nanOrUnsupportedSingle();
        if (flags < 0) {
            flags = Arithmetic.squareRoot(a, result);
            flags |= flags == 0 && a.denormal ? DE : 0;
        }
        if (precompute(flags)) {
            deliver(0, FloatFormat.extended(state.control));
        }
    }

    /** FRNDINT. */
    public void roundToInteger() {
        clearC1();
        if (state.isEmpty(0)) {
            underflow(0);
            return;
        }
        load(a, 0);
        int flags = nanOrUnsupportedSingle();
        if (flags < 0) {
            result.set(a);
            flags = a.denormal ? DE : 0;
        }
        if (!precompute(flags)) {
            return;
        }
        if (result.kind == Real.FINITE && result.exponent < 63) {
            roundFraction();
        } else {
            state.set(0, result.significand, signExponent(result));
        }
    }

    private void roundFraction() {
        IntegerRounding.round(result, mode(), rounded);
        a.setLong(rounded.magnitude);
        a.negative = result.negative;
        state.set(0, a.significand, signExponent(a));
        postcompute(rounded.inexact ? PE : 0, rounded.roundedUp);
    }

    /** FCHS and FABS: the sign is {@code (sign & keep) ^ flip}; no exception but stack underflow. */
    public void sign(int keep, int flip) {
        clearC1();
        if (state.isEmpty(0)) {
            underflow(0);
            return;
        }
        int p = state.physical(0);
        state.signExponent[p] = state.signExponent[p] & (keep | 0x7fff) ^ flip;
    }

    /** FXCH: an empty register takes the default NaN first. */
    public void exchange(int i) {
        clearC1();
        if (state.isEmpty(0) || state.isEmpty(i)) {
            if (!stackFault(false)) {
                return;
            }
            fillIfEmpty(0);
            fillIfEmpty(i);
        }
        int p = state.physical(0);
        int q = state.physical(i);
        long sig = state.significand[p];
        int se = state.signExponent[p];
        state.set(0, state.significand[q], state.signExponent[q]);
        state.set(i, sig, se);
    }

    private void fillIfEmpty(int i) {
        if (state.isEmpty(i)) {
            state.set(i, Real.INDEFINITE, Real.INDEFINITE_SIGN_EXPONENT);
        }
    }

    /** FST/FSTP ST(i): a plain copy. */
    public void storeRegister(int i, boolean pop) {
        clearC1();
        if (state.isEmpty(0)) {
            if (!underflow(i)) {
                return;
            }
        } else {
            int p = state.physical(0);
            state.set(i, state.significand[p], state.signExponent[p]);
        }
        if (pop) {
            state.pop();
        }
    }

    /** The undocumented FSTPNCE: as FSTP ST(i), but an empty ST(0) raises nothing and leaves {@code ST(i)} alone. */
    public void copyAndPop(int i) {
        clearC1();
        if (!state.isEmpty(0)) {
            int p = state.physical(0);
            state.set(i, state.significand[p], state.signExponent[p]);
        }
        state.pop();
    }

    /** FFREE and the undocumented FFREEP. */
    public void free(int i, boolean pop) {
        clearC1();
        state.free(i);
        if (pop) {
            state.pop();
        }
    }

    /** FCMOVcc with a condition that holds or not: the operands are checked either way. C1 stays but for a fault. */
    public void moveIf(boolean condition, int i) {
        if (state.isEmpty(0) || state.isEmpty(i)) {
            underflow(0);
        } else if (condition) {
            int q = state.physical(i);
            state.set(0, state.significand[q], state.signExponent[q]);
        }
    }
}
