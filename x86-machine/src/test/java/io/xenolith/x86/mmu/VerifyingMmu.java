package io.xenolith.x86.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.LongUnaryOperator;

/**
 * Runs each access twice: as a plain walk without memory of earlier ones, and through the memory unit with its TLBs.
 * Valid while whoever changes the tables also flushes.
 */
final class VerifyingMmu {
    private final TestMachine m;

    VerifyingMmu(final TestMachine machine) {
        this.m = machine;
    }

    void read(final long linear, final int size) {
        verify(linear, size, Mmu.READ, at -> switch (size) {
            case 1 -> m.mmu.read8(at);
            case 2 -> m.mmu.read16(at);
            case 4 -> m.mmu.read32(at) & 0xFFFF_FFFFL;
            default -> m.mmu.read64(at);
        });
    }

    void write(final long linear, final int size, final long value) {
        verify(linear, size, Mmu.WRITE_ACCESS, at -> {
            switch (size) {
                case 1 -> m.mmu.write8(at, (int) value);
                case 2 -> m.mmu.write16(at, (int) value);
                case 4 -> m.mmu.write32(at, (int) value);
                default -> m.mmu.write64(at, value);
            }
            return size == 8 ? value : value & (1L << 8 * size) - 1;
        });
    }

    void fetch(final long linear) {
        final long expected = m.mmu.probe(linear, Mmu.FETCH, m.mmu.user());
        String cached;
        try {
            cached = Long.toHexString(m.mmu.fetchPhysical(linear));
        } catch (final TestMachine.Fault f) {
            cached = fault(f.address, f.code);
        }
        assertEquals(expected < 0 ? fault(linear, (int) (-1 - expected)) : Long.toHexString(expected), cached);
    }

    private void verify(final long linear, final int size, final int access, final LongUnaryOperator operation) {
        final String expected = plainFault(linear, size, access);
        final long before = expected == null ? plainRead(linear, size) : 0;
        String got = null;
        long value = 0;
        try {
            value = operation.applyAsLong(linear);
        } catch (final TestMachine.Fault f) {
            got = fault(f.address, f.code);
        }
        final String what = Long.toHexString(linear) + " size " + size + " access " + access;
        assertEquals(expected, got, what);
        if (expected == null) {
            assertEquals(access == Mmu.READ ? before : plainRead(linear, size), value, what);
        }
    }

    private String plainFault(final long linear, final int size, final int access) {
        for (long at = linear; at < linear + size; at = (at | 0xFFF) + 1) {
            final long wrapped = at & 0xFFFF_FFFFL;
            final long result = m.mmu.probe(wrapped, access, m.mmu.user());
            if (result < 0) {
                return fault(wrapped, (int) (-1 - result));
            }
        }
        return null;
    }

    private long plainRead(final long linear, final int size) {
        long value = 0;
        for (int k = 0; k < size; k++) {
            final long physical = m.mmu.probe(linear + k & 0xFFFF_FFFFL, Mmu.READ, m.mmu.user());
            value |= (m.mmu.readPhysical(physical, 1) & 0xFF) << 8 * k;
        }
        return value;
    }

    private static String fault(final long address, final int code) {
        return "#PF " + Long.toHexString(address) + " " + code;
    }
}
