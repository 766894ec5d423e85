package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_SHORT;

/** Memory operations and their arguments. */
public final class MemoryOp {
    /** Get frames. */
    public static final int INCREASE_RESERVATION = 0;
    /** Give frames back. */
    public static final int DECREASE_RESERVATION = 1;
    /** Highest mfn. */
    public static final int MAXIMUM_RAM_PAGE = 2;
    /** Frames a domain has. */
    public static final int CURRENT_RESERVATION = 3;
    /** Frames it may have. */
    public static final int MAXIMUM_RESERVATION = 4;
    /** Frames of the m2p table. */
    public static final int MACHPHYS_MFN_LIST = 5;
    /** Get frames for given pfns. */
    public static final int POPULATE_PHYSMAP = 6;
    /** Place a frame (translated guests). */
    public static final int ADD_TO_PHYSMAP = 7;
    /** The domain's memory map. */
    public static final int MEMORY_MAP = 9;
    /** The machine's. */
    public static final int MACHINE_MEMORY_MAP = 10;
    /** Swap frames for others. */
    public static final int EXCHANGE = 11;
    /** Where the m2p table is mapped. */
    public static final int MACHPHYS_MAPPING = 12;
    /** Set a domain's memory map. */
    public static final int SET_MEMORY_MAP = 13;
    /** Highest pfn. */
    public static final int MAXIMUM_GPFN = 14;
    /** Remove a frame (translated guests). */
    public static final int REMOVE_FROM_PHYSMAP = 15;
    /** Populate on demand. */
    public static final int SET_POD_TARGET = 16;
    /** Populate on demand. */
    public static final int GET_POD_TARGET = 17;
    /** Place frames (translated guests). */
    public static final int ADD_TO_PHYSMAP_BATCH = 23;
    /** Frames of the 32-bit m2p table. */
    public static final int MACHPHYS_COMPAT_MFN_LIST = 25;
    /** Map a resource of a domain. */
    public static final int ACQUIRE_RESOURCE = 28;

    private MemoryOp() {
    }

    /**
     * Argument of INCREASE_RESERVATION, DECREASE_RESERVATION and POPULATE_PHYSMAP.
     *
     * <pre>
     *    32    64
     *             +-------------------+
     *     0     0 | extentStart word  | [GUEST][HV] pointer to frame numbers
     *     4     8 | nrExtents   word  | [GUEST] how many
     *     8    16 | extentOrder u32   | [GUEST] log2 of the frames of each
     *    12    20 | memFlags    u32   | [GUEST] placement
     *    16    24 | domid       u16   | [GUEST] domain
     *    20    32 +-------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Reservation {
        /** For 32-bit guests. */
        public static final Reservation X32 = new Reservation(Abi.X32);
        /** For 64-bit guests. */
        public static final Reservation X64 = new Reservation(Abi.X64);

        /** word: pointer to frame numbers. */
        public final int extentStart;
        /** word: how many. */
        public final int nrExtents;
        /** u32: log2 of the frames of each. */
        public final int extentOrder;
        /** u32: placement. */
        public final int memFlags;
        /** u16: domain. */
        public final int domid;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Reservation(final Abi abi) {
            final Struct s = new Struct(abi);
            extentStart = s.word();
            nrExtents = s.word();
            extentOrder = s.u32();
            memFlags = s.u32();
            domid = s.u16();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Reservation of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Reservation of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of EXCHANGE.
     *
     * <pre>
     *    32    64
     *             +--------------------------+
     *     0     0 | in          Reservation  | [GUEST] Reservation given
     *    20    32 | out         Reservation  | [GUEST][HV] Reservation got
     *    40    64 | nrExchanged word         | [HV] how many were done
     *    44    72 +--------------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Exchange {
        /** For 32-bit guests. */
        public static final Exchange X32 = new Exchange(Abi.X32);
        /** For 64-bit guests. */
        public static final Exchange X64 = new Exchange(Abi.X64);

        /** Reservation: Reservation given. */
        public final int in;
        /** Reservation: Reservation got. */
        public final int out;
        /** word: how many were done. */
        public final int nrExchanged;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Exchange(final Abi abi) {
            final Struct s = new Struct(abi);
            in = s.array(1, Reservation.of(abi).length, abi.wordBytes());
            out = s.array(1, Reservation.of(abi).length, abi.wordBytes());
            nrExchanged = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Exchange of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Exchange of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of CURRENT_RESERVATION, MAXIMUM_RESERVATION and MAXIMUM_GPFN.
     *
     * <pre>
     *       +-------------+
     *     0 | domid  u16  | [GUEST] domain
     *     2 +-------------+
     * </pre>
     */
    public static final class Domain {
        /** u16: domain. */
        public static final int DOMID = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = DOMID + SIZE_OF_SHORT;

        private Domain() {
        }
    }

    /**
     * Answer to MACHPHYS_MAPPING.
     *
     * <pre>
     *    32    64
     *             +--------------+
     *     0     0 | vStart word  | [HV] first address
     *     4     8 | vEnd   word  | [HV] end
     *     8    16 | maxMfn word  | [HV] highest mfn
     *    12    24 +--------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class MachphysMapping {
        /** For 32-bit guests. */
        public static final MachphysMapping X32 = new MachphysMapping(Abi.X32);
        /** For 64-bit guests. */
        public static final MachphysMapping X64 = new MachphysMapping(Abi.X64);

        /** word: first address. */
        public final int vStart;
        /** word: end. */
        public final int vEnd;
        /** word: highest mfn. */
        public final int maxMfn;
        /** Bytes of the structure, padding included. */
        public final int length;

        private MachphysMapping(final Abi abi) {
            final Struct s = new Struct(abi);
            vStart = s.word();
            vEnd = s.word();
            maxMfn = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static MachphysMapping of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static MachphysMapping of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of MACHPHYS_MFN_LIST.
     *
     * <pre>
     *    32    64
     *             +-------------------+
     *     0     0 | maxExtents  u32   | [GUEST] room
     *     4     8 | extentStart word  | [GUEST] pointer
     *     8    16 | nrExtents   u32   | [HV] how many
     *    12    24 +-------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class MachphysMfnList {
        /** For 32-bit guests. */
        public static final MachphysMfnList X32 = new MachphysMfnList(Abi.X32);
        /** For 64-bit guests. */
        public static final MachphysMfnList X64 = new MachphysMfnList(Abi.X64);

        /** u32: room. */
        public final int maxExtents;
        /** word: pointer. */
        public final int extentStart;
        /** u32: how many. */
        public final int nrExtents;
        /** Bytes of the structure, padding included. */
        public final int length;

        private MachphysMfnList(final Abi abi) {
            final Struct s = new Struct(abi);
            maxExtents = s.u32();
            extentStart = s.word();
            nrExtents = s.u32();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static MachphysMfnList of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static MachphysMfnList of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of MEMORY_MAP and MACHINE_MEMORY_MAP.
     *
     * <pre>
     *    32    64
     *             +-----------------+
     *     0     0 | nrEntries u32   | [GUEST][HV] room, then entries
     *     4     8 | buffer    word  | [GUEST] pointer to E820 entries of 20 bytes
     *     8    16 +-----------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class MemoryMap {
        /** For 32-bit guests. */
        public static final MemoryMap X32 = new MemoryMap(Abi.X32);
        /** For 64-bit guests. */
        public static final MemoryMap X64 = new MemoryMap(Abi.X64);

        /** u32: room, then entries. */
        public final int nrEntries;
        /** word: pointer to E820 entries of 20 bytes. */
        public final int buffer;
        /** Bytes of the structure, padding included. */
        public final int length;

        private MemoryMap(final Abi abi) {
            final Struct s = new Struct(abi);
            nrEntries = s.u32();
            buffer = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static MemoryMap of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static MemoryMap of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of ADD_TO_PHYSMAP.
     *
     * <pre>
     *    32    64
     *             +--------------+
     *     0     0 | domid  u16   | [GUEST] domain
     *     2     2 | size   u16   | [GUEST] pages
     *     4     4 | space  u32   | [GUEST] what idx means
     *     8     8 | idx    word  | [GUEST] source
     *    12    16 | gpfn   word  | [GUEST] place
     *    16    24 +--------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class AddToPhysmap {
        /** For 32-bit guests. */
        public static final AddToPhysmap X32 = new AddToPhysmap(Abi.X32);
        /** For 64-bit guests. */
        public static final AddToPhysmap X64 = new AddToPhysmap(Abi.X64);

        /** u16: domain. */
        public final int domid;
        /** u16: pages. */
        public final int size;
        /** u32: what idx means. */
        public final int space;
        /** word: source. */
        public final int idx;
        /** word: place. */
        public final int gpfn;
        /** Bytes of the structure, padding included. */
        public final int length;

        private AddToPhysmap(final Abi abi) {
            final Struct s = new Struct(abi);
            domid = s.u16();
            size = s.u16();
            space = s.u32();
            idx = s.word();
            gpfn = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static AddToPhysmap of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static AddToPhysmap of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }
}
