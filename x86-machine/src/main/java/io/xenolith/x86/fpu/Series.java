package io.xenolith.x86.fpu;

/** Power series with coefficients to 128 bits, made once. */
final class Series {
    /** Alternating {@code 1 / (2k+1)!}: {@code sin x = x * SINE(x^2)}. */
    static final Series SINE = factorial(1, 2, true, 17);
    /** Alternating {@code 1 / (2k)!}: {@code cos x = COSINE(x^2)}. */
    static final Series COSINE = factorial(0, 2, true, 18);
    /** {@code 1 / (k+1)!}: {@code e^x - 1 = x * EXPM1(x)}. */
    static final Series EXPM1 = factorial(1, 1, false, 33);
    /** {@code 1 / (2k+1)}: {@code atanh x = x * ARTANH(x^2)}. */
    static final Series ARTANH = odd(false, 27);
    /** Alternating {@code 1 / (2k+1)}: {@code atan x = x * ARCTAN(x^2)}, for small arguments. */
    static final Series ARCTAN = odd(true, 18);

    private final Wide[] coefficients;

    private Series(Wide[] coefficients) {
        this.coefficients = coefficients;
    }

    private static Series factorial(int start, int step, boolean alternate, int terms) {
        Wide[] c = new Wide[terms];
        Wide term = new Wide().setLong(1);
        int n = start;
        for (int k = 0; k < terms; k++) {
            c[k] = new Wide().set(term);
            c[k].negative = alternate && (k & 1) != 0;
            for (int i = 0; i < step; i++) {
                term.divide(new Wide().setLong(++n));
            }
        }
        return new Series(c);
    }

    private static Series odd(boolean alternate, int terms) {
        Wide[] c = new Wide[terms];
        for (int k = 0; k < terms; k++) {
            c[k] = new Wide().setLong(1).divide(new Wide().setLong(2 * k + 1));
            c[k].negative = alternate && (k & 1) != 0;
        }
        return new Series(c);
    }

    /** {@code sum = c0 + x (c1 + x (c2 + ...))}. */
    Wide evaluate(Wide x, Wide sum) {
        sum.set(coefficients[coefficients.length - 1]);
        for (int k = coefficients.length - 2; k >= 0; k--) {
            sum.multiply(x).add(coefficients[k]);
        }
        return sum;
    }
}
