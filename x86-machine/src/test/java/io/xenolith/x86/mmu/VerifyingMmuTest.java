package io.xenolith.x86.mmu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random tables, random accesses, random flushes: the TLBs never show what a plain walk would not. */
class VerifyingMmuTest {
    private static final long SEED = Long.getLong("xenolith.seed", 20260711L);
    private static final int STEPS = 60_000;

    private final TestMachine m = new TestMachine(64);
    private final VerifyingMmu verifying = new VerifyingMmu(m);
    private final SplittableRandom random = new SplittableRandom(SEED);

    @Test
    void legacy() {
        m.legacy();
        run(n -> m.put32(0x2000 + n * 4L, randomEntry()));
    }

    @Test
    void pae() {
        m.pae(TestMachine.NXE);
        run(n -> m.put64(0x3000 + n * 8L, randomEntry() | (random.nextInt(4) == 0 ? 1L << 63 : 0)));
    }

    @Test
    void fourLevel() {
        m.fourLevel(TestMachine.NXE);
        run(n -> m.put64(0x4000 + n * 8L, randomEntry() | (random.nextInt(4) == 0 ? 1L << 63 : 0)));
    }

    /** Frames 8 to 63, any rights, some not present. */
    private long randomEntry() {
        return (long) (8 + random.nextInt(56)) << 12 | random.nextInt(16) / 2 * 2 | (random.nextInt(8) == 0 ? 0 : 1);
    }

    private void run(final java.util.function.IntConsumer change) {
        System.out.println("seed " + SEED);
        for (int n = 0; n < 64; n++) {
            change.accept(n);
        }
        final long before = m.mmu.walks();
        for (int step = 0; step < STEPS; step++) {
            step(change);
        }
        assertTrue(m.mmu.walks() - before < STEPS, "the TLBs must have answered some accesses");
    }

    private void step(final java.util.function.IntConsumer change) {
        final int size = 1 << random.nextInt(4);
        final long linear = random.nextInt(64) * 0x1000L
            + (random.nextInt(4) == 0 ? 0xFFF - random.nextInt(8) : random.nextInt(0x1000));
        switch (random.nextInt(32)) {
            case 0 -> {
                final int n = random.nextInt(64);
                change.accept(n);
                m.mmu.flushPage(n * 0x1000L);
            }
            case 1 -> m.mmu.setUser(random.nextBoolean());
            case 2 -> m.mmu.flushNonGlobal();
            case 3, 4, 5 -> verifying.fetch(linear);
            case 6, 7, 8, 9, 10, 11, 12 -> verifying.write(linear, size, random.nextLong());
            default -> verifying.read(linear, size);
        }
    }
}
