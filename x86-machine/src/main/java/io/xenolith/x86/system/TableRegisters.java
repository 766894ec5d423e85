package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import io.xenolith.x86.PrivilegedOp;

/** SGDT, SIDT, LGDT, LIDT, LLDT and LTR. */
final class TableRegisters {

    private TableRegisters() {
    }

    /** SGDT and SIDT, at any level: the limit, then four or eight bytes of base. */
    static void store(final Cpu c, final Insn i, final long base, final int limit) {
        final int bytes = c.long64 ? 10 : 6;
        final long linear = i.linear(c, bytes, true);
        c.mmu.checkWrite(linear, bytes);
        c.write16(linear, limit);
        if (c.long64) {
            c.write64(linear + 2, base);
        } else {
            c.write32(linear + 2, (int) base);
        }
    }

    static void loadGdtr(final Cpu c, final Insn i) {
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.LGDT, 0, 0);
            return;
        }
        final long linear = i.linear(c, c.long64 ? 10 : 6, false);
        final int limit = c.read16(linear);
        c.gdtrBase = base(c, i, linear);
        c.gdtrLimit = limit;
    }

    static void loadIdtr(final Cpu c, final Insn i) {
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.LIDT, 0, 0);
            return;
        }
        final long linear = i.linear(c, c.long64 ? 10 : 6, false);
        final int limit = c.read16(linear);
        c.idtrBase = base(c, i, linear);
        c.idtrLimit = limit;
    }

    /** A 16-bit operand size takes only 24 bits of base. */
    private static long base(final Cpu c, final Insn i, final long linear) {
        if (c.long64) {
            final long base = c.read64(linear + 2);
            if (base << 16 >> 16 != base) {
                throw c.raise(CpuFault.GP, 0);
            }
            return base;
        }
        final long base = c.read32(linear + 2) & 0xFFFF_FFFFL;
        return i.operandSize == 2 ? base & 0xFF_FFFF : base;
    }

    static void loadLdtr(final Cpu c, final int selector) {
        if (Descriptor.isNull(selector)) {
            c.ldtr.setNull(selector);
            return;
        }
        final long d = systemDescriptor(c, selector);
        if (Descriptor.type(d) != Descriptor.LDT) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        requirePresent(c, d, selector);
        c.ldtr.setFromDescriptor(selector, d);
        extendBase(c, selector, c.ldtr);
    }

    static void loadTr(final Cpu c, final int selector) {
        if (Descriptor.isNull(selector)) {
            throw c.raise(CpuFault.GP, 0);
        }
        final long d = systemDescriptor(c, selector);
        final boolean longMode = (c.efer & Cpu.EFER_LMA) != 0;
        if (!Descriptor.isAvailableTss(d) || longMode && Descriptor.type(d) != Descriptor.TSS32) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        requirePresent(c, d, selector);
        Descriptor.setBusy(c, selector, true);
        c.tr.setFromDescriptor(selector, d | 1L << 41);
        extendBase(c, selector, c.tr);
    }

    private static long systemDescriptor(final Cpu c, final int selector) {
        final long d = Descriptor.inLdt(selector) ? 0 : Descriptor.read(c, selector);
        if (Descriptor.isSegment(d)) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        return d;
    }

    private static void requirePresent(final Cpu c, final long d, final int selector) {
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector));
        }
    }

    /** In long mode system descriptors have 16 bytes; the second half begins with the upper half of the base. */
    private static void extendBase(final Cpu c, final int selector, final io.xenolith.x86.Segment s) {
        if ((c.efer & Cpu.EFER_LMA) != 0) {
            final long upper = c.mmu.readSystem32(c.gdtrBase + (selector & 0xFFF8) + 8) & 0xFFFF_FFFFL;
            s.setBase(s.base() & 0xFFFF_FFFFL | upper << 32);
        }
    }
}
