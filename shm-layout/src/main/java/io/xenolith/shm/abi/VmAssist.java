package io.xenolith.shm.abi;

/** Assists a guest can switch on. */
public final class VmAssist {
    /** Switch on. */
    public static final int CMD_ENABLE = 0;
    /** Switch off. */
    public static final int CMD_DISABLE = 1;
    /** Emulate 4 GiB segments. */
    public static final int SEGMENTS_4GB = 0;
    /** Tell when that happens. */
    public static final int SEGMENTS_4GB_NOTIFY = 1;
    /** Trap and carry out page-table writes. */
    public static final int WRITABLE_PAGETABLES = 2;
    /** Top table above 4 GiB. */
    public static final int PAE_EXTENDED_CR3 = 3;
    /** IOPL as on hardware. */
    public static final int ARCHITECTURAL_IOPL = 4;
    /** Flag runstate updates. */
    public static final int RUNSTATE_UPDATE_FLAG = 5;
    /** 64-bit: m2p only in kernel mode. */
    public static final int M2P_STRICT = 32;

    private VmAssist() {
    }
}
