package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The one operation that the hypervisor process is in the middle of. Written before its first store elsewhere;
 * a restarted hypervisor goes on from {@code step}. Every step may be done twice without harm.
 *
 * <pre>
 *    0 +--------------------------------+
 *      | op           int  [HV]         | 0 none; written last when an intent begins, first when it ends
 *    4 | step         int  [HV]         |
 *    8 | requester    long [HV]         | Party word: whose mailbox waits, 0 none
 *   16 | sequence     int  [HV]         | of that mailbox
 *   20 | count        int  [HV]         | entries of the list
 *   24 | epoch        long [HV]         | that began it
 *   32 | args         16 x long [HV]    |
 *  160 | result       long [HV]         |
 *  168 | (unused)                       |
 *  192 | list         488 x long [HV]   |
 * 4096 +--------------------------------+
 * </pre>
 */
public final class IntentRecord {
    /** int. */
    public static final int OP = 0;
    /** int. */
    public static final int STEP = OP + SIZE_OF_INT;
    /** long. */
    public static final int REQUESTER = STEP + SIZE_OF_INT;
    /** int. */
    public static final int SEQUENCE = REQUESTER + SIZE_OF_LONG;
    /** int. */
    public static final int COUNT = SEQUENCE + SIZE_OF_INT;
    /** long. */
    public static final int EPOCH = COUNT + SIZE_OF_INT;
    /** {@link #ARG_COUNT} longs. */
    public static final int ARGS = EPOCH + SIZE_OF_LONG;
    /** Number of arguments. */
    public static final int ARG_COUNT = 16;
    /** long. */
    public static final int RESULT = ARGS + ARG_COUNT * SIZE_OF_LONG;
    /** {@link #LIST_SIZE} longs. */
    public static final int LIST = 192;
    /** Entries of the list. */
    public static final int LIST_SIZE = 488;
    /** Bytes of the record. */
    public static final int LENGTH = LIST + LIST_SIZE * SIZE_OF_LONG;

    private IntentRecord() {
    }
}
