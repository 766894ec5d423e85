package io.xenolith.hv.hypercall;

/** Hypercalls that only a control domain may make, as an ordinary domain sees them. */
public final class PrivilegedCalls {
    /** Interface version of sysctl that we would speak (public {@code sysctl.h} of 4.17). */
    private static final int SYSCTL_VERSION = 0x15;

    private PrivilegedCalls() {
    }

    /** platform_op, domctl, mca. */
    public static long denied(
        final Caller caller, final long a1, final long a2, final long a3, final long a4, final long a5) {
        return -Errno.EPERM;
    }

    /** sysctl: tells a wrong interface version before it refuses. */
    public static long sysctl(
        final Caller caller, final long arg, final long a2, final long a3, final long a4, final long a5) {
        return caller.memory().getInt(arg + 4) == SYSCTL_VERSION ? -Errno.EPERM : -Errno.EACCES;
    }
}
