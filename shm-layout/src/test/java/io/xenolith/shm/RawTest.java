package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RawTest {
    private static final int THREADS = 4;
    private static final int ADDITIONS = 20_000;

    private final PrivateMemory memory = new PrivateMemory(2);
    private final long a = memory.addressOf(0);

    @Test
    void littleEndianInEveryWidth() {
        Raw.putLong(a, 0x8877_6655_4433_2281L);
        assertEquals((byte) 0x81, Raw.getByte(a));
        assertEquals(0x81, Raw.getUnsignedByte(a));
        assertEquals(0x2281, Raw.getShort(a));
        assertEquals(0x8877, Raw.getUnsignedShort(a + 6));
        assertEquals(0x4433_2281, Raw.getInt(a));
        assertEquals(0x8877_6655L, Raw.getUnsignedInt(a + 4));
        Raw.putByte(a + 1, (byte) 1);
        Raw.putShort(a + 2, (short) 0x0203);
        Raw.putInt(a + 4, 0x0405_0607);
        assertEquals(0x0405_0607_0203_0181L, Raw.getLongVolatile(a));
    }

    @Test
    void unalignedAcrossAFrame() {
        final long edge = memory.addressOf(1) - 3;
        Raw.putLong(edge, 0x0102_0304_0506_0708L);
        assertEquals(0x0102_0304_0506_0708L, Raw.getLong(edge));
        assertEquals(0x0304_0506, Raw.getInt(edge + 2));
        assertTrue(Raw.casLong(edge, 0x0102_0304_0506_0708L, 5));
        assertEquals(5, Raw.getAndAddInt(edge, 3));
        assertEquals(8, Raw.getLong(edge));
    }

    @Test
    void compareAndSetAndExchange() {
        assertTrue(Raw.casByte(a + 1, (byte) 0, (byte) -1));
        assertFalse(Raw.casByte(a + 1, (byte) 0, (byte) 1));
        assertTrue(Raw.casShort(a + 2, (short) 0, (short) -2));
        assertEquals(0xFFFE_FF00, Raw.getInt(a));
        assertEquals((byte) -1, Raw.xchgByte(a + 1, (byte) 0));
        assertEquals((short) -2, Raw.xchgShort(a + 2, (short) 0));
        assertEquals(0, Raw.xchgInt(a, 7));
        assertEquals(7, Raw.xchgLong(a, 0));
        assertEquals(0, Raw.getAndOrInt(a, 0xF0));
        assertEquals(0xF0, Raw.getAndAndInt(a, 0x30));
        assertEquals(0x30, Raw.getAndOrLong(a, 1L << 40));
        assertEquals(1L << 40 | 0x30, Raw.getAndAndLong(a, 1L << 40));
        assertEquals(1L << 40, Raw.getAndAddLong(a, -(1L << 40)));
    }

    @Test
    void additionsOfSeveralThreadsAddUp() throws InterruptedException {
        final Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            threads[i] = Thread.ofPlatform().start(() -> {
                for (int n = 0; n < ADDITIONS; n++) {
                    Raw.getAndAddInt(a, 1);
                    short old;
                    do {
                        old = Raw.getShort(a + 8);
                    } while (!Raw.casShort(a + 8, old, (short) (old + 1)));
                }
            });
        }
        for (final Thread t : threads) {
            t.join();
        }
        assertEquals(THREADS * ADDITIONS, Raw.getInt(a));
        assertEquals((short) (THREADS * ADDITIONS), Raw.getShort(a + 8));
        assertEquals(0, Raw.getShort(a + 10), "neighbours untouched");
    }

    @Test
    void blocks() {
        final byte[] text = {1, 2, 3, 4, 5};
        Raw.copyIn(text, 1, a + 3, 4);
        Raw.copy(a + 3, a + 100, 4);
        final byte[] back = new byte[6];
        Raw.copyOut(a + 99, back, 0, 6);
        assertArrayEquals(new byte[] {0, 2, 3, 4, 5, 0}, back);
        Raw.fill(a + 100, 2, (byte) 9);
        assertEquals(0x0504_0909, Raw.getInt(a + 100));
        assertThrows(IndexOutOfBoundsException.class, () -> Raw.copyIn(text, 2, a, 4));
        assertThrows(IndexOutOfBoundsException.class, () -> Raw.copyOut(a, back, -1, 4));
    }

    @Test
    void privateMemoryChecksFrames() {
        assertThrows(BadFrameException.class, () -> memory.addressOf(2));
        assertThrows(BadFrameException.class, () -> memory.addressOf(-1));
        assertEquals(4096, memory.addressOf(1) - memory.addressOf(0));
        assertEquals(0, a & 4095);
    }
}
