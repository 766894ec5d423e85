package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Where a command posts a request to dom0's toolstack. The text (JSON) lies in the slot's own 64 KiB, which
 * the command backs before it uses them.
 *
 * <pre>
 *    0 +----------------------------+
 *      | state     int  CAS         | FREE -> CLAIMED [CMD] -> POSTED [CMD] -> SERVING [DOM0]
 *      |                            |   -> ANSWERED [DOM0] -> FREE [CMD]; dom0 frees slots of dead commands
 *    4 | pid       int  [CMD]       |
 *    8 | start     long [CMD]       | start time of the command, clock ticks
 *   16 | sequence  int  [CMD]       |
 *   20 | length    int  [CMD][DOM0] | bytes of the request
 *   24 | doorbell  int  [DOM0]      | rung after ANSWERED
 *   28 | backed    int  [CMD]       | 1 when the text area has backing
 *   32 | answered  int  [DOM0]      | bytes of the answer
 *   36 | (unused)                   |
 *   64 +----------------------------+
 * </pre>
 */
public final class ToolstackSlot {
    /** int. */
    public static final int STATE = 0;
    /** int. */
    public static final int PID = STATE + SIZE_OF_INT;
    /** long. */
    public static final int START_TIME = PID + SIZE_OF_INT;
    /** int. */
    public static final int SEQUENCE = START_TIME + SIZE_OF_LONG;
    /** int. */
    public static final int TEXT_USED = SEQUENCE + SIZE_OF_INT;
    /** int: doorbell. */
    public static final int DOORBELL = TEXT_USED + SIZE_OF_INT;
    /** int. */
    public static final int BACKED = DOORBELL + SIZE_OF_INT;
    /** int. */
    public static final int ANSWER_USED = BACKED + SIZE_OF_INT;
    /** Bytes of a slot. */
    public static final int LENGTH = 64;
    /** Number of slots. */
    public static final int SLOTS = 16;
    /** Most bytes of a request, and of an answer. */
    public static final int TEXT_LENGTH = 64 * 1024;
    /** Bytes of the text area of one slot: the request, then the answer. A successor of dom0 needs the request whole. */
    public static final int AREA_LENGTH = 2 * TEXT_LENGTH;

    /** Nobody uses the slot. */
    public static final int FREE = 0;
    /** A command prepares its request. */
    public static final int CLAIMED = 1;
    /** The request waits for dom0. */
    public static final int POSTED = 2;
    /** dom0 works on it. */
    public static final int SERVING = 3;
    /** The answer is there. */
    public static final int ANSWERED = 4;

    private ToolstackSlot() {
    }
}
