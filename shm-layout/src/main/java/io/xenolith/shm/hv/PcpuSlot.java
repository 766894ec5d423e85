package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * A physical CPU: taken by compare-and-set by the vCPU that runs on it, and handed on by it when it blocks.
 *
 * <pre>
 *    0        8        16       24   28       64
 *    +--------+--------+--------+----+--------+
 *    | holder | since  | busy   |host| unused |
 *    +--------+--------+--------+----+--------+
 *     [R0] CAS [R0]     [R0]     [HV]
 *  holder  {@link Party} word, 0 idle
 *  since   system time of the last hand-over, ns
 *  busy    ns in use, all holders
 *  host    host CPU it stands for
 * </pre>
 */
public final class PcpuSlot {
    /** long. */
    public static final int HOLDER = 0;
    /** long: ns. */
    public static final int SINCE = HOLDER + SIZE_OF_LONG;
    /** long: ns. */
    public static final int BUSY = SINCE + SIZE_OF_LONG;
    /** int. */
    public static final int HOST_CPU = BUSY + SIZE_OF_LONG;
    /** Bytes of a slot: one cache line. */
    public static final int LENGTH = 64;
    /** Slots at most. */
    public static final int MAX_PCPUS = 64;
    /** End of the fields. */
    static final int END = HOST_CPU + SIZE_OF_INT;

    private PcpuSlot() {
    }
}
