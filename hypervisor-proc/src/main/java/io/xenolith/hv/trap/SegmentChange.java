package io.xenolith.hv.trap;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/** Segment register loads that the hypervisor makes on behalf of a guest: entries to its kernel and returns from it. */
public final class SegmentChange {
    private static final long PRESENT = 1L << 47;
    private static final long CODE_OR_DATA = 1L << 44;
    private static final long EXECUTABLE = 1L << 43;
    private static final long CONFORMING = 1L << 42;
    private static final long WRITABLE = 1L << 41;
    private static final long ACCESSED = 1L << 40;

    private SegmentChange() {
    }

    /**
     * Checks that a selector names a code segment that code at a ring may run in.
     *
     * @param c        the CPU.
     * @param selector any value.
     * @param ring     the ring, which must be the selector's own.
     * @return the descriptor.
     * @throws CpuFault #GP or #NP when it does not.
     */
    public static long codeDescriptor(final Cpu c, final int selector, final int ring) {
        if ((selector & ~3) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        final long d = c.env.readDescriptor(c, selector);
        final int dpl = (int)(d >>> 45) & 3;
        final boolean code = (d & (CODE_OR_DATA | EXECUTABLE)) == (CODE_OR_DATA | EXECUTABLE);
        final boolean level = (d & CONFORMING) != 0 ? dpl <= ring : dpl == ring;
        if (!code || !level || (selector & 3) != ring) {
            throw c.raise(CpuFault.GP, selector & 0xfffc);
        }
        if ((d & PRESENT) == 0) {
            throw c.raise(CpuFault.NP, selector & 0xfffc);
        }
        return d;
    }

    /**
     * Checks that a selector names a stack segment for a ring.
     *
     * @param c        the CPU.
     * @param selector any value.
     * @param ring     the ring.
     * @return the descriptor.
     * @throws CpuFault #GP or #SS when it does not.
     */
    public static long stackDescriptor(final Cpu c, final int selector, final int ring) {
        if ((selector & ~3) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        final long d = c.env.readDescriptor(c, selector);
        final boolean data = (d & (CODE_OR_DATA | EXECUTABLE | WRITABLE)) == (CODE_OR_DATA | WRITABLE);
        if (!data || (selector & 3) != ring || ((int)(d >>> 45) & 3) != ring) {
            throw c.raise(CpuFault.GP, selector & 0xfffc);
        }
        if ((d & PRESENT) == 0) {
            throw c.raise(CpuFault.SS, selector & 0xfffc);
        }
        return d;
    }

    /**
     * Loads CS and enters its ring.
     *
     * @param c        the CPU.
     * @param selector any value.
     * @param ring     the ring to enter.
     * @throws CpuFault as {@link #codeDescriptor}; nothing has changed then.
     */
    public static void loadCode(final Cpu c, final int selector, final int ring) {
        commitCode(c, selector, codeDescriptor(c, selector, ring), ring);
    }

    /** Loads CS with a descriptor that has been checked, and enters a ring. */
    static void commitCode(final Cpu c, final int selector, final long descriptor, final int ring) {
        c.env.setAccessed(c, selector);
        c.seg[Cpu.CS].setFromDescriptor(selector, descriptor | ACCESSED);
        c.setCpl(ring);
        c.segmentsChanged();
    }

    /** Loads SS with a descriptor that has been checked. */
    static void commitStack(final Cpu c, final int selector, final long descriptor) {
        c.env.setAccessed(c, selector);
        c.seg[Cpu.SS].setFromDescriptor(selector, descriptor | ACCESSED);
        c.segmentsChanged();
    }

    /** Enters the flat 64-bit segments that a 64-bit guest's kernel runs in. */
    public static void enterFlat64(final Cpu c) {
        c.seg[Cpu.CS].setFromDescriptor(FlatDescriptors.CS_64, FlatDescriptors.at(0xe030, true));
        c.seg[Cpu.SS].setFromDescriptor(FlatDescriptors.SS_64, FlatDescriptors.at(0xe028, true));
        c.setCpl(3);
        c.segmentsChanged();
    }

    /** After a return to an outer ring: data segments that the new ring could not have loaded become null. */
    static void dropPrivileged(final Cpu c) {
        for (int i = Cpu.ES; i <= Cpu.GS; i++) {
            final Segment s = c.seg[i];
            final int conforming = Segment.TYPE_CODE | Segment.TYPE_EXPAND_DOWN;
            final boolean keeps = (s.attributes() & conforming) == conforming;
            if (i != Cpu.CS && i != Cpu.SS && s.usable() && !keeps && s.dpl() < c.cpl()) {
                s.setNull(0);
            }
        }
        c.segmentsChanged();
    }
}
