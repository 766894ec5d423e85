package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/** vCPU operations and their arguments. */
public final class VcpuOp {
    /** Give a vCPU its context. */
    public static final int INITIALISE = 0;
    /** Start it. */
    public static final int UP = 1;
    /** Stop it. */
    public static final int DOWN = 2;
    /** Is it up. */
    public static final int IS_UP = 3;
    /** Where did its time go. */
    public static final int GET_RUNSTATE_INFO = 4;
    /** Keep that up to date in guest memory. */
    public static final int REGISTER_RUNSTATE_MEMORY_AREA = 5;
    /** Tick. */
    public static final int SET_PERIODIC_TIMER = 6;
    /** No tick. */
    public static final int STOP_PERIODIC_TIMER = 7;
    /** One tick. */
    public static final int SET_SINGLESHOT_TIMER = 8;
    /** Not any more. */
    public static final int STOP_SINGLESHOT_TIMER = 9;
    /** Move the vcpu_info. */
    public static final int REGISTER_VCPU_INFO = 10;
    /** Non-maskable interrupt. */
    public static final int SEND_NMI = 11;
    /** Physical CPU. */
    public static final int GET_PHYSID = 12;
    /** Copy the time info to guest memory. */
    public static final int REGISTER_VCPU_TIME_MEMORY_AREA = 13;

    private VcpuOp() {
    }

    /**
     * Argument of SET_PERIODIC_TIMER.
     *
     * <pre>
     *       +---------------+
     *     0 | periodNs u64  | [GUEST] ns
     *     8 +---------------+
     * </pre>
     */
    public static final class SetPeriodicTimer {
        /** u64: ns. */
        public static final int PERIOD_NS = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PERIOD_NS + SIZE_OF_LONG;

        private SetPeriodicTimer() {
        }
    }

    /**
     * Argument of SET_SINGLESHOT_TIMER.
     *
     * <pre>
     *    32    64
     *             +-------------------+
     *     0     0 | timeoutAbsNs u64  | [GUEST] system time
     *     8     8 | flags        u32  | [GUEST] FLAG_FUTURE
     *    12    16 +-------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class SetSingleshotTimer {
        /** Refuse a time in the past. */
        public static final int FLAG_FUTURE = 1;

        /** For 32-bit guests. */
        public static final SetSingleshotTimer X32 = new SetSingleshotTimer(Abi.X32);
        /** For 64-bit guests. */
        public static final SetSingleshotTimer X64 = new SetSingleshotTimer(Abi.X64);

        /** u64: system time. */
        public final int timeoutAbsNs;
        /** u32: FLAG_FUTURE. */
        public final int flags;
        /** Bytes of the structure, padding included. */
        public final int length;

        private SetSingleshotTimer(final Abi abi) {
            final Struct s = new Struct(abi);
            timeoutAbsNs = s.u64();
            flags = s.u32();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static SetSingleshotTimer of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static SetSingleshotTimer of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of REGISTER_VCPU_INFO.
     *
     * <pre>
     *       +-------------+
     *     0 | mfn    u64  | [GUEST] frame
     *     8 | offset u32  | [GUEST] byte in it
     *    12 | rsvd   u32  | unused
     *    16 +-------------+
     * </pre>
     */
    public static final class RegisterVcpuInfo {
        /** u64: frame. */
        public static final int MFN = 0;
        /** u32: byte in it. */
        public static final int OFFSET = MFN + SIZE_OF_LONG;
        /** u32: unused. */
        public static final int RSVD = OFFSET + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = RSVD + SIZE_OF_INT;

        private RegisterVcpuInfo() {
        }
    }

    /**
     * Argument of both REGISTER_..._MEMORY_AREA operations.
     *
     * <pre>
     *       +-------------+
     *     0 | addr   u64  | [GUEST] guest virtual address
     *     8 +-------------+
     * </pre>
     */
    public static final class RegisterArea {
        /** u64: guest virtual address. */
        public static final int ADDR = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = ADDR + SIZE_OF_LONG;

        private RegisterArea() {
        }
    }
}
