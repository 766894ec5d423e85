package io.xenolith.hv.hypercall;

import io.xenolith.hv.pv.PvVcpu;

/** Hypercall 33, physdev_op, for a domain without devices: the I/O privilege level and bitmap, the rest refused. */
public final class PhysdevOp implements Hypercall {
    private static final int IRQ_STATUS_QUERY = 5;
    private static final int SET_IOPL = 6;
    private static final int SET_IOBITMAP = 7;
    private static final int APIC_READ = 8;
    private static final int APIC_WRITE = 9;
    private static final int ALLOC_IRQ_VECTOR = 10;
    private static final int EOI = 12;
    private static final int MAP_PIRQ = 13;
    private static final int UNMAP_PIRQ = 14;
    private static final int PIRQ_EOI_GMFN_V1 = 17;
    private static final int PIRQ_EOI_GMFN_V2 = 28;
    private static final int LAST = 32;
    private static final int MAX_PORTS = 65536;

    private final PvVcpu v;

    /** @param vcpu the calling vCPU. */
    public PhysdevOp(final PvVcpu vcpu) {
        v = vcpu;
    }

    @Override
    public long call(
        final Caller caller, final long command, final long arg, final long a3, final long a4, final long a5) {
        return switch ((int)command) {
            case SET_IOPL -> setIopl(caller.memory().getInt(arg));
            case SET_IOBITMAP -> setIoBitmap(caller, arg);
            case IRQ_STATUS_QUERY, EOI, UNMAP_PIRQ, PIRQ_EOI_GMFN_V1, PIRQ_EOI_GMFN_V2 -> -Errno.EINVAL;
            case APIC_READ, APIC_WRITE, ALLOC_IRQ_VECTOR, MAP_PIRQ -> -Errno.EPERM;
            default -> command > 0 && command <= LAST ? -Errno.EPERM : -Errno.ENOSYS;
        };
    }

    /** physdev_op_compat: {u32 command, then the structure at offset 8}. */
    public long compat(
        final Caller caller, final long arg, final long a2, final long a3, final long a4, final long a5) {
        return call(caller, caller.memory().getInt(arg) & 0xffff_ffffL, arg + 8, 0, 0, 0);
    }

    private long setIopl(final int level) {
        if (level < 0 || level > 3) {
            return -Errno.EINVAL;
        }
        v.setIopl(level);
        return 0;
    }

    /** Structure: {pointer bitmap; u32 ports}. */
    private long setIoBitmap(final Caller caller, final long arg) {
        final long bitmap = caller.readWord(arg);
        final int ports = caller.memory().getInt(arg + caller.wordSize());
        if (ports < 0 || ports > MAX_PORTS) {
            return -Errno.EINVAL;
        }
        v.setIoBitmap(bitmap, bitmap == 0 ? 0 : ports);
        return 0;
    }
}
