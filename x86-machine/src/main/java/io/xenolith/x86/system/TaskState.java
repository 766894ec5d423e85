package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/** Reading of the current task state segment: inner stacks and the I/O permission map. */
final class TaskState {
    /** A stack pointer, as task state holds it for an inner level. */
    record StackPointer(int selector, long offset) {
    }

    private static final int IO_MAP_BASE = 0x66;

    private TaskState() {
    }

    /** Whether a TSS is of the 32-bit form. */
    static boolean is32(final Segment tss) {
        return (tss.attributes() & 8) != 0;
    }

    /**
     * The stack for a privilege level.
     *
     * @throws CpuFault #TS(TR) when the segment is too short or there is none
     */
    static StackPointer innerStack(final Cpu c, final int level, final int ext) {
        final Segment tr = c.tr;
        final boolean wide = is32(tr);
        final int at = wide ? 4 + 8 * level : 2 + 4 * level;
        if (!tr.usable() || at + (wide ? 5 : 3) > tr.limit()) {
            throw c.raise(CpuFault.TS, Descriptor.error(tr.selector()) | ext);
        }
        final long base = tr.base() + at;
        return wide
            ? new StackPointer(c.mmu.readSystem16(base + 4), c.mmu.readSystem32(base) & 0xFFFF_FFFFL)
            : new StackPointer(c.mmu.readSystem16(base + 2), c.mmu.readSystem16(base));
    }

    /** The RSP for a privilege level, or of an interrupt stack table entry 1 to 7, in a 64-bit TSS. */
    static long stack64(final Cpu c, final int at, final int ext) {
        if (!c.tr.usable() || at + 7 > c.tr.limit()) {
            throw c.raise(CpuFault.TS, Descriptor.error(c.tr.selector()) | ext);
        }
        return c.mmu.readSystem64(c.tr.base() + at);
    }

    /** Whether the I/O permission map has a clear bit for each of {@code size} ports from {@code port} on. */
    static boolean portsAllowed(final Cpu c, final int port, final int size) {
        final Segment tr = c.tr;
        if (!tr.usable() || !is32(tr) || tr.limit() < IO_MAP_BASE + 1) {
            return false;
        }
        final int at = c.mmu.readSystem16(tr.base() + IO_MAP_BASE) + (port >> 3);
        // two bytes are read always, so the map ends with a byte of ones
        if (at + 1 > tr.limit()) {
            return false;
        }
        final int bits = c.mmu.readSystem16(tr.base() + at);
        return (bits >> (port & 7) & (1 << size) - 1) == 0;
    }
}
