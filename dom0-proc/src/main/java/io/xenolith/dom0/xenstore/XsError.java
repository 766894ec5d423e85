package io.xenolith.dom0.xenstore;

/** The error names of the wire protocol. */
public enum XsError {
    EINVAL, EACCES, EEXIST, EISDIR, ENOENT, ENOMEM, ENOSPC, EIO, ENOTEMPTY, ENOSYS, EROFS, EBUSY, EAGAIN, EISCONN,
    E2BIG, EPERM;

    private final XsException exception = new XsException(this);

    /** The one exception of this error; it has no stack trace, since guests cause them at will. */
    public XsException exception() {
        return exception;
    }
}
