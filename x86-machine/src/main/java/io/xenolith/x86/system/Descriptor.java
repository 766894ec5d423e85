package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;

/**
 * The 8 bytes of a descriptor, read as a little-endian {@code long}, and how to get at one.
 *
 * <pre>
 *  63     56 55 54 53 52 51   48 47 46 45 44 43  40 39              16 15         0
 *  +--------+--+--+--+--+-------+--+-----+--+------+------------------+------------+
 *  | base   |G |DB|L |AV| limit |P | DPL |S | type | base 23..0       | limit 15..0|   segments, TSS, LDT
 *  | offset 31..16      (63..48)|P | DPL |0 | type | 0  | n | selector| offset 15..0|   gates, n = parameters
 *  +--------+--+--+--+--+-------+--+-----+--+------+------------------+------------+
 * </pre>
 */
final class Descriptor {
    static final int TSS16 = 1;
    static final int LDT = 2;
    static final int TSS16_BUSY = 3;
    static final int CALL_GATE16 = 4;
    static final int TASK_GATE = 5;
    static final int INTERRUPT_GATE16 = 6;
    static final int TRAP_GATE16 = 7;
    static final int TSS32 = 9;
    static final int TSS32_BUSY = 11;
    static final int CALL_GATE32 = 12;
    static final int INTERRUPT_GATE32 = 14;
    static final int TRAP_GATE32 = 15;

    private static final long BUSY = 1L << 41;

    private Descriptor() {
    }

    /**
     * Reads the descriptor that a selector names.
     *
     * @throws CpuFault #GP(selector) beyond the table, or what reading the table raises
     */
    static long read(final Cpu c, final int selector) {
        return c.env.readDescriptor(c, selector);
    }

    /**
     * As {@link #read}, but beyond the table there is a zero: a descriptor of no valid type. Every caller refuses
     * those with the fault of its own.
     */
    static long find(final Cpu c, final int selector) {
        try {
            return c.env.readDescriptor(c, selector);
        } catch (final CpuFault f) {
            if (f.vector == CpuFault.GP) {
                return 0;
            }
            throw f;
        }
    }

    /** A selector as error codes carry it: without its privilege level. */
    static int error(final int selector) {
        return selector & 0xFFFC;
    }

    static boolean isNull(final int selector) {
        return (selector & 0xFFFC) == 0;
    }

    static int rpl(final int selector) {
        return selector & 3;
    }

    static boolean inLdt(final int selector) {
        return (selector & 4) != 0;
    }

    static int type(final long d) {
        return (int) (d >>> 40) & 15;
    }

    static int dpl(final long d) {
        return (int) (d >>> 45) & 3;
    }

    static boolean present(final long d) {
        return (d & 1L << 47) != 0;
    }

    /** Code or data, as opposed to system segments and gates. */
    static boolean isSegment(final long d) {
        return (d & 1L << 44) != 0;
    }

    static boolean isCode(final long d) {
        return isSegment(d) && (d & 1L << 43) != 0;
    }

    static boolean isConforming(final long d) {
        return isCode(d) && (d & 1L << 42) != 0;
    }

    static boolean isWritableData(final long d) {
        return isSegment(d) && (d & 1L << 43) == 0 && (d & 1L << 41) != 0;
    }

    /** Data, or code that may be read. */
    static boolean isReadable(final long d) {
        return isSegment(d) && ((d & 1L << 43) == 0 || (d & 1L << 41) != 0);
    }

    static boolean isLong(final long d) {
        return (d & 1L << 53) != 0;
    }

    static boolean isBig(final long d) {
        return (d & 1L << 54) != 0;
    }

    static boolean isAvailableTss(final long d) {
        return !isSegment(d) && (type(d) == TSS16 || type(d) == TSS32);
    }

    static boolean isBusyTss(final long d) {
        return !isSegment(d) && (type(d) == TSS16_BUSY || type(d) == TSS32_BUSY);
    }

    static int gateSelector(final long d) {
        return (int) (d >>> 16) & 0xFFFF;
    }

    /** Entry point; the upper half of 16-bit gates is ignored. */
    static long gateOffset(final long d) {
        final long low = d & 0xFFFF;
        return (type(d) & 8) != 0 ? low | d >>> 32 & 0xFFFF_0000L : low;
    }

    static int gateParameters(final long d) {
        return (int) (d >>> 32) & 31;
    }

    /** Marks the TSS descriptor of a selector busy or available in the GDT. */
    static void setBusy(final Cpu c, final int selector, final boolean busy) {
        final long upper = c.gdtrBase + (selector & 0xFFF8) + 4;
        final int mask = (int) (BUSY >>> 32);
        int old;
        do {
            old = c.mmu.readSystem32(upper);
        } while (!c.mmu.casSystem32(upper, old, busy ? old | mask : old & ~mask));
    }
}
