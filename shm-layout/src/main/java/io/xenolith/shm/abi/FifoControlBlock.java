package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * Per-vCPU queue heads of the FIFO event ABI.
 *
 * <pre>
 *       +------------------+
 *     0 | ready  u32       | [HV][GUEST] bit per priority with a non-empty queue
 *     8 | head   u32 x 16  | [HV][GUEST] first port of each queue
 *    72 +------------------+
 * </pre>
 */
public final class FifoControlBlock {
    /** Event word: pending. */
    public static final int PENDING_BIT = 31;
    /** Event word: masked. */
    public static final int MASKED_BIT = 30;
    /** Event word: in a queue. */
    public static final int LINKED_BIT = 29;
    /** Event word: being changed. */
    public static final int BUSY_BIT = 28;
    /** Event word: bits of the link. */
    public static final int LINK_BITS = 17;
    /** Most urgent. */
    public static final int PRIORITY_MAX = 0;
    /** Default. */
    public static final int PRIORITY_DEFAULT = 7;
    /** Least urgent. */
    public static final int PRIORITY_MIN = 15;
    /** Number of priorities. */
    public static final int QUEUES = 16;

    /** u32: bit per priority with a non-empty queue. */
    public static final int READY = 0;
    /** u32 x 16: first port of each queue. */
    public static final int HEAD = READY + SIZE_OF_INT + 4;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = HEAD + 16 * SIZE_OF_INT;

    private FifoControlBlock() {
    }
}
