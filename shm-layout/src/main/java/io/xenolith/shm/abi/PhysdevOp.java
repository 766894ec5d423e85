package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/** Operations on physical devices and their arguments. */
public final class PhysdevOp {
    /** Old end-of-interrupt. */
    public static final int IRQ_UNMASK_NOTIFY = 4;
    /** State of an interrupt. */
    public static final int IRQ_STATUS_QUERY = 5;
    /** Set the virtual I/O privilege level. */
    public static final int SET_IOPL = 6;
    /** Set the I/O bitmap. */
    public static final int SET_IOBITMAP = 7;
    /** Read an APIC register. */
    public static final int APIC_READ = 8;
    /** Write one. */
    public static final int APIC_WRITE = 9;
    /** Take a vector. */
    public static final int ALLOC_IRQ_VECTOR = 10;
    /** Give it back. */
    public static final int FREE_IRQ_VECTOR = 11;
    /** End of interrupt. */
    public static final int EOI = 12;
    /** Map an interrupt. */
    public static final int MAP_PIRQ = 13;
    /** Unmap it. */
    public static final int UNMAP_PIRQ = 14;
    /** Page of end-of-interrupt bits. */
    public static final int PIRQ_EOI_GMFN_V1 = 17;
    /** Set up a line. */
    public static final int SETUP_GSI = 21;
    /** Find a free number. */
    public static final int GET_FREE_PIRQ = 23;
    /** The same, version 2. */
    public static final int PIRQ_EOI_GMFN_V2 = 28;

    private PhysdevOp() {
    }

    /**
     * Argument of SET_IOPL.
     *
     * <pre>
     *       +-------------+
     *     0 | iopl   u32  | [GUEST] 0 to 3
     *     4 +-------------+
     * </pre>
     */
    public static final class SetIopl {
        /** u32: 0 to 3. */
        public static final int IOPL = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = IOPL + SIZE_OF_INT;

        private SetIopl() {
        }
    }

    /**
     * Argument of SET_IOBITMAP.
     *
     * <pre>
     *    32    64
     *             +---------------+
     *     0     0 | bitmap  word  | [GUEST] pointer, a bit per port
     *     4     8 | nrPorts u32   | [GUEST] ports it covers
     *     8    16 +---------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class SetIobitmap {
        /** For 32-bit guests. */
        public static final SetIobitmap X32 = new SetIobitmap(Abi.X32);
        /** For 64-bit guests. */
        public static final SetIobitmap X64 = new SetIobitmap(Abi.X64);

        /** word: pointer, a bit per port. */
        public final int bitmap;
        /** u32: ports it covers. */
        public final int nrPorts;
        /** Bytes of the structure, padding included. */
        public final int length;

        private SetIobitmap(final Abi abi) {
            final Struct s = new Struct(abi);
            bitmap = s.word();
            nrPorts = s.u32();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static SetIobitmap of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static SetIobitmap of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of EOI.
     *
     * <pre>
     *       +-------------+
     *     0 | irq    u32  | [GUEST] interrupt
     *     4 +-------------+
     * </pre>
     */
    public static final class Eoi {
        /** u32: interrupt. */
        public static final int IRQ = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = IRQ + SIZE_OF_INT;

        private Eoi() {
        }
    }

    /**
     * Argument of IRQ_STATUS_QUERY.
     *
     * <pre>
     *       +-------------+
     *     0 | irq    u32  | [GUEST] interrupt
     *     4 | flags  u32  | [HV] bits
     *     8 +-------------+
     * </pre>
     */
    public static final class IrqStatusQuery {
        /** u32: interrupt. */
        public static final int IRQ = 0;
        /** u32: bits. */
        public static final int FLAGS = IRQ + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = FLAGS + SIZE_OF_INT;

        private IrqStatusQuery() {
        }
    }

    /**
     * Argument of APIC_READ and APIC_WRITE.
     *
     * <pre>
     *    32    64
     *             +--------------------+
     *     0     0 | apicPhysbase word  | [GUEST] which APIC
     *     4     8 | reg          u32   | [GUEST] register
     *     8    12 | value        u32   | [GUEST][HV] value
     *    12    16 +--------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Apic {
        /** For 32-bit guests. */
        public static final Apic X32 = new Apic(Abi.X32);
        /** For 64-bit guests. */
        public static final Apic X64 = new Apic(Abi.X64);

        /** word: which APIC. */
        public final int apicPhysbase;
        /** u32: register. */
        public final int reg;
        /** u32: value. */
        public final int value;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Apic(final Abi abi) {
            final Struct s = new Struct(abi);
            apicPhysbase = s.word();
            reg = s.u32();
            value = s.u32();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Apic of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Apic of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of GET_FREE_PIRQ.
     *
     * <pre>
     *       +-------------+
     *     0 | type   s32  | [GUEST] kind
     *     4 | pirq   u32  | [HV] number
     *     8 +-------------+
     * </pre>
     */
    public static final class GetFreePirq {
        /** s32: kind. */
        public static final int TYPE = 0;
        /** u32: number. */
        public static final int PIRQ = TYPE + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PIRQ + SIZE_OF_INT;

        private GetFreePirq() {
        }
    }
}
