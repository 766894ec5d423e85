package io.xenolith.hv.hypercall;

/**
 * Error numbers of the hypercall ABI (public {@code errno.h}), positive here; a handler returns {@code -Errno.EINVAL}.
 */
public final class Errno {
    /** The caller may not do this. */
    public static final int EPERM = 1;
    /** No such thing. */
    public static final int ENOENT = 2;
    /** No such domain. */
    public static final int ESRCH = 3;
    /** Input or output failed. */
    public static final int EIO = 5;
    /** No such address. */
    public static final int ENXIO = 6;
    /** Argument list too long. */
    public static final int E2BIG = 7;
    /** Try again. */
    public static final int EAGAIN = 11;
    /** No free frames. */
    public static final int ENOMEM = 12;
    /** Refused by the state of the object. */
    public static final int EACCES = 13;
    /** Bad guest address. */
    public static final int EFAULT = 14;
    /** In use. */
    public static final int EBUSY = 16;
    /** Already there. */
    public static final int EEXIST = 17;
    /** No such register or device. */
    public static final int ENODEV = 19;
    /** Malformed argument. */
    public static final int EINVAL = 22;
    /** A table is full. */
    public static final int ENOSPC = 28;
    /** Argument out of domain. */
    public static final int EDOM = 33;
    /** Result out of range. */
    public static final int ERANGE = 34;
    /** Not implemented. */
    public static final int ENOSYS = 38;
    /** No data. */
    public static final int ENODATA = 61;
    /** Timer expired. */
    public static final int ETIME = 62;
    /** Value too large. */
    public static final int EOVERFLOW = 75;
    /** Restart the call. */
    public static final int ERESTART = 85;
    /** Not supported on this object. */
    public static final int EOPNOTSUPP = 95;

    private Errno() {
    }
}
