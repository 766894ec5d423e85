package io.xenolith.hv.mm;

import io.xenolith.hv.hypercall.Errno;

/** Special domain ids of the public {@code xen.h}, and who a domain without privileges may name in memory calls. */
public final class DomainIds {
    /** The caller. */
    public static final int SELF = 0x7ff0;
    /** Owner of device memory. */
    public static final int IO = 0x7ff1;
    /** Owner of the hypervisor's shared frames. */
    public static final int XEN = 0x7ff2;

    private DomainIds() {
    }

    /**
     * Checks the frame owner that a paging call names.
     *
     * @param domid  low 16 bits of the argument.
     * @param caller the calling domain.
     * @return 0 when it means the caller or device memory, else a negative errno.
     */
    public static int checkFrameOwner(final int domid, final int caller) {
        if (domid == SELF || domid == IO) {
            return 0;
        }
        return domid == caller ? -Errno.ESRCH : -Errno.EPERM;
    }
}
