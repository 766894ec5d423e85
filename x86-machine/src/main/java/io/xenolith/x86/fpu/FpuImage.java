package io.xenolith.x86.fpu;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;

/**
 * The memory images of FNSTENV and FNSAVE in their protected-mode formats.
 *
 * <pre>
 *   offset, 32-bit   0      4      8      12     16               20     24      28 ...
 *   offset, 16-bit   0      2      4      6      8                10     12      14 ...
 *                    +------+------+------+------+----------------+------+-------+---------------+
 *                    | FCW  | FSW  | FTW  | FIP  | FCS (opcode)   | FDP  | FDS   | ST(0)-ST(7)   |
 *                    +------+------+------+------+----------------+------+-------+---------------+
 * </pre>
 * In the 32-bit form the upper half of a 16-bit field reads as ones, but the one after FCS holds the opcode. FCS and FDS are zero, as
 * on processors that announce their deprecation.
 */
final class FpuImage {
    private static final int ONES = 0xffff_0000;
    private static final int REGISTERS = 80;

    private FpuImage() {
    }

    private static boolean wide(Insn i) {
        return i.operandSize != 2;
    }

    private static int environmentSize(Insn i) {
        return wide(i) ? 28 : 14;
    }

    /** The address of an image to be stored; silicon probes its first field, then its last byte, which shows in CR2. */
    private static long checkedWrite(Cpu c, Insn i, int size) {
        int field = wide(i) ? 4 : 2;
        long at = i.linear(c, field, true);
        c.mmu.checkWrite(at, field);
        c.mmu.checkWrite(c.linear(i.seg, i.ea(c) + size - 1 & i.addressMask, 1, true), 1);
        i.linear(c, size, true);
        c.mmu.checkWrite(at, size);
        return at;
    }

    private static long checkedRead(Cpu c, Insn i, int size) {
        int field = wide(i) ? 4 : 2;
        long at = i.linear(c, field, false);
        c.mmu.checkRead(at, field);
        c.mmu.checkRead(c.linear(i.seg, i.ea(c) + size - 1 & i.addressMask, 1, false), 1);
        i.linear(c, size, false);
        c.mmu.checkRead(at, size);
        return at;
    }

    /** FNSTENV: stores, then masks all exceptions. */
    static void storeEnvironment(Cpu c, Insn i) {
        int size = environmentSize(i);
        long at = checkedWrite(c, i, size);
        write(c, i, at);
        c.fpu.control |= FpuState.EXCEPTIONS;
        c.fpu.refreshSummary();
    }

    private static void write(Cpu c, Insn i, long at) {
        FpuState fpu = c.fpu;
        if (wide(i)) {
            c.write32(at, ONES | fpu.control);
            c.write32(at + 4, ONES | fpu.statusWord());
            c.write32(at + 8, ONES | fpu.tagWord());
            c.write32(at + 12, (int) fpu.lastIp);
            c.write32(at + 16, fpu.lastOpcode << 16);
            c.write32(at + 20, (int) fpu.lastDp);
            c.write32(at + 24, ONES);
        } else {
            c.write16(at, fpu.control);
            c.write16(at + 2, fpu.statusWord());
            c.write16(at + 4, fpu.tagWord());
            c.write16(at + 6, (int) fpu.lastIp);
            c.write16(at + 8, 0);
            c.write16(at + 10, (int) fpu.lastDp);
            c.write16(at + 12, 0);
        }
    }

    /** FLDENV. */
    static void loadEnvironment(Cpu c, Insn i) {
        int size = environmentSize(i);
        read(c, i, checkedRead(c, i, size));
    }

    private static void read(Cpu c, Insn i, long at) {
        FpuState fpu = c.fpu;
        int step = wide(i) ? 4 : 2;
        fpu.control = c.read16(at) & 0xffff;
        fpu.setControl(fpu.control);
        fpu.setStatusWord(c.read16(at + step));
        fpu.setTagWord(c.read16(at + 2 * step));
        if (wide(i)) {
            fpu.lastIp = c.read32(at + 12) & 0xffff_ffffL;
            fpu.lastOpcode = c.read16(at + 18) & 0x7ff;
            fpu.lastDp = c.read32(at + 20) & 0xffff_ffffL;
        } else {
            fpu.lastIp = c.read16(at + 6) & 0xffff;
            fpu.lastOpcode = 0;
            fpu.lastDp = c.read16(at + 10) & 0xffff;
        }
    }

    /** FNSAVE: environment and registers, then FNINIT. */
    static void save(Cpu c, Insn i) {
        int size = environmentSize(i);
        long at = checkedWrite(c, i, size + REGISTERS);
        write(c, i, at);
        FpuState fpu = c.fpu;
        for (int r = 0; r < 8; r++) {
            int p = fpu.physical(r);
            c.write64(at + size + 10 * r, fpu.significand[p]);
            c.write16(at + size + 10 * r + 8, fpu.signExponent[p]);
        }
        fpu.init();
    }

    /** FRSTOR. */
    static void restore(Cpu c, Insn i) {
        int size = environmentSize(i);
        long at = checkedRead(c, i, size + REGISTERS);
        read(c, i, at);
        FpuState fpu = c.fpu;
        for (int r = 0; r < 8; r++) {
            int p = fpu.physical(r);
            fpu.significand[p] = c.read64(at + size + 10 * r);
            fpu.signExponent[p] = c.read16(at + size + 10 * r + 8) & 0xffff;
        }
    }
}
