package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/**
 * A stack while a transfer is under way: the current one, or the one being switched to. Its pointer becomes the
 * processor's only when the transfer is certain, so that any fault leaves the registers as they were.
 */
final class Stack {
    private final Cpu c;
    private final Segment segment;
    private final long mask;
    private final int cpl;
    private final int error;
    private long sp;

    private Stack(final Cpu c, final Segment segment, final long sp, final int cpl, final int error) {
        this.c = c;
        this.segment = segment;
        this.mask = c.long64 ? -1L : segment.big() ? 0xFFFF_FFFFL : 0xFFFF;
        this.cpl = cpl;
        this.error = error;
        this.sp = sp;
    }

    /**
     * The stack in use.
     *
     * @param ext error code of limit violations: 0, or 1 when an event is being delivered
     */
    static Stack current(final Cpu c, final int ext) {
        return new Stack(c, c.seg[Cpu.SS], c.gpr[Cpu.RSP], c.cpl(), ext);
    }

    /** The stack that a switch to level {@code cpl} finds; limit violations name its selector. */
    static Stack other(final Cpu c, final Segment segment, final long sp, final int cpl, final int ext) {
        return new Stack(c, segment, sp, cpl, Descriptor.error(segment.selector()) | ext);
    }

    /** Where the stack pointer stands; bits beyond the stack's width are those of the starting value. */
    long pointer() {
        return sp;
    }

    /** Moves the pointer without access. */
    void skip(final long bytes) {
        sp = sp & ~mask | sp + bytes & mask;
    }

    /** Stores below the pointer and moves it down. */
    void push(final int size, final long value) {
        final long to = sp - size & mask;
        final long linear = linear(to, size, true);
        final boolean was = c.mmu.user();
        c.mmu.setUser(cpl == 3);
        try {
            c.write(linear, size, value);
        } finally {
            c.mmu.setUser(was);
        }
        sp = sp & ~mask | to;
    }

    /** Loads at a distance above the pointer. */
    long peek(final long distance, final int size) {
        final long linear = linear(sp + distance & mask, size, false);
        final boolean was = c.mmu.user();
        c.mmu.setUser(cpl == 3);
        try {
            return c.read(linear, size);
        } finally {
            c.mmu.setUser(was);
        }
    }

    /** Loads and moves the pointer up. */
    long pop(final int size) {
        final long value = peek(0, size);
        skip(size);
        return value;
    }

    private long linear(final long offset, final int size, final boolean write) {
        if (c.long64) {
            final long last = offset + size - 1;
            if (offset << 16 >> 16 != offset || last << 16 >> 16 != last) {
                throw c.raise(CpuFault.SS, error);
            }
            return offset;
        }
        final long low = write ? segment.writeLow() : segment.readLow();
        final long high = write ? segment.writeHigh() : segment.readHigh();
        if (offset < low || offset + size - 1 > high) {
            throw c.raise(CpuFault.SS, error);
        }
        return segment.base() + offset & 0xFFFF_FFFFL;
    }
}
