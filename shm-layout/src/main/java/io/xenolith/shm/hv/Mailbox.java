package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Where a vCPU posts an operation that only the hypervisor process may carry out. One request at a time.
 *
 * <pre>
 *    0 +--------------------------------+
 *      | sequence     int  [R0]         | number of the request
 *    4 | state        int  [R0][HV]     | IDLE -> POSTED [R0] -> DONE [HV] -> IDLE [R0]
 *    8 | op           int  [R0]         | hypercall number or control operation
 *   12 | served       int  [HV]         | sequence of the last request carried out: written with the result,
 *      |                                | before DONE, so that a restarted hypervisor serves nothing twice
 *   16 | result       long [HV]         |
 *   24 | doorbell     int  [HV]         | rung after DONE
 *   28 | payload len  int  [R0][HV]     | bytes
 *   32 | args         10 x long [R0]    |
 *  112 | results      2 x long [HV]     |
 *  128 +--------------------------------+
 *      | payload      832 bytes [R0][HV]| argument or result lists
 *  960 +--------------------------------+
 * </pre>
 */
public final class Mailbox {
    /** int. */
    public static final int SEQUENCE = 0;
    /** int: IDLE, POSTED or DONE. */
    public static final int STATE = SEQUENCE + SIZE_OF_INT;
    /** int. */
    public static final int OP = STATE + SIZE_OF_INT;
    /** int. */
    public static final int SERVED = OP + SIZE_OF_INT;
    /** long. */
    public static final int RESULT = SERVED + SIZE_OF_INT;
    /** int: doorbell. */
    public static final int DOORBELL = RESULT + SIZE_OF_LONG;
    /** int: bytes of payload in use. */
    public static final int PAYLOAD_USED = DOORBELL + SIZE_OF_INT;
    /** {@link #ARG_COUNT} longs. */
    public static final int ARGS = PAYLOAD_USED + SIZE_OF_INT;
    /** Number of arguments. */
    public static final int ARG_COUNT = 10;
    /** 2 longs. */
    public static final int RESULTS = ARGS + ARG_COUNT * SIZE_OF_LONG;
    /** Argument or result lists. */
    public static final int PAYLOAD = RESULTS + 2 * SIZE_OF_LONG;
    /** Bytes of payload. */
    public static final int PAYLOAD_LENGTH = 832;
    /** Bytes of a mailbox. */
    public static final int LENGTH = PAYLOAD + PAYLOAD_LENGTH;

    /** No request. */
    public static final int IDLE = 0;
    /** A request waits for the hypervisor. */
    public static final int POSTED = 1;
    /** The result is there. */
    public static final int DONE = 2;

    private Mailbox() {
    }
}
