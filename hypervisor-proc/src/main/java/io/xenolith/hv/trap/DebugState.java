package io.xenolith.hv.trap;

import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;

/**
 * A guest's debug registers, shared by MOV DR and the set_debugreg and get_debugreg hypercalls: no breakpoints on the
 * hypervisor's addresses, no general detection, I/O breakpoints only with CR4.DE.
 */
public final class DebugState {
    private static final long DR6_FIXED = 0xffff_0ff0L;
    private static final long DR6_WRITABLE = 0xe00f;
    private static final long DR7_FIXED = 0x400;
    private static final long DR7_GENERAL_DETECT = 1 << 13;
    private static final long DR7_WRITABLE = 0xffff_03ffL;
    private static final int IO_BREAKPOINT = 2;

    private final PvVcpu v;
    private final Cpu c;

    /** @param vcpu whose registers. */
    public DebugState(final PvVcpu vcpu) {
        v = vcpu;
        c = vcpu.cpu();
    }

    private boolean hidden(final int number) {
        return number < 0 || number > 7 || (number == 4 || number == 5) && (v.cr4() & Cpu.CR4_DE) != 0;
    }

    /**
     * Reads a register.
     *
     * @param number 0 to 7; 4 and 5 are 6 and 7 unless CR4.DE is set.
     * @return its value, or {@code -ENODEV}.
     */
    public long get(final int number) {
        if (hidden(number)) {
            return -Errno.ENODEV;
        }
        return c.dr[number == 4 || number == 5 ? number + 2 : number];
    }

    /**
     * Writes a register.
     *
     * @param number 0 to 7; 4 and 5 are 6 and 7 unless CR4.DE is set.
     * @param value  new value.
     * @return 0 or a negative errno.
     */
    public int set(final int number, final long value) {
        if (hidden(number)) {
            return -Errno.ENODEV;
        }
        final int result = switch (number) {
            case 0, 1, 2, 3 -> setAddress(number, value);
            case 4, 6 -> setStatus(value);
            default -> setControl(value);
        };
        if (result == 0) {
            c.debugRegistersChanged();
        }
        return result;
    }

    private int setAddress(final int number, final long value) {
        if (!v.space().tables().mode().isGuestAddress(value)) {
            return -Errno.EPERM;
        }
        c.dr[number] = value;
        return 0;
    }

    private int setStatus(final long value) {
        if (value >>> 32 != 0) {
            return -Errno.EINVAL;
        }
        c.dr[6] = value & DR6_WRITABLE | DR6_FIXED;
        return 0;
    }

    private int setControl(final long value) {
        if (value >>> 32 != 0) {
            return -Errno.EINVAL;
        }
        if ((value & DR7_GENERAL_DETECT) != 0 || usesPorts(value) && (v.cr4() & Cpu.CR4_DE) == 0) {
            return -Errno.EPERM;
        }
        c.dr[7] = value & DR7_WRITABLE | DR7_FIXED;
        return 0;
    }

    private static boolean usesPorts(final long dr7) {
        for (int i = 0; i < 4; i++) {
            if ((dr7 >>> 2 * i & 3) != 0 && (dr7 >>> 16 + 4 * i & 3) == IO_BREAKPOINT) {
                return true;
            }
        }
        return false;
    }
}
