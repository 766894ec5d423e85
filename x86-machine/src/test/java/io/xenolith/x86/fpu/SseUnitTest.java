package io.xenolith.x86.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The fast path must answer as the software path does, flags included. */
class SseUnitTest {
    private static final long SEED = 0x5eed_0001L;
    private static final int CASES = 200_000;
    /** Differs from the default in a mask bit only, which keeps the unit off its fast path. */
    private static final int SLOW = FpuState.MXCSR_DEFAULT & ~(FpuState.IE << 7);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final FpuState quick = new FpuState();
    private final FpuState slow = new FpuState();

    private interface Double {
        long apply(SseUnit u, long a, long b);
    }

    private interface Single {
        int apply(SseUnit u, int a, int b);
    }

    private long number64() {
        long fraction = random.nextLong() >>> 12 & -1L << random.nextInt(52);
        int exponent = switch (random.nextInt(4)) {
            case 0 -> 1023 + random.nextInt(9) - 4;
            case 1 -> random.nextInt(2047);
            case 2 -> random.nextInt(180);
            default -> 1023 + random.nextInt(120) - 60;
        };
        return random.nextLong(2) << 63 | (long) exponent << 52 | fraction;
    }

    private int number32() {
        int fraction = random.nextInt(1 << 23) & -1 << random.nextInt(23);
        int exponent = random.nextBoolean() ? random.nextInt(255) : 127 + random.nextInt(40) - 20;
        return random.nextInt(2) << 31 | exponent << 23 | fraction;
    }

    private void begin(int sticky) {
        quick.mxcsr = FpuState.MXCSR_DEFAULT | sticky;
        slow.mxcsr = SLOW | sticky;
        quick.sse.begin();
        slow.sse.begin();
    }

    private void sameFlags(Supplier<String> what) {
        quick.sse.commit();
        boolean reported = !slow.sse.commit();
        if (!reported) {
            assertEquals(slow.mxcsr & FpuState.EXCEPTIONS, quick.mxcsr & FpuState.EXCEPTIONS, what);
        }
    }

    private void check(String name, Double op) {
        for (int n = 0; n < CASES; n++) {
            long a = number64();
            long b = random.nextInt(20) == 0 ? a : number64();
            int sticky = random.nextInt(3) == 0 ? FpuState.PE : 0;
            begin(sticky);
            int number = n;
            Supplier<String> what = () -> String.format("%s %016x %016x seed=%x case=%d sticky=%x", name, a, b, SEED, number, sticky);
            assertEquals(op.apply(slow.sse, a, b), op.apply(quick.sse, a, b), what);
            sameFlags(what);
        }
    }

    private void check(String name, Single op) {
        for (int n = 0; n < CASES; n++) {
            int a = number32();
            int b = random.nextInt(20) == 0 ? a : number32();
            int sticky = random.nextInt(3) == 0 ? FpuState.PE : 0;
            begin(sticky);
            int number = n;
            Supplier<String> what = () -> String.format("%s %08x %08x seed=%x case=%d sticky=%x", name, a, b, SEED, number, sticky);
            assertEquals(op.apply(slow.sse, a, b), op.apply(quick.sse, a, b), what);
            sameFlags(what);
        }
    }

    @Test
    void doubles() {
        check("add", SseUnit::add64);
        check("sub", SseUnit::sub64);
        check("mul", SseUnit::mul64);
        check("div", SseUnit::div64);
        check("sqrt", SseUnit::sqrt64);
    }

    @Test
    void singles() {
        check("add", SseUnit::add32);
        check("sub", SseUnit::sub32);
        check("mul", SseUnit::mul32);
        check("div", SseUnit::div32);
        check("sqrt", SseUnit::sqrt32);
    }
}
