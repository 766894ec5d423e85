package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.C0;
import static io.xenolith.x86.fpu.FpuState.C1;
import static io.xenolith.x86.fpu.FpuState.C2;
import static io.xenolith.x86.fpu.FpuState.C3;
import static io.xenolith.x86.fpu.FpuState.DE;
import static io.xenolith.x86.fpu.FpuState.IE;

/**
 * Comparisons and FXAM. A comparison always has an answer, which silicon delivers even when it raises an unmasked exception; only the
 * pop is then suppressed, see {@link #mayPop}.
 */
public final class X87Compare {
    /** Answers of a comparison. */
    public static final int LESS = -1, EQUAL = 0, GREATER = 1, UNORDERED = 2;
    private static final int CONDITIONS = C0 | C2 | C3;

    private final X87Unit unit;
    private final FpuState state;
    private boolean mayPop;

    /** Comparisons of the given unit. */
    public X87Compare(X87Unit unit) {
        this.unit = unit;
        this.state = unit.state;
    }

    /** Whether the last comparison raised no unmasked exception. */
    public boolean mayPop() {
        return mayPop;
    }

    /** Compares ST(0) with {@code ST(i)}; {@code quiet} comparisons raise IE only for signalling NaNs. C1 stays but for a fault. */
    public int registers(int i, boolean quiet) {
        if (state.isEmpty(0) || state.isEmpty(i)) {
            return fault();
        }
        unit.load(unit.b, i);
        return withB(quiet);
    }

    /** Compares ST(0) with a 32-bit operand. */
    public int memory32(int bits) {
        unit.b.set32(bits);
        return withOperand();
    }

    /** Compares ST(0) with a 64-bit operand. */
    public int memory64(long bits) {
        unit.b.set64(bits);
        return withOperand();
    }

    /** Compares ST(0) with an integer; zero is FTST. */
    public int integer(long value) {
        unit.b.setLong(value);
        return withOperand();
    }

    private int withOperand() {
        unit.clearC1();
        return state.isEmpty(0) ? fault() : withB(false);
    }

    private int fault() {
        mayPop = unit.stackFault(false);
        return UNORDERED;
    }

    private int withB(boolean quiet) {
        Real a = unit.load(unit.a, 0);
        Real b = unit.b;
        if (a.kind >= Real.QNAN || b.kind >= Real.QNAN) {
            boolean signal = !quiet || a.kind > Real.QNAN || b.kind > Real.QNAN;
            mayPop = unit.precompute(signal ? IE : 0);
            return UNORDERED;
        }
        mayPop = unit.precompute(a.denormal || b.denormal ? DE : 0);
        return Integer.signum(Arithmetic.compare(a, b));
    }

    /** Sets C0, C2 and C3 from an answer and clears C1. */
    public void setConditions(int answer) {
        int bits = switch (answer) {
            case LESS -> C0;
            case EQUAL -> C3;
            case GREATER -> 0;
            default -> CONDITIONS;
        };
        state.status = state.status & ~(CONDITIONS | C1) | bits;
    }

    /** FXAM: the class of ST(0) in C3, C2 and C0, its sign in C1. */
    public void examine() {
        int p = state.physical(0);
        int sign = (state.signExponent[p] & 0x8000) != 0 ? C1 : 0;
        state.status = state.status & ~(CONDITIONS | C1) | sign | classOf(p);
    }

    private int classOf(int p) {
        if (state.isEmpty(0)) {
            return C3 | C0;
        }
        Real a = unit.a.set80(state.significand[p], state.signExponent[p]);
        return switch (a.kind) {
            case Real.ZERO -> C3;
            case Real.FINITE -> a.denormal ? C3 | C2 : C2;
            case Real.INFINITE -> C2 | C0;
            case Real.UNSUPPORTED -> 0;
            default -> C0;
        };
    }
}
