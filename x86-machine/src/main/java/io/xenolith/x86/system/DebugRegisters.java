package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.PrivilegedOp;

/** MOV to and from debug registers, and breakpoints on I/O ports. */
public final class DebugRegisters {
    private static final long DR6_FIXED = 0xFFFF_0FF0L;
    private static final long DR6_WRITABLE = 0xE00F;
    private static final long DR6_BD = 1 << 13;
    private static final long DR7_FIXED = 1 << 10;
    private static final long DR7_GD = 1 << 13;
    private static final long DR7_WRITABLE = 0xFFFF_23FFL;
    private static final int IO_ACCESS = 2;

    private DebugRegisters() {
    }

    /** MOV r, DRn. */
    static void moveFrom(final Cpu c, final int number, final int register) {
        requireExisting(c, number);
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.MOV_FROM_DR, number, register);
            return;
        }
        trapGeneralDetect(c);
        c.setRegister(register, c.long64 ? 8 : 4, c.dr[alias(number)]);
    }

    /** MOV DRn, r. */
    static void moveTo(final Cpu c, final int number, final int register) {
        requireExisting(c, number);
        final long value = c.register(register, c.long64 ? 8 : 4);
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.MOV_TO_DR, number, value);
            return;
        }
        trapGeneralDetect(c);
        set(c, alias(number), value);
    }

    /**
     * Sets a debug register with its fixed bits.
     *
     * @param number 0 to 3, 6 or 7
     * @throws CpuFault #GP(0) when the upper half of DR6 or DR7 is not zero
     */
    public static void set(final Cpu c, final int number, final long value) {
        if (number >= 4 && value >>> 32 != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        c.dr[number] = switch (number) {
            case 6 -> value & DR6_WRITABLE | DR6_FIXED;
            case 7 -> value & DR7_WRITABLE | DR7_FIXED;
            default -> value;
        };
        c.debugRegistersChanged();
    }

    /** DR4 and DR5 are other names of DR6 and DR7 until CR4.DE takes them away. */
    private static void requireExisting(final Cpu c, final int number) {
        final boolean alias = number == 4 || number == 5;
        if (number > 7 || alias && (c.cr4 & Cpu.CR4_DE) != 0) {
            throw c.raise(CpuFault.UD);
        }
    }

    private static int alias(final int number) {
        return number == 4 || number == 5 ? number + 2 : number;
    }

    private static void trapGeneralDetect(final Cpu c) {
        if ((c.dr[7] & DR7_GD) != 0) {
            c.dr[6] |= DR6_BD;
            throw c.raise(CpuFault.DB);
        }
    }

    /** Entering the debug handler switches general detection off, so that the handler can use the registers. */
    static void enterHandler(final Cpu c) {
        if ((c.dr[7] & DR7_GD) != 0) {
            set(c, 7, c.dr[7] & ~DR7_GD);
        }
    }

    /** Notes I/O breakpoints that an access to {@code size} ports from {@code port} on touches. */
    static void notePortAccess(final Cpu c, final int port, final int size) {
        if ((c.dr[7] & 0xFF) == 0 || (c.cr4 & Cpu.CR4_DE) == 0) {
            return;
        }
        int hits = 0;
        for (int n = 0; n < 4; n++) {
            final boolean enabled = (c.dr[7] >>> 2 * n & 3) != 0;
            final long length = (c.dr[7] >>> 18 + 4 * n & 3) + 1;
            final long start = c.dr[n] & -length;
            if (enabled && (c.dr[7] >>> 16 + 4 * n & 3) == IO_ACCESS && port < start + length && start < port + size) {
                hits |= 1 << n;
            }
        }
        if (hits != 0) {
            c.dataBreakpoint(hits);
        }
    }
}
