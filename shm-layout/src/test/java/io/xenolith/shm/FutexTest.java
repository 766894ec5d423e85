package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FutexTest {
    private final PrivateMemory memory = new PrivateMemory(1);
    private final long word = memory.addressOf(0);

    @Test
    void saysWhyItReturned() {
        assertEquals(Futex.CHANGED, Futex.await(word, 1, Long.MAX_VALUE));
        assertEquals(Futex.TIMED_OUT, Futex.await(word, 0, 1_000_000));
        assertEquals(Futex.TIMED_OUT, Futex.await(word, 0, 1_500_000_000L - 1_499_000_000L));
    }

    @Test
    void wakeCountsSleepers() throws InterruptedException {
        assertEquals(0, Futex.wake(word, Integer.MAX_VALUE));
        final Thread sleeper = Thread.ofPlatform().start(() -> Futex.await(word, 0, Long.MAX_VALUE));
        while (Futex.wake(word, 1) == 0) {
            Thread.onSpinWait();
        }
        sleeper.join();
    }
}
