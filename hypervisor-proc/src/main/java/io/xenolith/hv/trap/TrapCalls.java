package io.xenolith.hv.trap;

import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;

/**
 * Hypercalls that set up a vCPU's ways in: set_trap_table (0), stack_switch (3), set_callbacks (4), fpu_taskswitch (5),
 * set_debugreg (8), get_debugreg (9), set_segment_base (25), nmi_op (28), callback_op (30).
 */
public final class TrapCalls {
    private static final int CALLBACK_EVENT = 0;
    private static final int CALLBACK_FAILSAFE = 1;
    private static final int CALLBACK_SYSCALL = 2;
    private static final int CALLBACK_SYSENTER_OLD = 3;
    private static final int CALLBACK_NMI = 4;
    private static final int CALLBACK_SYSENTER = 5;
    private static final int CALLBACK_SYSCALL32 = 7;
    private static final int CALLBACK_MASK_EVENTS = 1;
    private static final int BASE_FS = 0;
    private static final int BASE_GS_USER = 1;
    private static final int BASE_GS_KERNEL = 2;
    private static final int GS_USER_SELECTOR = 3;

    private final PvVcpu v;
    private final Cpu c;
    private final DebugState debug;

    /** @param vcpu whose ways in. @param debug its debug registers. */
    public TrapCalls(final PvVcpu vcpu, final DebugState debug) {
        v = vcpu;
        c = vcpu.cpu();
        this.debug = debug;
    }

    private int liftSelector(final int selector) {
        final int ring = v.is64Bit() ? 3 : 1;
        return (selector & 3) >= ring ? selector & 0xffff : selector & 0xfffc | ring;
    }

    private boolean badAddress(final long address) {
        return v.is64Bit() && address << 16 >> 16 != address;
    }

    /**
     * set_trap_table: pointer to entries {u8 vector, u8 flags, u16 cs, ulong address}, ended by one with address 0. A null
     * pointer clears the table.
     */
    public long setTrapTable(
        final Caller caller, final long entries, final long a2, final long a3, final long a4, final long a5) {
        if (entries == 0) {
            v.traps().clear();
            return 0;
        }
        final int length = caller.is64Bit() ? 16 : 8;
        final int addressAt = caller.is64Bit() ? 8 : 4;
        for (long i = 0;; i++) {
            final long entry = entries + i * length;
            final int head = caller.memory().getInt(entry);
            final long address = caller.readWord(entry + addressAt);
            if (address == 0) {
                return 0;
            }
            if (badAddress(address)) {
                return -Errno.EINVAL;
            }
            v.traps().set(head & 0xff, head >>> 8 & 0xff, liftSelector(head >>> 16), address);
            caller.breathe(i);
        }
    }

    /** stack_switch: stack segment and pointer for entries from user mode. */
    public long stackSwitch(
        final Caller caller, final long ss, final long sp, final long a3, final long a4, final long a5) {
        v.setKernelStack(liftSelector((int)ss), sp);
        return 0;
    }

    /** set_callbacks: selectors and addresses of event and failsafe callbacks; 64-bit: event, failsafe, syscall. */
    public long setCallbacks(
        final Caller caller, final long a1, final long a2, final long a3, final long a4, final long a5) {
        if (caller.is64Bit()) {
            if (badAddress(a1) || badAddress(a2) || badAddress(a3)) {
                return -Errno.EINVAL;
            }
            v.eventCallback().set(FlatDescriptors.CS_64, a1, true);
            v.failsafeCallback().set(FlatDescriptors.CS_64, a2, v.failsafeCallback().masksEvents());
            v.syscallCallback().set(FlatDescriptors.CS_64, a3, v.syscallCallback().masksEvents());
        }
        else {
            v.eventCallback().set(liftSelector((int)a1), a2, true);
            v.failsafeCallback().set(liftSelector((int)a3), a4, v.failsafeCallback().masksEvents());
        }
        return 0;
    }

    /** fpu_taskswitch: sets or clears CR0.TS. */
    public long fpuTaskSwitch(
        final Caller caller, final long set, final long a2, final long a3, final long a4, final long a5) {
        v.setTaskSwitched(set != 0);
        return 0;
    }

    /** set_debugreg: register, value. */
    public long setDebugReg(
        final Caller caller, final long number, final long value, final long a3, final long a4, final long a5) {
        return debug.set(registerNumber(number), value);
    }

    /** get_debugreg: register. */
    public long getDebugReg(
        final Caller caller, final long number, final long a2, final long a3, final long a4, final long a5) {
        return debug.get(registerNumber(number));
    }

    private static int registerNumber(final long number) {
        return number >= 0 && number < 8 ? (int)number : 8;
    }

    /** set_segment_base: which, base; 64-bit guests only. */
    public long setSegmentBase(
        final Caller caller, final long which, final long base, final long a3, final long a4, final long a5) {
        if (!caller.is64Bit()) {
            return -Errno.ENOSYS;
        }
        if (which == GS_USER_SELECTOR) {
            v.loadUserGs((int)base & 0xffff);
            return 0;
        }
        if (badAddress(base)) {
            return -Errno.EINVAL;
        }
        switch ((int)which) {
            case BASE_FS -> c.seg[Cpu.FS].setBase(base);
            case BASE_GS_USER -> c.kernelGsBase = base; // in kernel mode the other base is the user's
            case BASE_GS_KERNEL -> c.seg[Cpu.GS].setBase(base);
            default -> {
                return -Errno.EINVAL;
            }
        }
        c.segmentsChanged();
        return 0;
    }

    /** nmi_op: 0 registers a callback {ulong handler}, 1 unregisters it. */
    public long nmiOp(
        final Caller caller, final long command, final long arg, final long a3, final long a4, final long a5) {
        if (command == 0) {
            final long address = caller.readWord(arg);
            if (badAddress(address)) {
                return -Errno.EINVAL;
            }
            v.nmiCallback().set(v.is64Bit() ? FlatDescriptors.CS_64 : FlatDescriptors.KERNEL_CS_32, address, false);
            return 0;
        }
        if (command == 1) {
            v.nmiCallback().set(0, 0, false);
            return 0;
        }
        return -Errno.ENOSYS;
    }

    /** callback_op: 0 registers {u16 type, u16 flags, address}, 1 unregisters {u16 type}. */
    public long callbackOp(
        final Caller caller, final long command, final long arg, final long a3, final long a4, final long a5) {
        if (command == 0) {
            return register(caller, arg);
        }
        if (command == 1) {
            return unregister(caller.memory().getShort(arg));
        }
        return -Errno.ENOSYS;
    }

    private long register(final Caller caller, final long arg) {
        final int type = caller.memory().getShort(arg);
        final boolean masks = (caller.memory().getShort(arg + 2) & CALLBACK_MASK_EVENTS) != 0;
        final int selector;
        final long address;
        if (caller.is64Bit()) {
            selector = FlatDescriptors.CS_64;
            address = caller.memory().getLong(arg + 8);
        }
        else {
            selector = liftSelector(caller.memory().getInt(arg + 4));
            address = caller.memory().getInt(arg + 8) & 0xffff_ffffL;
        }
        if (badAddress(address)) {
            return -Errno.EINVAL;
        }
        switch (type) {
            case CALLBACK_EVENT -> v.eventCallback().set(selector, address, true);
            case CALLBACK_FAILSAFE -> v.failsafeCallback().set(selector, address, masks);
            case CALLBACK_NMI -> v.nmiCallback().set(selector, address, false);
            case CALLBACK_SYSENTER -> v.sysenterCallback().set(selector, address, masks);
            case CALLBACK_SYSCALL, CALLBACK_SYSCALL32 -> {
                if (!caller.is64Bit()) {
                    return type == CALLBACK_SYSCALL ? -Errno.ENOSYS : -Errno.EINVAL;
                }
                final Callback callback = type == CALLBACK_SYSCALL ? v.syscallCallback() : v.syscall32Callback();
                callback.set(selector, address, masks);
            }
            default -> {
                return -Errno.ENOSYS;
            }
        }
        return 0;
    }

    private long unregister(final int type) {
        if (type == CALLBACK_NMI) {
            v.nmiCallback().set(0, 0, false);
            return 0;
        }
        final boolean known = type == CALLBACK_EVENT || type == CALLBACK_FAILSAFE || type == CALLBACK_SYSCALL
            || type == CALLBACK_SYSENTER || type == CALLBACK_SYSCALL32 || type == CALLBACK_SYSENTER_OLD;
        return known ? -Errno.EINVAL : -Errno.ENOSYS;
    }
}
