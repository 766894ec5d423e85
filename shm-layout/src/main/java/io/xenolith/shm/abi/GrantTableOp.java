package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/** Operations on grant tables and their arguments. */
public final class GrantTableOp {
    /** Map a granted frame. */
    public static final int MAP_GRANT_REF = 0;
    /** Unmap it. */
    public static final int UNMAP_GRANT_REF = 1;
    /** Make the table larger, get its frames. */
    public static final int SETUP_TABLE = 2;
    /** Print it on the machine's console. */
    public static final int DUMP_TABLE = 3;
    /** Give a frame away. */
    public static final int TRANSFER = 4;
    /** Copy between frames. */
    public static final int COPY = 5;
    /** Ask for its size. */
    public static final int QUERY_SIZE = 6;
    /** Unmap, moving another mapping there. */
    public static final int UNMAP_AND_REPLACE = 7;
    /** Choose the version. */
    public static final int SET_VERSION = 8;
    /** Frames of the status array. */
    public static final int GET_STATUS_FRAMES = 9;
    /** Ask for the version. */
    public static final int GET_VERSION = 10;
    /** Swap two entries. */
    public static final int SWAP_GRANT_REF = 11;
    /** Flush caches. */
    public static final int CACHE_FLUSH = 12;
    /** For devices. */
    public static final int MAP_DEVICE = 1;
    /** Into the address space. */
    public static final int MAP_HOST = 2;
    /** Reading only. */
    public static final int MAP_READONLY = 4;
    /** User may access it. */
    public static final int MAP_APPLICATION = 8;
    /** The address is that of a page-table entry. */
    public static final int MAP_CONTAINS_PTE = 16;
    /** The source is a grant. */
    public static final int COPY_SOURCE_GREF = 1;
    /** The destination is a grant. */
    public static final int COPY_DEST_GREF = 2;
    /** Done. */
    public static final int STATUS_OKAY = 0;
    /** Something else. */
    public static final int STATUS_GENERAL_ERROR = -1;
    /** No such domain. */
    public static final int STATUS_BAD_DOMAIN = -2;
    /** No such grant. */
    public static final int STATUS_BAD_GNTREF = -3;
    /** No such mapping. */
    public static final int STATUS_BAD_HANDLE = -4;
    /** Bad address. */
    public static final int STATUS_BAD_VIRT_ADDR = -5;
    /** Bad device address. */
    public static final int STATUS_BAD_DEV_ADDR = -6;
    /** No room. */
    public static final int STATUS_NO_DEVICE_SPACE = -7;
    /** Not allowed. */
    public static final int STATUS_PERMISSION_DENIED = -8;
    /** Bad frame. */
    public static final int STATUS_BAD_PAGE = -9;
    /** Copy leaves its page. */
    public static final int STATUS_BAD_COPY_ARG = -10;
    /** Frame number too large. */
    public static final int STATUS_ADDRESS_TOO_BIG = -11;
    /** Try again. */
    public static final int STATUS_EAGAIN = -12;
    /** No room for handles. */
    public static final int STATUS_NO_SPACE = -13;

    private GrantTableOp() {
    }

    /**
     * Argument of MAP_GRANT_REF.
     *
     * <pre>
     *       +-----------------+
     *     0 | hostAddr   u64  | [GUEST] where
     *     8 | flags      u32  | [GUEST] MAP_*
     *    12 | ref        u32  | [GUEST] grant
     *    16 | dom        u16  | [GUEST] granter
     *    18 | status     s16  | [HV] STATUS_*
     *    20 | handle     u32  | [HV] handle
     *    24 | devBusAddr u64  | [HV] machine address
     *    32 +-----------------+
     * </pre>
     */
    public static final class MapGrantRef {
        /** u64: where. */
        public static final int HOST_ADDR = 0;
        /** u32: MAP_*. */
        public static final int FLAGS = HOST_ADDR + SIZE_OF_LONG;
        /** u32: grant. */
        public static final int REF = FLAGS + SIZE_OF_INT;
        /** u16: granter. */
        public static final int DOM = REF + SIZE_OF_INT;
        /** s16: STATUS_*. */
        public static final int STATUS = DOM + SIZE_OF_SHORT;
        /** u32: handle. */
        public static final int HANDLE = STATUS + SIZE_OF_SHORT;
        /** u64: machine address. */
        public static final int DEV_BUS_ADDR = HANDLE + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = DEV_BUS_ADDR + SIZE_OF_LONG;

        private MapGrantRef() {
        }
    }

    /**
     * Argument of UNMAP_GRANT_REF.
     *
     * <pre>
     *       +-----------------+
     *     0 | hostAddr   u64  | [GUEST] where
     *     8 | devBusAddr u64  | [GUEST] machine address
     *    16 | handle     u32  | [GUEST] handle
     *    20 | status     s16  | [HV] STATUS_*
     *    24 +-----------------+
     * </pre>
     */
    public static final class UnmapGrantRef {
        /** u64: where. */
        public static final int HOST_ADDR = 0;
        /** u64: machine address. */
        public static final int DEV_BUS_ADDR = HOST_ADDR + SIZE_OF_LONG;
        /** u32: handle. */
        public static final int HANDLE = DEV_BUS_ADDR + SIZE_OF_LONG;
        /** s16: STATUS_*. */
        public static final int STATUS = HANDLE + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = STATUS + SIZE_OF_SHORT + 2;

        private UnmapGrantRef() {
        }
    }

    /**
     * Argument of SETUP_TABLE.
     *
     * <pre>
     *    32    64
     *             +-----------------+
     *     0     0 | dom       u16   | [GUEST] domain
     *     4     4 | nrFrames  u32   | [GUEST] frames wanted
     *     8     8 | status    s16   | [HV] STATUS_*
     *    12    16 | frameList word  | [GUEST] pointer for the mfns
     *    16    24 +-----------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class SetupTable {
        /** For 32-bit guests. */
        public static final SetupTable X32 = new SetupTable(Abi.X32);
        /** For 64-bit guests. */
        public static final SetupTable X64 = new SetupTable(Abi.X64);

        /** u16: domain. */
        public final int dom;
        /** u32: frames wanted. */
        public final int nrFrames;
        /** s16: STATUS_*. */
        public final int status;
        /** word: pointer for the mfns. */
        public final int frameList;
        /** Bytes of the structure, padding included. */
        public final int length;

        private SetupTable(final Abi abi) {
            final Struct s = new Struct(abi);
            dom = s.u16();
            nrFrames = s.u32();
            status = s.u16();
            frameList = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static SetupTable of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static SetupTable of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of DUMP_TABLE.
     *
     * <pre>
     *       +-------------+
     *     0 | dom    u16  | [GUEST] domain
     *     2 | status s16  | [HV] STATUS_*
     *     4 +-------------+
     * </pre>
     */
    public static final class DumpTable {
        /** u16: domain. */
        public static final int DOM = 0;
        /** s16: STATUS_*. */
        public static final int STATUS = DOM + SIZE_OF_SHORT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = STATUS + SIZE_OF_SHORT;

        private DumpTable() {
        }
    }

    /**
     * Argument of TRANSFER.
     *
     * <pre>
     *    32    64
     *             +--------------+
     *     0     0 | mfn    word  | [GUEST] frame given
     *     4     8 | domid  u16   | [GUEST] receiver
     *     8    12 | ref    u32   | [GUEST] its grant
     *    12    16 | status s16   | [HV] STATUS_*
     *    16    24 +--------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Transfer {
        /** For 32-bit guests. */
        public static final Transfer X32 = new Transfer(Abi.X32);
        /** For 64-bit guests. */
        public static final Transfer X64 = new Transfer(Abi.X64);

        /** word: frame given. */
        public final int mfn;
        /** u16: receiver. */
        public final int domid;
        /** u32: its grant. */
        public final int ref;
        /** s16: STATUS_*. */
        public final int status;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Transfer(final Abi abi) {
            final Struct s = new Struct(abi);
            mfn = s.word();
            domid = s.u16();
            ref = s.u32();
            status = s.u16();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Transfer of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Transfer of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of COPY.
     *
     * <pre>
     *    32    64
     *             +--------------------+
     *     0     0 | sourceRef    u32   | [GUEST] source grant
     *     0     0 | sourceGmfn   word  | [GUEST] or source frame
     *     4     8 | sourceDomid  u16   | [GUEST] its domain
     *     6    10 | sourceOffset u16   | [GUEST] byte in it
     *     8    16 | destRef      u32   | [GUEST] destination grant
     *     8    16 | destGmfn     word  | [GUEST] or destination frame
     *    12    24 | destDomid    u16   | [GUEST] its domain
     *    14    26 | destOffset   u16   | [GUEST] byte in it
     *    16    32 | len          u16   | [GUEST] bytes
     *    18    34 | flags        u16   | [GUEST] COPY_*
     *    20    36 | status       s16   | [HV] STATUS_*
     *    24    40 +--------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Copy {
        /** For 32-bit guests. */
        public static final Copy X32 = new Copy(Abi.X32);
        /** For 64-bit guests. */
        public static final Copy X64 = new Copy(Abi.X64);

        /** u32: source grant. */
        public final int sourceRef;
        /** word: or source frame. */
        public final int sourceGmfn;
        /** u16: its domain. */
        public final int sourceDomid;
        /** u16: byte in it. */
        public final int sourceOffset;
        /** u32: destination grant. */
        public final int destRef;
        /** word: or destination frame. */
        public final int destGmfn;
        /** u16: its domain. */
        public final int destDomid;
        /** u16: byte in it. */
        public final int destOffset;
        /** u16: bytes. */
        public final int len;
        /** u16: COPY_*. */
        public final int flags;
        /** s16: STATUS_*. */
        public final int status;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Copy(final Abi abi) {
            final Struct s = new Struct(abi);
            sourceRef = s.u32();
            sourceGmfn = s.over(sourceRef, abi.wordBytes());
            sourceDomid = s.u16();
            sourceOffset = s.u16();
            s.align(abi.wordBytes());
            destRef = s.u32();
            destGmfn = s.over(destRef, abi.wordBytes());
            destDomid = s.u16();
            destOffset = s.u16();
            s.align(abi.wordBytes());
            len = s.u16();
            flags = s.u16();
            status = s.u16();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Copy of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Copy of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of QUERY_SIZE.
     *
     * <pre>
     *       +------------------+
     *     0 | dom         u16  | [GUEST] domain
     *     4 | nrFrames    u32  | [HV] frames
     *     8 | maxNrFrames u32  | [HV] frames at most
     *    12 | status      s16  | [HV] STATUS_*
     *    16 +------------------+
     * </pre>
     */
    public static final class QuerySize {
        /** u16: domain. */
        public static final int DOM = 0;
        /** u32: frames. */
        public static final int NR_FRAMES = DOM + SIZE_OF_SHORT + 2;
        /** u32: frames at most. */
        public static final int MAX_NR_FRAMES = NR_FRAMES + SIZE_OF_INT;
        /** s16: STATUS_*. */
        public static final int STATUS = MAX_NR_FRAMES + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = STATUS + SIZE_OF_SHORT + 2;

        private QuerySize() {
        }
    }

    /**
     * Argument of UNMAP_AND_REPLACE.
     *
     * <pre>
     *       +---------------+
     *     0 | hostAddr u64  | [GUEST] where
     *     8 | newAddr  u64  | [GUEST] mapping moved there
     *    16 | handle   u32  | [GUEST] handle
     *    20 | status   s16  | [HV] STATUS_*
     *    24 +---------------+
     * </pre>
     */
    public static final class UnmapAndReplace {
        /** u64: where. */
        public static final int HOST_ADDR = 0;
        /** u64: mapping moved there. */
        public static final int NEW_ADDR = HOST_ADDR + SIZE_OF_LONG;
        /** u32: handle. */
        public static final int HANDLE = NEW_ADDR + SIZE_OF_LONG;
        /** s16: STATUS_*. */
        public static final int STATUS = HANDLE + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = STATUS + SIZE_OF_SHORT + 2;

        private UnmapAndReplace() {
        }
    }

    /**
     * Argument of SET_VERSION.
     *
     * <pre>
     *       +--------------+
     *     0 | version u32  | [GUEST][HV] 1 or 2
     *     4 +--------------+
     * </pre>
     */
    public static final class SetVersion {
        /** u32: 1 or 2. */
        public static final int VERSION = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = VERSION + SIZE_OF_INT;

        private SetVersion() {
        }
    }

    /**
     * Argument of GET_STATUS_FRAMES.
     *
     * <pre>
     *    32    64
     *             +-----------------+
     *     0     0 | nrFrames  u32   | [GUEST] room
     *     4     4 | dom       u16   | [GUEST] domain
     *     6     6 | status    s16   | [HV] STATUS_*
     *     8     8 | frameList word  | [GUEST] pointer for 8-byte mfns
     *    12    16 +-----------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class GetStatusFrames {
        /** For 32-bit guests. */
        public static final GetStatusFrames X32 = new GetStatusFrames(Abi.X32);
        /** For 64-bit guests. */
        public static final GetStatusFrames X64 = new GetStatusFrames(Abi.X64);

        /** u32: room. */
        public final int nrFrames;
        /** u16: domain. */
        public final int dom;
        /** s16: STATUS_*. */
        public final int status;
        /** word: pointer for 8-byte mfns. */
        public final int frameList;
        /** Bytes of the structure, padding included. */
        public final int length;

        private GetStatusFrames(final Abi abi) {
            final Struct s = new Struct(abi);
            nrFrames = s.u32();
            dom = s.u16();
            status = s.u16();
            frameList = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static GetStatusFrames of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static GetStatusFrames of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of GET_VERSION.
     *
     * <pre>
     *       +--------------+
     *     0 | dom     u16  | [GUEST] domain
     *     2 | pad     u16  | unused
     *     4 | version u32  | [HV] 1 or 2
     *     8 +--------------+
     * </pre>
     */
    public static final class GetVersion {
        /** u16: domain. */
        public static final int DOM = 0;
        /** u16: unused. */
        public static final int PAD = DOM + SIZE_OF_SHORT;
        /** u32: 1 or 2. */
        public static final int VERSION = PAD + SIZE_OF_SHORT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = VERSION + SIZE_OF_INT;

        private GetVersion() {
        }
    }

    /**
     * Argument of SWAP_GRANT_REF.
     *
     * <pre>
     *       +-------------+
     *     0 | refA   u32  | [GUEST] one
     *     4 | refB   u32  | [GUEST] other
     *     8 | status s16  | [HV] STATUS_*
     *    12 +-------------+
     * </pre>
     */
    public static final class SwapGrantRef {
        /** u32: one. */
        public static final int REF_A = 0;
        /** u32: other. */
        public static final int REF_B = REF_A + SIZE_OF_INT;
        /** s16: STATUS_*. */
        public static final int STATUS = REF_B + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = STATUS + SIZE_OF_SHORT + 2;

        private SwapGrantRef() {
        }
    }
}
