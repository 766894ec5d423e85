package io.xenolith.x86.fpu;

/** Powers and logarithms of base two to about 120 bits. */
final class Logarithms {
    private static final long LN2_HIGH = 0xb172_17f7_d1cf_79abL;
    private static final long LN2_LOW = 0xc9e3_b398_03f2_f6afL;
    private static final long LOG2E_HIGH = 0xb8aa_3b29_5c17_f0bbL;
    private static final long LOG2E_LOW = 0xbe87_fed0_691d_3e88L;
    /** Significand of the square root of two. */
    private static final long ROOT_TWO = 0xb504_f333_f9de_6484L;

    private final Wide ln2 = new Wide().setBits(LN2_HIGH, LN2_LOW, -1);
    private final Wide twoLog2e = new Wide().setBits(LOG2E_HIGH, LOG2E_LOW, 1);
    private final Wide one = new Wide().setLong(1);
    private final Wide t = new Wide();
    private final Wide square = new Wide();
    private final Wide sum = new Wide();
    private final Wide factor = new Wide();

    /** {@code 2^x - 1} for a finite, non-zero x of magnitude at most one. */
    void powerMinusOne(Real x, Real out) {
        if (x.exponent == 0 && x.significand == Long.MIN_VALUE) {
            boolean negative = x.negative;
            out.set(x);
            out.exponent = negative ? -1 : 0;
            return;
        }
        t.set(x).multiply(ln2);
        Series.EXPM1.evaluate(t, sum).multiply(t);
        sum.store(out, true);
    }

    /** {@code y * log2(x)} for finite non-zero y, and x positive and finite. */
    void yLog2(Real x, Real y, Real out) {
        int k = x.exponent;
        t.setBits(x.significand, 0, 0);
        if (Long.compareUnsigned(x.significand, ROOT_TWO) > 0) {
            t.exponent = -1;
            k++;
        }
        sum.set(t).add(one);
        one.negate();
        t.add(one);
        one.negate();
        boolean exact = t.isZero();
        logOfRatio();
        t.add(factor.setLong(k));
        finish(y, exact, out);
    }

    /** {@code y * log2(1 + x)} for finite non-zero x above -1 and finite non-zero y. */
    void yLog2Plus1(Real x, Real y, Real out) {
        t.set(x).add(one);
        if (t.exponent > 0 || t.exponent < -1) {
            // Outside the range that the manual promises: the plain logarithm of the sum.
            sumLogarithm();
        } else {
            t.set(x);
            sum.setLong(2).add(t);
            logOfRatio();
        }
        finish(y, false, out);
    }

    private void sumLogarithm() {
        int k = t.exponent;
        t.exponent = 0;
        sum.set(t).add(one);
        one.negate();
        t.add(one);
        one.negate();
        logOfRatio();
        t.add(factor.setLong(k));
    }

    /** {@code t = 2 log2(e) atanh(t / sum)}. */
    private void logOfRatio() {
        if (t.isZero()) {
            return;
        }
        t.divide(sum);
        square.set(t).multiply(t);
        Series.ARTANH.evaluate(square, sum);
        t.multiply(sum).multiply(twoLog2e);
    }

    private void finish(Real y, boolean exact, Real out) {
        t.multiply(factor.set(y));
        t.store(out, !exact);
    }
}
