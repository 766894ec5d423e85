package io.xenolith.hv.grant;

/** GNTST_ values of the public ABI, as they stand in the status field of grant-table operations. */
public final class GrantStatus
{
    /** Done. */
    public static final int OKAY = 0;
    /** The entry does not permit it, or another undefined error. */
    public static final int GENERAL_ERROR = -1;
    /** No such domain. */
    public static final int BAD_DOMAIN = -2;
    /** No such grant reference, or one of the wrong kind. */
    public static final int BAD_GNTREF = -3;
    /** No such mapping handle. */
    public static final int BAD_HANDLE = -4;
    /** Bad virtual address to map at or unmap from. */
    public static final int BAD_VIRT_ADDR = -5;
    /** Bad device address to unmap. */
    public static final int BAD_DEV_ADDR = -6;
    /** No I/O space. */
    public static final int NO_DEVICE_SPACE = -7;
    /** Not privileged enough. */
    public static final int PERMISSION_DENIED = -8;
    /** The frame cannot be used so. */
    public static final int BAD_PAGE = -9;
    /** A copy crosses a page. */
    public static final int BAD_COPY_ARG = -10;
    /** Frame number too large for the receiver. */
    public static final int ADDRESS_TOO_BIG = -11;
    /** Not done, try again. */
    public static final int EAGAIN = -12;
    /** No handles or no memory left. */
    public static final int NO_SPACE = -13;

    private static final String[] WORDS = {
        "okay", "not permitted by the grant entry", "no such domain", "no such grant reference", "no such mapping handle",
        "bad virtual address", "bad device address", "no device space", "permission denied", "bad page",
        "copy crosses a page", "address too big", "try again", "out of space"};

    private GrantStatus()
    {
    }

    /**
     * @param status a status.
     * @return what it means, in words.
     */
    public static String words(final int status)
    {
        return status <= 0 && -status < WORDS.length ? WORDS[-status] : "status " + status;
    }
}
