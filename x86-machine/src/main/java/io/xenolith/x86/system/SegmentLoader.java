package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Segment;

/** Loading of ES, SS, DS, FS and GS, and of CS once a transfer has been judged legal. */
public final class SegmentLoader {

    private SegmentLoader() {
    }

    /**
     * MOV, POP and Lxx to a segment register other than CS, in protected and long mode.
     *
     * @param number   segment number, not CS
     * @param selector the new selector
     * @throws CpuFault #GP, #NP or #SS by the rules; nothing has changed then
     */
    public static void load(final Cpu c, final int number, final int selector) {
        if (number == Cpu.SS) {
            loadStack(c, selector);
        } else {
            loadData(c, number, selector);
        }
    }

    private static void loadData(final Cpu c, final int number, final int selector) {
        if (Descriptor.isNull(selector)) {
            c.seg[number].setNull(selector);
            c.segmentsChanged();
            return;
        }
        final long d = Descriptor.read(c, selector);
        checkData(c, d, selector, c.cpl(), CpuFault.GP);
        commit(c, c.seg[number], selector, d);
    }

    /** The rules of a data segment register, with the vector of refusals as a parameter (#TS in task switches). */
    static void checkData(final Cpu c, final long d, final int selector, final int cpl, final int vector) {
        final boolean privileged = Descriptor.isConforming(d)
            || Descriptor.dpl(d) >= cpl && Descriptor.dpl(d) >= Descriptor.rpl(selector);
        if (!Descriptor.isReadable(d) || !privileged) {
            throw c.raise(vector, Descriptor.error(selector));
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
    }

    private static void loadStack(final Cpu c, final int selector) {
        if (Descriptor.isNull(selector)) {
            // 64-bit code below ring 3 runs on a null stack segment
            if (!c.long64 || c.cpl() == 3 || Descriptor.rpl(selector) != c.cpl()) {
                throw c.raise(CpuFault.GP, 0);
            }
            setNullStack(c, selector);
            return;
        }
        final long d = Descriptor.read(c, selector);
        checkStack(c, d, selector, c.cpl(), CpuFault.GP, 0);
        commit(c, c.seg[Cpu.SS], selector, d);
    }

    /** A null SS of 64-bit code: nothing usable, but its DPL still tells the privilege level. */
    static void setNullStack(final Cpu c, final int selector) {
        c.seg[Cpu.SS].set(selector, 0, 0, Segment.UNUSABLE | Descriptor.rpl(selector) << Segment.DPL_SHIFT);
        c.segmentsChanged();
    }

    /**
     * The rules of the stack segment for code at level {@code cpl}.
     *
     * @param vector of a wrong type or level; a missing segment is always #SS
     * @param ext    0, or 1 when an event is being delivered
     */
    static void checkStack(final Cpu c, final long d, final int selector, final int cpl, final int vector,
                           final int ext) {
        if (Descriptor.rpl(selector) != cpl || !Descriptor.isWritableData(d) || Descriptor.dpl(d) != cpl) {
            throw c.raise(vector, Descriptor.error(selector) | ext);
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.SS, Descriptor.error(selector) | ext);
        }
    }

    /** Loads a checked descriptor and marks it accessed. */
    static void commit(final Cpu c, final Segment to, final int selector, final long d) {
        c.env.setAccessed(c, selector);
        to.setFromDescriptor(selector, d | 1L << 40);
        c.segmentsChanged();
    }

    /** Loads CS with a checked descriptor and enters its privilege level. */
    static void commitCode(final Cpu c, final int selector, final long d, final int cpl) {
        c.env.setAccessed(c, selector);
        c.seg[Cpu.CS].setFromDescriptor(selector & 0xFFFC | cpl, d | 1L << 40);
        c.setCpl(cpl);
        c.segmentsChanged();
    }

    /**
     * After a return to an outer level: data segment registers that the new level could not have loaded become null.
     */
    static void dropPrivileged(final Cpu c) {
        for (int number = Cpu.ES; number <= Cpu.GS; number++) {
            final Segment s = c.seg[number];
            final boolean conforming = (s.attributes() & (Segment.TYPE_CODE | Segment.TYPE_EXPAND_DOWN))
                == (Segment.TYPE_CODE | Segment.TYPE_EXPAND_DOWN);
            if (number != Cpu.CS && number != Cpu.SS && s.usable() && !conforming && s.dpl() < c.cpl()) {
                s.setNull(0);
            }
        }
        c.segmentsChanged();
    }
}
