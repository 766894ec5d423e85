package io.xenolith.x86.mmu;

/** What answers accesses to physical addresses that no frame backs. */
public interface OutsideMemory {

    /** An empty bus: reads give all ones, writes vanish. */
    OutsideMemory FLOATING_BUS = new OutsideMemory() {
        @Override
        public long read(final long physical, final int size) {
            return -1L;
        }

        @Override
        public void write(final long physical, final int size, final long value) {
            // nobody listens
        }
    };

    /** Reads {@code size} bytes (1, 2, 4, 8), little-endian, upper bytes of the result ignored. May throw a fault. */
    long read(long physical, int size);

    /** Writes the lower {@code size} bytes (1, 2, 4, 8) of {@code value}. May throw a fault. */
    void write(long physical, int size, long value);
}
