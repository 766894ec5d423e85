package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/** Scheduling operations and their arguments. */
public final class SchedOp {
    /** Let others run. */
    public static final int YIELD = 0;
    /** Wait for an event. */
    public static final int BLOCK = 1;
    /** End the domain. */
    public static final int SHUTDOWN = 2;
    /** Wait for ports. */
    public static final int POLL = 3;
    /** End another domain. */
    public static final int REMOTE_SHUTDOWN = 4;
    /** Record why. */
    public static final int SHUTDOWN_CODE = 5;
    /** Set a watchdog. */
    public static final int WATCHDOG = 6;
    /** Pin to a physical CPU. */
    public static final int PIN_OVERRIDE = 7;

    private SchedOp() {
    }

    /**
     * Argument of SHUTDOWN.
     *
     * <pre>
     *       +-------------+
     *     0 | reason u32  | [GUEST] reason
     *     4 +-------------+
     * </pre>
     */
    public static final class Shutdown {
        /** Clean end. */
        public static final int POWEROFF = 0;
        /** Start again. */
        public static final int REBOOT = 1;
        /** To be saved. */
        public static final int SUSPEND = 2;
        /** Crashed. */
        public static final int CRASH = 3;
        /** Watchdog ran out. */
        public static final int WATCHDOG = 4;
        /** Start over with the same memory. */
        public static final int SOFT_RESET = 5;
        /** Largest valid reason. */
        public static final int MAX = 5;

        /** u32: reason. */
        public static final int REASON = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = REASON + SIZE_OF_INT;

        private Shutdown() {
        }
    }

    /**
     * Argument of POLL.
     *
     * <pre>
     *    32    64
     *             +---------------+
     *     0     0 | ports   word  | [GUEST] pointer to ports
     *     4     8 | nrPorts u32   | [GUEST] how many
     *     8    16 | timeout u64   | [GUEST] system time, 0 for none
     *    16    24 +---------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Poll {
        /** For 32-bit guests. */
        public static final Poll X32 = new Poll(Abi.X32);
        /** For 64-bit guests. */
        public static final Poll X64 = new Poll(Abi.X64);

        /** word: pointer to ports. */
        public final int ports;
        /** u32: how many. */
        public final int nrPorts;
        /** u64: system time, 0 for none. */
        public final int timeout;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Poll(final Abi abi) {
            final Struct s = new Struct(abi);
            ports = s.word();
            nrPorts = s.u32();
            timeout = s.u64();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Poll of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Poll of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of REMOTE_SHUTDOWN.
     *
     * <pre>
     *       +---------------+
     *     0 | domainId u16  | [GUEST] domain
     *     4 | reason   u32  | [GUEST] reason
     *     8 +---------------+
     * </pre>
     */
    public static final class RemoteShutdown {
        /** u16: domain. */
        public static final int DOMAIN_ID = 0;
        /** u32: reason. */
        public static final int REASON = DOMAIN_ID + SIZE_OF_SHORT + 2;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = REASON + SIZE_OF_INT;

        private RemoteShutdown() {
        }
    }

    /**
     * Argument of WATCHDOG.
     *
     * <pre>
     *       +--------------+
     *     0 | id      u32  | [GUEST] 0 makes a new one
     *     4 | timeout u32  | [GUEST] seconds, 0 removes it
     *     8 +--------------+
     * </pre>
     */
    public static final class Watchdog {
        /** u32: 0 makes a new one. */
        public static final int ID = 0;
        /** u32: seconds, 0 removes it. */
        public static final int TIMEOUT = ID + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = TIMEOUT + SIZE_OF_INT;

        private Watchdog() {
        }
    }
}
