package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Segment;

/** LAR, LSL, VERR and VERW: what a selector would give, without loading it. */
final class DescriptorQueries {
    /** Types whose access rights LAR shows outside long mode; in long mode only LDT, TSS and call gates of 32 bits. */
    private static final int LAR_TYPES = 1 << Descriptor.TSS16 | 1 << Descriptor.LDT | 1 << Descriptor.TSS16_BUSY
        | 1 << Descriptor.CALL_GATE16 | 1 << Descriptor.TASK_GATE | 1 << Descriptor.TSS32 | 1 << Descriptor.TSS32_BUSY
        | 1 << Descriptor.CALL_GATE32;
    private static final int LSL_TYPES = 1 << Descriptor.TSS16 | 1 << Descriptor.LDT | 1 << Descriptor.TSS16_BUSY
        | 1 << Descriptor.TSS32 | 1 << Descriptor.TSS32_BUSY;
    private static final int LONG_TYPES = 1 << Descriptor.LDT | 1 << Descriptor.TSS32 | 1 << Descriptor.TSS32_BUSY
        | 1 << Descriptor.CALL_GATE32;

    private DescriptorQueries() {
    }

    /** Access rights as LAR shows them, or -1. */
    static long accessRights(final Cpu c, final int selector) {
        final long d = visible(c, selector, LAR_TYPES);
        return d == 0 ? -1 : d >>> 32 & 0x00FF_FF00L;
    }

    /** Limit in bytes as LSL shows it, or -1. */
    static long limit(final Cpu c, final int selector) {
        final long d = visible(c, selector, LSL_TYPES);
        return d == 0 ? -1 : Segment.descriptorLimit(d);
    }

    static boolean readable(final Cpu c, final int selector) {
        return Descriptor.isReadable(visible(c, selector, 0));
    }

    static boolean writable(final Cpu c, final int selector) {
        return Descriptor.isWritableData(visible(c, selector, 0));
    }

    /** The descriptor, or 0 when the selector shows nothing at this level. */
    private static long visible(final Cpu c, final int selector, final int systemTypes) {
        if (Descriptor.isNull(selector)) {
            return 0;
        }
        final long d = Descriptor.find(c, selector);
        if (!Descriptor.isSegment(d)) {
            final int types = (c.efer & Cpu.EFER_LMA) != 0 ? systemTypes & LONG_TYPES : systemTypes;
            if ((types & 1 << Descriptor.type(d)) == 0) {
                return 0;
            }
        }
        final int level = Math.max(c.cpl(), Descriptor.rpl(selector));
        return Descriptor.isConforming(d) || Descriptor.dpl(d) >= level ? d : 0;
    }
}
