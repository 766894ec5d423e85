package io.xenolith.x86.fpu;

import static io.xenolith.x86.fpu.FpuState.C0;
import static io.xenolith.x86.fpu.FpuState.C1;
import static io.xenolith.x86.fpu.FpuState.C2;
import static io.xenolith.x86.fpu.FpuState.C3;
import static io.xenolith.x86.fpu.FpuState.DE;
import static io.xenolith.x86.fpu.FpuState.IE;

/** Comparisons and FXAM. */
public final class X87Compare {
    /** Answers of a comparison; {@link #NONE} when an unmasked exception suppressed it. */
    public static final int LESS = -1, EQUAL = 0, GREATER = 1, UNORDERED = 2, NONE = 3;
    private static final int CONDITIONS = C0 | C2 | C3;

    private final X87Unit unit;
    private final FpuState state;

    /** Comparisons of the given unit. */
    public X87Compare(X87Unit unit) {
        this.unit = unit;
        this.state = unit.state;
    }

    /** Compares ST(0) with {@code ST(i)}; {@code quiet} comparisons raise IE only for signalling NaNs. */
    public int registers(int i, boolean quiet) {
        unit.clearC1();
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
        return unit.stackFault(false) ? UNORDERED : NONE;
    }

    private int withB(boolean quiet) {
        Real a = unit.load(unit.a, 0);
        Real b = unit.b;
        if (a.kind >= Real.QNAN || b.kind >= Real.QNAN) {
            boolean signal = !quiet || a.kind > Real.QNAN || b.kind > Real.QNAN;
            return unit.precompute(signal ? IE : 0) ? UNORDERED : NONE;
        }
        return unit.precompute(a.denormal || b.denormal ? DE : 0) ? Integer.signum(Arithmetic.compare(a, b)) : NONE;
    }

    /** Sets C0, C2 and C3 from an answer; false when there was none. */
    public boolean setConditions(int answer) {
        int bits = switch (answer) {
            case LESS -> C0;
            case EQUAL -> C3;
            case GREATER -> 0;
            case UNORDERED -> CONDITIONS;
            default -> -1;
        };
        if (bits < 0) {
            return false;
        }
        state.status = state.status & ~CONDITIONS | bits;
        return true;
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
