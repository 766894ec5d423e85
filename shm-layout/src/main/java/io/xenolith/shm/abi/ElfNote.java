package io.xenolith.shm.abi;

/** ELF notes of a kernel image. */
public final class ElfNote {
    /** Info. */
    public static final int INFO = 0;
    /** Entry. */
    public static final int ENTRY = 1;
    /** Hypercall page. */
    public static final int HYPERCALL_PAGE = 2;
    /** Virt base. */
    public static final int VIRT_BASE = 3;
    /** Paddr offset. */
    public static final int PADDR_OFFSET = 4;
    /** Xen version. */
    public static final int XEN_VERSION = 5;
    /** Guest os. */
    public static final int GUEST_OS = 6;
    /** Guest version. */
    public static final int GUEST_VERSION = 7;
    /** Loader. */
    public static final int LOADER = 8;
    /** Pae mode. */
    public static final int PAE_MODE = 9;
    /** Features. */
    public static final int FEATURES = 10;
    /** Bsd symtab. */
    public static final int BSD_SYMTAB = 11;
    /** Hv start low. */
    public static final int HV_START_LOW = 12;
    /** L1 mfn valid. */
    public static final int L1_MFN_VALID = 13;
    /** Suspend cancel. */
    public static final int SUSPEND_CANCEL = 14;
    /** Init p2m. */
    public static final int INIT_P2M = 15;
    /** Mod start pfn. */
    public static final int MOD_START_PFN = 16;
    /** Supported features. */
    public static final int SUPPORTED_FEATURES = 17;
    /** Phys32 entry. */
    public static final int PHYS32_ENTRY = 18;

    private ElfNote() {
    }
}
