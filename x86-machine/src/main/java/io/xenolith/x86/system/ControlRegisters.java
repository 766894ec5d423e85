package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.PrivilegedOp;

/** MOV to and from control registers, LMSW, SMSW and CLTS, with every check of the manual. */
public final class ControlRegisters {
    /** CR0 bits that exist; others are ignored when written and read as zero. */
    private static final long CR0_EXISTING = Cpu.CR0_PE | Cpu.CR0_MP | Cpu.CR0_EM | Cpu.CR0_TS | Cpu.CR0_ET | Cpu.CR0_NE
        | Cpu.CR0_WP | Cpu.CR0_AM | Cpu.CR0_NW | Cpu.CR0_CD | Cpu.CR0_PG;
    private static final long CR4_MCE = 1 << 6;
    /** CR4 bits that exist. VME and PVI are not among them: there is no virtual-8086 mode. */
    private static final long CR4_EXISTING = Cpu.CR4_TSD | Cpu.CR4_DE | Cpu.CR4_PSE | Cpu.CR4_PAE | CR4_MCE | Cpu.CR4_PGE
        | Cpu.CR4_PCE | Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT;
    private static final long LOW32 = 0xFFFF_FFFFL;

    private ControlRegisters() {
    }

    /** MOV r, CRn. */
    static void moveFrom(final Cpu c, final int number, final int register) {
        requireExisting(c, number);
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.MOV_FROM_CR, number, register);
            return;
        }
        final long value = switch (number) {
            case 0 -> c.cr0;
            case 2 -> c.cr2;
            case 3 -> c.cr3;
            case 4 -> c.cr4;
            default -> c.cr8;
        };
        c.setRegister(register, c.long64 ? 8 : 4, value);
    }

    /** MOV CRn, r. */
    static void moveTo(final Cpu c, final int number, final int register) {
        requireExisting(c, number);
        final long value = c.register(register, c.long64 ? 8 : 4);
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.MOV_TO_CR, number, value);
            return;
        }
        switch (number) {
            case 0 -> setCr0(c, value);
            case 2 -> c.cr2 = value;
            case 3 -> setCr3(c, value);
            case 4 -> setCr4(c, value);
            default -> setCr8(c, value);
        }
    }

    private static void requireExisting(final Cpu c, final int number) {
        final boolean exists = number == 0 || number >= 2 && number <= 4 || number == 8 && c.long64;
        if (!exists) {
            throw c.raise(CpuFault.UD);
        }
    }

    /**
     * Writes CR0 as ring 0 does.
     *
     * @throws CpuFault #GP(0) for combinations that cannot be; leaving protected mode is among them, because this
     *     processor has no real mode
     */
    public static void setCr0(final Cpu c, final long requested) {
        final long value = requested & CR0_EXISTING | Cpu.CR0_ET;
        final boolean paging = (value & Cpu.CR0_PG) != 0;
        final boolean wasPaging = (c.cr0 & Cpu.CR0_PG) != 0;
        if (requested >>> 32 != 0 || (value & Cpu.CR0_PE) == 0
            || (value & Cpu.CR0_NW) != 0 && (value & Cpu.CR0_CD) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long efer = c.efer;
        if (paging && !wasPaging && (efer & Cpu.EFER_LME) != 0) {
            if ((c.cr4 & Cpu.CR4_PAE) == 0 || (c.seg[Cpu.CS].attributes() & io.xenolith.x86.Segment.LONG) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            efer |= Cpu.EFER_LMA;
        } else if (!paging && wasPaging) {
            if (c.long64) {
                throw c.raise(CpuFault.GP, 0);
            }
            efer &= ~Cpu.EFER_LMA;
        }
        install(c, value, c.cr4, efer);
    }

    /** Writes CR3: all but global translations go, and under PAE the directory pointers are loaded. */
    public static void setCr3(final Cpu c, final long value) {
        if ((c.efer & Cpu.EFER_LMA) != 0 && value >>> c.mmu.physicalBits() != 0 || !c.mmu.loadCr3(value)) {
            throw c.raise(CpuFault.GP, 0);
        }
        c.cr3 = value;
    }

    /** Writes CR4 as ring 0 does. */
    public static void setCr4(final Cpu c, final long value) {
        final boolean leavesPae = (c.efer & Cpu.EFER_LMA) != 0 && (value & Cpu.CR4_PAE) == 0;
        if ((value & ~CR4_EXISTING) != 0 || leavesPae) {
            throw c.raise(CpuFault.GP, 0);
        }
        install(c, c.cr0, value, c.efer);
    }

    private static void setCr8(final Cpu c, final long value) {
        if ((value & ~15L) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        c.cr8 = value;
    }

    /** Makes the three registers effective together, or none of them. */
    static void install(final Cpu c, final long cr0, final long cr4, final long efer) {
        final long oldCr0 = c.cr0;
        final long oldCr4 = c.cr4;
        final long oldEfer = c.efer;
        c.cr0 = cr0;
        c.cr4 = cr4;
        c.efer = efer;
        if (!c.controlChanged()) {
            c.cr0 = oldCr0;
            c.cr4 = oldCr4;
            c.efer = oldEfer;
            c.controlChanged();
            throw c.raise(CpuFault.GP, 0);
        }
    }

    /** LMSW: the low four bits of CR0, of which PE can only be set. */
    static void loadStatusWord(final Cpu c, final int word) {
        setCr0(c, c.cr0 & ~(Cpu.CR0_MP | Cpu.CR0_EM | Cpu.CR0_TS) | word & 15);
    }

    /** CLTS. */
    static void clearTaskSwitched(final Cpu c) {
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.CLTS, 0, 0);
            return;
        }
        install(c, c.cr0 & ~Cpu.CR0_TS, c.cr4, c.efer);
    }

    /** What SMSW shows at any level. */
    static long statusWord(final Cpu c) {
        return c.cr0 & LOW32;
    }
}
