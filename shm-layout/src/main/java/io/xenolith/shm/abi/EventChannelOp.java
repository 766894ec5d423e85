package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/** Operations on event channels and their arguments. */
public final class EventChannelOp {
    /** Connect to a remote unbound port. */
    public static final int BIND_INTERDOMAIN = 0;
    /** Bind a virtual interrupt. */
    public static final int BIND_VIRQ = 1;
    /** Bind a physical interrupt. */
    public static final int BIND_PIRQ = 2;
    /** Close a port. */
    public static final int CLOSE = 3;
    /** Notify. */
    public static final int SEND = 4;
    /** Ask for a port's state. */
    public static final int STATUS = 5;
    /** Make a port that a remote domain may connect to. */
    public static final int ALLOC_UNBOUND = 6;
    /** Bind between own vCPUs. */
    public static final int BIND_IPI = 7;
    /** Choose the vCPU that is notified. */
    public static final int BIND_VCPU = 8;
    /** Unmask and deliver what waits. */
    public static final int UNMASK = 9;
    /** Close all ports. */
    public static final int RESET = 10;
    /** Switch to the FIFO ABI. */
    public static final int INIT_CONTROL = 11;
    /** Add a page of event words. */
    public static final int EXPAND_ARRAY = 12;
    /** Set a port's FIFO priority. */
    public static final int SET_PRIORITY = 13;

    private EventChannelOp() {
    }

    /**
     * Argument of ALLOC_UNBOUND.
     *
     * <pre>
     *       +----------------+
     *     0 | dom       u16  | [GUEST] domain of the port
     *     2 | remoteDom u16  | [GUEST] who may connect
     *     4 | port      u32  | [HV] the port
     *     8 +----------------+
     * </pre>
     */
    public static final class AllocUnbound {
        /** u16: domain of the port. */
        public static final int DOM = 0;
        /** u16: who may connect. */
        public static final int REMOTE_DOM = DOM + SIZE_OF_SHORT;
        /** u32: the port. */
        public static final int PORT = REMOTE_DOM + SIZE_OF_SHORT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PORT + SIZE_OF_INT;

        private AllocUnbound() {
        }
    }

    /**
     * Argument of BIND_INTERDOMAIN.
     *
     * <pre>
     *       +-----------------+
     *     0 | remoteDom  u16  | [GUEST] the peer
     *     4 | remotePort u32  | [GUEST] its port
     *     8 | localPort  u32  | [HV] the new port
     *    12 +-----------------+
     * </pre>
     */
    public static final class BindInterdomain {
        /** u16: the peer. */
        public static final int REMOTE_DOM = 0;
        /** u32: its port. */
        public static final int REMOTE_PORT = REMOTE_DOM + SIZE_OF_SHORT + 2;
        /** u32: the new port. */
        public static final int LOCAL_PORT = REMOTE_PORT + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = LOCAL_PORT + SIZE_OF_INT;

        private BindInterdomain() {
        }
    }

    /**
     * Argument of BIND_VIRQ.
     *
     * <pre>
     *       +-------------+
     *     0 | virq   u32  | [GUEST] its number
     *     4 | vcpu   u32  | [GUEST] notified vCPU
     *     8 | port   u32  | [HV] the port
     *    12 +-------------+
     * </pre>
     */
    public static final class BindVirq {
        /** u32: its number. */
        public static final int VIRQ = 0;
        /** u32: notified vCPU. */
        public static final int VCPU = VIRQ + SIZE_OF_INT;
        /** u32: the port. */
        public static final int PORT = VCPU + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PORT + SIZE_OF_INT;

        private BindVirq() {
        }
    }

    /**
     * Argument of BIND_PIRQ.
     *
     * <pre>
     *       +-------------+
     *     0 | pirq   u32  | [GUEST] its number
     *     4 | flags  u32  | [GUEST] flags
     *     8 | port   u32  | [HV] the port
     *    12 +-------------+
     * </pre>
     */
    public static final class BindPirq {
        /** u32: its number. */
        public static final int PIRQ = 0;
        /** u32: flags. */
        public static final int FLAGS = PIRQ + SIZE_OF_INT;
        /** u32: the port. */
        public static final int PORT = FLAGS + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PORT + SIZE_OF_INT;

        private BindPirq() {
        }
    }

    /**
     * Argument of BIND_IPI.
     *
     * <pre>
     *       +-------------+
     *     0 | vcpu   u32  | [GUEST] notified vCPU
     *     4 | port   u32  | [HV] the port
     *     8 +-------------+
     * </pre>
     */
    public static final class BindIpi {
        /** u32: notified vCPU. */
        public static final int VCPU = 0;
        /** u32: the port. */
        public static final int PORT = VCPU + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PORT + SIZE_OF_INT;

        private BindIpi() {
        }
    }

    /**
     * Argument of SEND, CLOSE and UNMASK.
     *
     * <pre>
     *       +-------------+
     *     0 | port   u32  | [GUEST] the port
     *     4 +-------------+
     * </pre>
     */
    public static final class Port {
        /** u32: the port. */
        public static final int PORT = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PORT + SIZE_OF_INT;

        private Port() {
        }
    }

    /**
     * Argument of STATUS.
     *
     * <pre>
     *       +----------------------+
     *     0 | dom             u16  | [GUEST] domain
     *     4 | port            u32  | [GUEST] port
     *     8 | status          u32  | [HV] STATUS_*
     *    12 | vcpu            u32  | [HV] notified vCPU
     *    16 | unboundDom      u16  | [HV] unbound: who may connect
     *    16 | interdomainDom  u16  | [HV] connected: the peer
     *    20 | interdomainPort u32  | [HV] connected: its port
     *    16 | pirq            u32  | [HV] physical interrupt
     *    16 | virq            u32  | [HV] virtual interrupt
     *    24 +----------------------+
     * </pre>
     */
    public static final class Status {
        /** Not in use. */
        public static final int STATUS_CLOSED = 0;
        /** Waits for its peer. */
        public static final int STATUS_UNBOUND = 1;
        /** Connected. */
        public static final int STATUS_INTERDOMAIN = 2;
        /** Physical interrupt. */
        public static final int STATUS_PIRQ = 3;
        /** Virtual interrupt. */
        public static final int STATUS_VIRQ = 4;
        /** Between own vCPUs. */
        public static final int STATUS_IPI = 5;

        /** u16: domain. */
        public static final int DOM = 0;
        /** u32: port. */
        public static final int PORT = DOM + SIZE_OF_SHORT + 2;
        /** u32: STATUS_*. */
        public static final int STATUS = PORT + SIZE_OF_INT;
        /** u32: notified vCPU. */
        public static final int VCPU = STATUS + SIZE_OF_INT;
        /** u16: unbound: who may connect. */
        public static final int UNBOUND_DOM = VCPU + SIZE_OF_INT;
        /** u16: connected: the peer. */
        public static final int INTERDOMAIN_DOM = UNBOUND_DOM;
        /** u32: connected: its port. */
        public static final int INTERDOMAIN_PORT = UNBOUND_DOM + SIZE_OF_SHORT + 2;
        /** u32: physical interrupt. */
        public static final int PIRQ = UNBOUND_DOM;
        /** u32: virtual interrupt. */
        public static final int VIRQ = UNBOUND_DOM;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = INTERDOMAIN_PORT + SIZE_OF_INT;

        private Status() {
        }
    }

    /**
     * Argument of BIND_VCPU.
     *
     * <pre>
     *       +-------------+
     *     0 | port   u32  | [GUEST] port
     *     4 | vcpu   u32  | [GUEST] vCPU
     *     8 +-------------+
     * </pre>
     */
    public static final class BindVcpu {
        /** u32: port. */
        public static final int PORT = 0;
        /** u32: vCPU. */
        public static final int VCPU = PORT + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = VCPU + SIZE_OF_INT;

        private BindVcpu() {
        }
    }

    /**
     * Argument of RESET.
     *
     * <pre>
     *       +-------------+
     *     0 | dom    u16  | [GUEST] domain
     *     2 +-------------+
     * </pre>
     */
    public static final class Reset {
        /** u16: domain. */
        public static final int DOM = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = DOM + SIZE_OF_SHORT;

        private Reset() {
        }
    }

    /**
     * Argument of INIT_CONTROL.
     *
     * <pre>
     *       +---------------------+
     *     0 | controlGfn u64      | [GUEST] frame of the control block
     *     8 | offset     u32      | [GUEST] byte in it
     *    12 | vcpu       u32      | [GUEST] vCPU
     *    16 | linkBits   u8       | [HV] bits of a link
     *    17 | pad        7 bytes  | padding
     *    24 +---------------------+
     * </pre>
     */
    public static final class InitControl {
        /** u64: frame of the control block. */
        public static final int CONTROL_GFN = 0;
        /** u32: byte in it. */
        public static final int OFFSET = CONTROL_GFN + SIZE_OF_LONG;
        /** u32: vCPU. */
        public static final int VCPU = OFFSET + SIZE_OF_INT;
        /** u8: bits of a link. */
        public static final int LINK_BITS = VCPU + SIZE_OF_INT;
        /** 7 bytes: padding. */
        public static final int PAD = LINK_BITS + SIZE_OF_BYTE;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PAD + 7;

        private InitControl() {
        }
    }

    /**
     * Argument of EXPAND_ARRAY.
     *
     * <pre>
     *       +---------------+
     *     0 | arrayGfn u64  | [GUEST] frame of the new page
     *     8 +---------------+
     * </pre>
     */
    public static final class ExpandArray {
        /** u64: frame of the new page. */
        public static final int ARRAY_GFN = 0;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = ARRAY_GFN + SIZE_OF_LONG;

        private ExpandArray() {
        }
    }

    /**
     * Argument of SET_PRIORITY.
     *
     * <pre>
     *       +---------------+
     *     0 | port     u32  | [GUEST] port
     *     4 | priority u32  | [GUEST] priority
     *     8 +---------------+
     * </pre>
     */
    public static final class SetPriority {
        /** u32: port. */
        public static final int PORT = 0;
        /** u32: priority. */
        public static final int PRIORITY = PORT + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = PRIORITY + SIZE_OF_INT;

        private SetPriority() {
        }
    }

    /**
     * Argument of the old form of the hypercall: number and argument in one.
     *
     * <pre>
     *       +------------------+
     *     0 | cmd    u32       | [GUEST] operation
     *     4 | u      24 bytes  | [GUEST] its argument
     *    28 +------------------+
     * </pre>
     */
    public static final class Compat {
        /** u32: operation. */
        public static final int CMD = 0;
        /** 24 bytes: its argument. */
        public static final int U = CMD + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = U + 24;

        private Compat() {
        }
    }
}
