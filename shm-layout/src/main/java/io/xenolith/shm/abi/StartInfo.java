package io.xenolith.shm.abi;

/**
 * What the builder tells the guest; one page, mapped read-only or not at the builder's choice.
 *
 * <pre>
 *    32    64
 *             +---------------------------+
 *     0     0 | magic         32 bytes    | [DOM0] "xen-3.0-x86_32p" or "xen-3.0-x86_64", NUL padded
 *    32    32 | nrPages       word        | [DOM0] pages of the domain
 *    36    40 | sharedInfo    word        | [DOM0] machine address of the shared_info page
 *    40    48 | flags         u32         | [DOM0] SIF_*
 *    44    56 | storeMfn      word        | [DOM0] frame of the xenstore ring
 *    48    64 | storeEvtchn   u32         | [DOM0] its port
 *    52    72 | consoleMfn    word        | [DOM0] frame of the console ring
 *    56    80 | consoleEvtchn u32         | [DOM0] its port
 *    60    88 | ptBase        word        | [DOM0] virtual address of the top page table
 *    64    96 | nrPtFrames    word        | [DOM0] page-table frames from there on
 *    68   104 | mfnList       word        | [DOM0] virtual address of the p2m list
 *    72   112 | modStart      word        | [DOM0] virtual address, or pfn, of the module
 *    76   120 | modLen        word        | [DOM0] its bytes
 *    80   128 | cmdLine       1024 bytes  | [DOM0] NUL terminated
 *  1104  1152 | firstP2mPfn   word        | [DOM0] first frame of the p2m list when it lies outside the initial mapping
 *  1108  1160 | nrP2mFrames   word        | [DOM0] and how many
 *  1112  1168 +---------------------------+
 * </pre>
 *
 * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
 */
public final class StartInfo {
    /** Privileged domain. */
    public static final int SIF_PRIVILEGED = 1;
    /** Dom0. */
    public static final int SIF_INITDOMAIN = 2;
    /** The module is a list of multiboot modules. */
    public static final int SIF_MULTIBOOT_MOD = 4;
    /** ModStart is a pfn. */
    public static final int SIF_MOD_START_PFN = 8;
    /** Tools understand a virtually mapped p2m. */
    public static final int SIF_VIRT_P2M_4TOOLS = 16;

    /** For 32-bit guests. */
    public static final StartInfo X32 = new StartInfo(Abi.X32);
    /** For 64-bit guests. */
    public static final StartInfo X64 = new StartInfo(Abi.X64);

    /** 32 bytes: "xen-3.0-x86_32p" or "xen-3.0-x86_64", NUL padded. */
    public final int magic;
    /** word: pages of the domain. */
    public final int nrPages;
    /** word: machine address of the shared_info page. */
    public final int sharedInfo;
    /** u32: SIF_*. */
    public final int flags;
    /** word: frame of the xenstore ring. */
    public final int storeMfn;
    /** u32: its port. */
    public final int storeEvtchn;
    /** word: frame of the console ring. */
    public final int consoleMfn;
    /** u32: its port. */
    public final int consoleEvtchn;
    /** word: virtual address of the top page table. */
    public final int ptBase;
    /** word: page-table frames from there on. */
    public final int nrPtFrames;
    /** word: virtual address of the p2m list. */
    public final int mfnList;
    /** word: virtual address, or pfn, of the module. */
    public final int modStart;
    /** word: its bytes. */
    public final int modLen;
    /** 1024 bytes: NUL terminated. */
    public final int cmdLine;
    /** word: first frame of the p2m list when it lies outside the initial mapping. */
    public final int firstP2mPfn;
    /** word: and how many. */
    public final int nrP2mFrames;
    /** Bytes of the structure, padding included. */
    public final int length;

    private StartInfo(final Abi abi) {
        final Struct s = new Struct(abi);
        magic = s.bytes(32);
        nrPages = s.word();
        sharedInfo = s.word();
        flags = s.u32();
        storeMfn = s.word();
        storeEvtchn = s.u32();
        consoleMfn = s.word();
        consoleEvtchn = s.u32();
        ptBase = s.word();
        nrPtFrames = s.word();
        mfnList = s.word();
        modStart = s.word();
        modLen = s.word();
        cmdLine = s.bytes(1024);
        firstP2mPfn = s.word();
        nrP2mFrames = s.word();
        length = s.length();
    }

    /** The layout in an ABI. */
    public static StartInfo of(final Abi abi) {
        return abi.is64() ? X64 : X32;
    }

    /** The layout for guests of 32 or 64 bits. */
    public static StartInfo of(final int width) {
        return width == 64 ? X64 : X32;
    }
}
