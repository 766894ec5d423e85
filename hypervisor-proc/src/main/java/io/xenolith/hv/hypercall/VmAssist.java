package io.xenolith.hv.hypercall;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;

/** Hypercall 21, vm_assist: one bit per assist in the domain record. */
public final class VmAssist implements Hypercall {
    /** Page-table writes are taken as requests. */
    public static final int WRITABLE_PAGETABLES = 2;
    /** CR3 holds frame numbers above 2^20. */
    public static final int PAE_EXTENDED_CR3 = 3;
    /** The I/O privilege level is in the flags, and the kernel counts as ring 0 for it. */
    public static final int ARCHITECTURAL_IOPL = 4;
    /** The runstate area is marked while it is written. */
    public static final int RUNSTATE_UPDATE_FLAG = 5;
    /** User page tables do not show the machine-to-physical table. */
    public static final int M2P_STRICT = 32;

    private static final int ENABLE = 0;
    private static final int DISABLE = 1;
    private static final int LAST_COMMON = RUNSTATE_UPDATE_FLAG;

    private final long record;

    /** @param record address of the calling domain's record. */
    public VmAssist(final long record) {
        this.record = record;
    }

    @Override
    public long call(
        final Caller caller, final long command, final long type, final long a3, final long a4, final long a5) {
        final boolean valid = type >= 0 && type <= LAST_COMMON || type == M2P_STRICT && caller.is64Bit();
        if (!valid) {
            return -Errno.EINVAL;
        }
        KillPoint.hit(KillPoint.DOMAIN_BEFORE_SETTING);
        switch ((int)command) {
            case ENABLE -> Raw.getAndOrLong(record + DomainRecord.VM_ASSIST, 1L << type);
            case DISABLE -> Raw.getAndAndLong(record + DomainRecord.VM_ASSIST, ~(1L << type));
            default -> {
                return -Errno.ENOSYS;
            }
        }
        return 0;
    }
}
