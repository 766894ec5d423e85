package io.xenolith.shm.abi;

/** Domain numbers with a meaning of their own. */
public final class Domid {
    /** Ordinary domains are below. */
    public static final int FIRST_RESERVED = 0x7FF0;
    /** The caller. */
    public static final int SELF = 0x7FF0;
    /** Owner of I/O frames. */
    public static final int IO = 0x7FF1;
    /** Owner of the hypervisor's frames. */
    public static final int XEN = 0x7FF2;
    /** Owner of shared frames. */
    public static final int COW = 0x7FF3;
    /** Nobody. */
    public static final int INVALID = 0x7FF4;
    /** The idle domain. */
    public static final int IDLE = 0x7FFF;
    /** Bits of a domid. */
    public static final int MASK = 0x7FFF;

    private Domid() {
    }
}
