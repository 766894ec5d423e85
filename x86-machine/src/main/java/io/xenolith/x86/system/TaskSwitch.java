package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Segment;
import io.xenolith.x86.mmu.Mmu;

/**
 * Hardware task switches between 16- and 32-bit task state segments (volume 3, chapter 7.3).
 *
 * <p>Up to the point where the new state is loaded a fault belongs to the old task and nothing has changed. From there
 * on it belongs to the new one: it is delivered here, with the new task's instruction pointer, and the instruction
 * that switched counts as completed.
 */
final class TaskSwitch {
    /** What a task is switched for. */
    enum Reason {
        /** Far JMP: the old task ends being busy. */
        JUMP(false, false),
        /** Far CALL: the old task stays busy and is linked to. */
        CALL(true, false),
        /** IRET with NT: back along the link. */
        RETURN(false, true),
        /** An interrupt or exception through a task gate: as CALL. */
        EVENT(true, false);

        final boolean nests;
        final boolean returns;

        Reason(final boolean nests, final boolean returns) {
            this.nests = nests;
            this.returns = returns;
        }
    }

    private static final int MIN_LIMIT16 = 0x2B;
    private static final int MIN_LIMIT32 = 0x67;
    private static final int CR3 = 0x1C;
    private static final int TRAP = 0x64;
    private static final long DR6_BT = 1 << 15;
    /** L0 to L3 of DR7, which a task switch clears. */
    private static final long LOCAL_BREAKPOINTS = 0x55;

    /** What a TSS says, read whole before anything changes. */
    private record Image(boolean wide, long cr3, long ip, int flags, long[] registers, int[] selectors, int ldt,
                         boolean trap) {
    }

    private TaskSwitch() {
    }

    /** Switches from a far JMP or CALL: the task goes on after this instruction. */
    static void transfer(final Cpu c, final int selector, final Reason reason) {
        switchTo(c, selector, reason, c.nextIp(), 0, 0);
    }

    /** IRET with NT set. */
    static void taskReturn(final Cpu c) {
        if (!c.tr.usable()) {
            throw c.raise(CpuFault.GP, 0);
        }
        final int link = c.mmu.readSystem16(c.tr.base());
        if (Descriptor.isNull(link) || Descriptor.inLdt(link)) {
            throw c.raise(CpuFault.TS, Descriptor.error(link));
        }
        if (!Descriptor.isBusyTss(Descriptor.find(c, link))) {
            throw c.raise(CpuFault.TS, Descriptor.error(link));
        }
        switchTo(c, link, Reason.RETURN, c.nextIp(), 0, 0);
    }

    /**
     * Switches tasks; afterwards {@code c.ip} and {@code c.nextIp()} are the new task's.
     *
     * @param selector  names a TSS of the right type in the GDT
     * @param savedIp   where the old task goes on
     * @param ext       0, or 1 when an event is being delivered
     * @param savedBits flags added to the old task's image (RF for faults)
     */
    static void switchTo(final Cpu c, final int selector, final Reason reason, final long savedIp, final int ext,
                         final int savedBits) {
        final long d = Descriptor.read(c, selector);
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(selector) | ext);
        }
        final boolean wide = (Descriptor.type(d) & 8) != 0;
        if (Segment.descriptorLimit(d) < (wide ? MIN_LIMIT32 : MIN_LIMIT16)) {
            throw c.raise(CpuFault.TS, Descriptor.error(selector) | ext);
        }
        final long base = Segment.descriptorBase(d);
        final Image image = wide ? read32(c.mmu, base) : read16(c.mmu, base);
        checkWritable(c, reason, base);
        save(c, savedIp, reason, savedBits);
        link(c, selector, base, reason);
        final boolean mapped = load(c, selector, d, image, reason);
        finish(c, image, mapped);
    }

    /** All stores of the switch are possible before the first is made. */
    private static void checkWritable(final Cpu c, final Reason reason, final long base) {
        c.mmu.checkSystemWrite(c.tr.base(), TaskState.is32(c.tr) ? MIN_LIMIT32 + 1 : MIN_LIMIT16 + 1);
        if (reason.nests) {
            c.mmu.checkSystemWrite(base, 2);
        }
    }

    private static Image read32(final Mmu mmu, final long base) {
        final long[] registers = new long[8];
        final int[] selectors = new int[6];
        for (int n = 0; n < 8; n++) {
            registers[n] = mmu.readSystem32(base + 0x28 + 4 * n) & 0xFFFF_FFFFL;
        }
        for (int n = 0; n < 6; n++) {
            selectors[n] = mmu.readSystem16(base + 0x48 + 4 * n);
        }
        return new Image(true, mmu.readSystem32(base + CR3) & 0xFFFF_FFFFL, mmu.readSystem32(base + 0x20) & 0xFFFF_FFFFL,
            mmu.readSystem32(base + 0x24), registers, selectors, mmu.readSystem16(base + 0x60),
            (mmu.readSystem16(base + TRAP) & 1) != 0);
    }

    private static Image read16(final Mmu mmu, final long base) {
        final long[] registers = new long[8];
        final int[] selectors = new int[6];
        for (int n = 0; n < 8; n++) {
            registers[n] = mmu.readSystem16(base + 0x12 + 2 * n);
        }
        for (int n = 0; n < 4; n++) {
            selectors[n] = mmu.readSystem16(base + 0x22 + 2 * n);
        }
        return new Image(false, 0, mmu.readSystem16(base + 0x0E), mmu.readSystem16(base + 0x10), registers, selectors,
            mmu.readSystem16(base + 0x2A), false);
    }

    private static void save(final Cpu c, final long ip, final Reason reason, final int savedBits) {
        int flags = c.eflags() | savedBits;
        if (reason.returns) {
            flags &= ~Eflags.NT;
        }
        final Mmu mmu = c.mmu;
        final long base = c.tr.base();
        if (TaskState.is32(c.tr)) {
            mmu.writeSystem32(base + 0x20, (int) ip);
            mmu.writeSystem32(base + 0x24, flags);
            for (int n = 0; n < 8; n++) {
                mmu.writeSystem32(base + 0x28 + 4 * n, (int) c.gpr[n]);
            }
            for (int n = 0; n < 6; n++) {
                mmu.writeSystem16(base + 0x48 + 4 * n, c.seg[n].selector());
            }
        } else {
            mmu.writeSystem16(base + 0x0E, (int) ip);
            mmu.writeSystem16(base + 0x10, flags);
            for (int n = 0; n < 8; n++) {
                mmu.writeSystem16(base + 0x12 + 2 * n, (int) c.gpr[n]);
            }
            for (int n = 0; n < 4; n++) {
                mmu.writeSystem16(base + 0x22 + 2 * n, c.seg[n].selector());
            }
        }
    }

    private static void link(final Cpu c, final int selector, final long base, final Reason reason) {
        if (reason.nests) {
            c.mmu.writeSystem16(base, c.tr.selector());
        } else {
            Descriptor.setBusy(c, c.tr.selector(), false);
        }
        if (!reason.returns) {
            Descriptor.setBusy(c, selector, true);
        }
    }

    /** Loads the state; false when the page-directory pointers of the new CR3 were malformed and it was not loaded. */
    private static boolean load(final Cpu c, final int selector, final long d, final Image image,
                                final Reason reason) {
        c.tr.setFromDescriptor(selector, d | 1L << 41);
        c.cr0 |= Cpu.CR0_TS;
        c.controlChanged();
        final boolean paged = image.wide && (c.cr0 & Cpu.CR0_PG) != 0;
        final boolean mapped = !paged || c.mmu.loadCr3(image.cr3);
        if (paged && mapped) {
            c.cr3 = image.cr3;
        }
        for (int n = 0; n < 8; n++) {
            // what becomes of the upper halves in a 16-bit task is not defined; they stay
            c.setRegister(n, image.wide ? 4 : 2, image.registers[n]);
        }
        // VM86 tasks are refused like IRET refuses them: the bit is not taken over
        c.setEflags(image.flags & ~Eflags.VM | (reason.nests ? Eflags.NT : 0));
        c.ip = image.ip;
        c.setNextIp(image.ip);
        c.ldtr.setNull(image.ldt);
        for (int n = 0; n < 6; n++) {
            c.seg[n].setNull(image.selectors[n]);
        }
        c.setCpl(Descriptor.rpl(image.selectors[Cpu.CS]));
        if ((c.dr[7] & LOCAL_BREAKPOINTS) != 0) {
            DebugRegisters.set(c, 7, c.dr[7] & ~LOCAL_BREAKPOINTS);
        }
        return mapped;
    }

    /** The part whose faults belong to the new task. */
    private static void finish(final Cpu c, final Image image, final boolean mapped) {
        try {
            if (!mapped) {
                throw c.raise(CpuFault.GP, 0);
            }
            loadLdt(c, image.ldt);
            loadSegments(c, image.selectors);
            if (image.ip > c.seg[Cpu.CS].limit()) {
                throw c.raise(CpuFault.GP, 0);
            }
            if (image.trap) {
                c.dr[6] |= DR6_BT;
                throw c.raise(CpuFault.DB);
            }
        } catch (final CpuFault f) {
            c.env.exception(c, f.vector, f.errorCode, f.hasErrorCode, f.address);
            c.setNextIp(c.ip);
        }
    }

    private static void loadLdt(final Cpu c, final int selector) {
        if (Descriptor.isNull(selector)) {
            return;
        }
        final long d = Descriptor.inLdt(selector) ? 0 : Descriptor.find(c, selector);
        if (Descriptor.isSegment(d) || Descriptor.type(d) != Descriptor.LDT || !Descriptor.present(d)) {
            throw c.raise(CpuFault.TS, Descriptor.error(selector));
        }
        c.ldtr.setFromDescriptor(selector, d);
    }

    private static void loadSegments(final Cpu c, final int[] selectors) {
        final int code = selectors[Cpu.CS];
        final int cpl = Descriptor.rpl(code);
        final long d = Descriptor.isNull(code) ? 0 : Descriptor.find(c, code);
        final boolean allowed = Descriptor.isConforming(d) ? Descriptor.dpl(d) <= cpl : Descriptor.dpl(d) == cpl;
        if (!Descriptor.isCode(d) || !allowed) {
            throw c.raise(CpuFault.TS, Descriptor.error(code));
        }
        if (!Descriptor.present(d)) {
            throw c.raise(CpuFault.NP, Descriptor.error(code));
        }
        SegmentLoader.commitCode(c, code, d, cpl);
        final int stack = selectors[Cpu.SS];
        final long s = Descriptor.isNull(stack) ? 0 : Descriptor.find(c, stack);
        SegmentLoader.checkStack(c, s, stack, cpl, CpuFault.TS, 0);
        SegmentLoader.commit(c, c.seg[Cpu.SS], stack, s);
        loadData(c, Cpu.ES, selectors[Cpu.ES]);
        loadData(c, Cpu.DS, selectors[Cpu.DS]);
        loadData(c, Cpu.FS, selectors[Cpu.FS]);
        loadData(c, Cpu.GS, selectors[Cpu.GS]);
    }

    private static void loadData(final Cpu c, final int number, final int selector) {
        if (!Descriptor.isNull(selector)) {
            final long d = Descriptor.find(c, selector);
            SegmentLoader.checkData(c, d, selector, c.cpl(), CpuFault.TS);
            SegmentLoader.commit(c, c.seg[number], selector, d);
        }
    }
}
