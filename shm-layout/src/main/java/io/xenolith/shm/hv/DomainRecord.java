package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One domain. The record lies in slot {@code domid & 127} of the domain table.
 *
 * <pre>
 *    0 +------------------------------------------+
 *      | identity         long [HV]               | {domid 16 | incarnation 16 | state 8 | flags 24}
 *    8 | pid              int  [HV]               | of the domain's process, 0 none
 *   12 | pause count      int  [HV][DOM0] atomic  |
 *   16 | start time       long [HV]               | of the process, clock ticks
 *   24 | created          long [HV]               | ns since 1970
 *   32 | width            int  [HV]               | 32 or 64
 *   36 | vcpus            int  [HV]               | most vCPUs the domain may have
 *   40 | total pages      int  [HV][R0] atomic    | frames owned, magazine not counted
 *   44 | max pages        int  [HV]               |
 *   48 | xenheap pages    int  [HV]               | shared_info, grant and status frames
 *   52 | shutdown code    int  [R0][HV]           | SHUTDOWN_* of the ABI, -1 while it runs
 *   56 | shared_info mfn  long [HV]               |
 *   64 | uuid             16 bytes [HV]           |
 *   80 | vm_assist        long [R0]               | bit per assist
 *   88 | cpu time         long [R0] atomic        | ns, all vCPUs
 *   96 | online vcpus     int  [R0] atomic        | bit per vCPU that is up
 *  100 | mailbox vcpus    int  [R0][HV] atomic    | bit per vCPU with a filled mailbox
 *  104 | destroy          int  [DOM0][HV]         | 1: to be destroyed
 *  108 | on shutdown      int  [R0]               | 1: shutdown seen, dom0 to be told
 *  112 | wall clock skew  long [HV]               | ns
 *  120 | created epoch    long [HV]               | hypervisor epoch of creation
 *  128 +------------------------------------------+ sizes of the sparse regions that are backed
 *      | backed vcpus     int  [HV]               | records
 *  132 | backed ports     int  [HV]               | event-channel records
 *  136 | backed grants    int  [HV]               | active-grant words
 *  140 | backed maptrack  int  [HV]               | map-tracking entries
 *  144 +------------------------------------------+ event channels
 *      | evtchn abi       int  [HV][R0]           | 0 two-level, 1 FIFO
 *  148 | evtchn limit     int  [HV]               | ports usable at most
 *  152 | evtchn highest   int  [HV]               | ports in use lie below
 *  156 | fifo array pages int  [HV][R0]           |
 *  160 | store port       int  [HV]               | xenstore's port in the domain
 *  164 | console port     int  [HV]               |
 *  168 | store mfn        long [HV]               |
 *  176 | console mfn      long [HV]               |
 *  184 | (unused)                                 |
 *  192 +------------------------------------------+ grants
 *      | grant version    int  [R0]               | 1 or 2
 *  196 | grant frames     int  [HV]               | shared frames in use
 *  200 | grant max frames int  [HV]               |
 *  204 | status frames    int  [HV]               | version 2
 *  208 | maptrack used    int  [R0]               |
 *  212 | (unused)                                 |
 *  256 | grant frame mfns     64 x int [HV]       |
 *  512 | status frame mfns    16 x int [HV]       |
 *  576 +------------------------------------------+
 *      | hypercalls       64 x long [R0] atomic   | calls by number
 * 1088 | counters         64 x long [R0] atomic   | DomainCounter by id
 * 1600 | name hint        128 bytes [DOM0]        | for messages only; the name's home is xenstore
 * 1728 | (unused)                                 |
 * 2048 +------------------------------------------+
 * </pre>
 */
public final class DomainRecord {
    /** long: see {@link #identity}. */
    public static final int IDENTITY = 0;
    /** int. */
    public static final int PID = IDENTITY + SIZE_OF_LONG;
    /** int. */
    public static final int PAUSE_COUNT = PID + SIZE_OF_INT;
    /** long: clock ticks. */
    public static final int START_TIME = PAUSE_COUNT + SIZE_OF_INT;
    /** long: ns since 1970. */
    public static final int CREATED = START_TIME + SIZE_OF_LONG;
    /** int: 32 or 64. */
    public static final int WIDTH = CREATED + SIZE_OF_LONG;
    /** int. */
    public static final int VCPUS = WIDTH + SIZE_OF_INT;
    /** int: frames. */
    public static final int TOTAL_PAGES = VCPUS + SIZE_OF_INT;
    /** int: frames. */
    public static final int MAX_PAGES = TOTAL_PAGES + SIZE_OF_INT;
    /** int: frames. */
    public static final int XENHEAP_PAGES = MAX_PAGES + SIZE_OF_INT;
    /** int: -1 while it runs. */
    public static final int SHUTDOWN_CODE = XENHEAP_PAGES + SIZE_OF_INT;
    /** long. */
    public static final int SHARED_INFO_MFN = SHUTDOWN_CODE + SIZE_OF_INT;
    /** 16 bytes. */
    public static final int UUID = SHARED_INFO_MFN + SIZE_OF_LONG;
    /** long. */
    public static final int VM_ASSIST = UUID + 16;
    /** long: ns. */
    public static final int CPU_TIME = VM_ASSIST + SIZE_OF_LONG;
    /** int: bit per vCPU. */
    public static final int ONLINE_VCPUS = CPU_TIME + SIZE_OF_LONG;
    /** int: bit per vCPU. */
    public static final int MAILBOX_VCPUS = ONLINE_VCPUS + SIZE_OF_INT;
    /** int: 1 when the domain is to be destroyed. */
    public static final int DESTROY = MAILBOX_VCPUS + SIZE_OF_INT;
    /** int: 1 when a shutdown is waiting to be told to dom0. */
    public static final int SHUTDOWN_PENDING = DESTROY + SIZE_OF_INT;
    /** long: ns. */
    public static final int WALL_CLOCK_OFFSET = SHUTDOWN_PENDING + SIZE_OF_INT;
    /** long. */
    public static final int CREATED_EPOCH = WALL_CLOCK_OFFSET + SIZE_OF_LONG;

    /** int: vCPU records with backing. */
    public static final int BACKED_VCPUS = CREATED_EPOCH + SIZE_OF_LONG;
    /** int: event-channel records with backing. */
    public static final int BACKED_PORTS = BACKED_VCPUS + SIZE_OF_INT;
    /** int: active-grant entries with backing. */
    public static final int BACKED_GRANTS = BACKED_PORTS + SIZE_OF_INT;
    /** int: map-tracking entries with backing. */
    public static final int BACKED_MAPTRACK = BACKED_GRANTS + SIZE_OF_INT;

    /** int: 0 two-level, 1 FIFO. */
    public static final int EVTCHN_ABI = BACKED_MAPTRACK + SIZE_OF_INT;
    /** int. */
    public static final int EVTCHN_LIMIT = EVTCHN_ABI + SIZE_OF_INT;
    /** int: every port in use is below. */
    public static final int EVTCHN_HIGHEST = EVTCHN_LIMIT + SIZE_OF_INT;
    /** int: event-array pages of the FIFO ABI, see {@link DomainPage}. */
    public static final int FIFO_PAGES = EVTCHN_HIGHEST + SIZE_OF_INT;
    /** int. */
    public static final int STORE_PORT = FIFO_PAGES + SIZE_OF_INT;
    /** int. */
    public static final int CONSOLE_PORT = STORE_PORT + SIZE_OF_INT;
    /** long. */
    public static final int STORE_MFN = CONSOLE_PORT + SIZE_OF_INT;
    /** long. */
    public static final int CONSOLE_MFN = STORE_MFN + SIZE_OF_LONG;

    /** int: 1 or 2. */
    public static final int GRANT_VERSION = 192;
    /** int. */
    public static final int GRANT_FRAMES = GRANT_VERSION + SIZE_OF_INT;
    /** int. */
    public static final int GRANT_MAX_FRAMES = GRANT_FRAMES + SIZE_OF_INT;
    /** int. */
    public static final int STATUS_FRAMES = GRANT_MAX_FRAMES + SIZE_OF_INT;
    /** int. */
    public static final int MAPTRACK_USED = STATUS_FRAMES + SIZE_OF_INT;
    /** {@link #MAX_GRANT_FRAMES} ints: mfns. */
    public static final int GRANT_FRAME_MFNS = 256;
    /** Most shared grant frames of a domain. */
    public static final int MAX_GRANT_FRAMES = 64;
    /** {@link #MAX_STATUS_FRAMES} ints: mfns. */
    public static final int STATUS_FRAME_MFNS = GRANT_FRAME_MFNS + MAX_GRANT_FRAMES * SIZE_OF_INT;
    /** Most status frames of a domain: 2048 two-byte words each, for 64 frames of 256 entries. */
    public static final int MAX_STATUS_FRAMES = 16;

    /** 64 longs, by hypercall number. */
    public static final int HYPERCALLS = STATUS_FRAME_MFNS + MAX_STATUS_FRAMES * SIZE_OF_INT;
    /** 64 longs, by {@link DomainCounter#id()}. */
    public static final int COUNTERS = HYPERCALLS + 64 * SIZE_OF_LONG;
    /** Text, NUL padded. */
    public static final int NAME_HINT = COUNTERS + 64 * SIZE_OF_LONG;
    /** Bytes of the name hint. */
    public static final int NAME_HINT_LENGTH = 128;
    /** Bytes of a domain record. */
    public static final int LENGTH = 2048;

    /** Number of slots. */
    public static final int SLOTS = 128;
    /** Most vCPUs of a domain. */
    public static final int MAX_VCPUS = 32;

    /** No domain in the slot. */
    public static final int STATE_FREE = 0;
    /** Created, not yet whole: swept if its builder dies. */
    public static final int STATE_BUILDING = 1;
    /** Whole; paused while its pause count is not 0. */
    public static final int STATE_LIVE = 2;
    /** Said that it shut down; its memory is still there. */
    public static final int STATE_SHUTDOWN = 3;
    /** Being swept, or held by foreign pins. */
    public static final int STATE_DYING = 4;

    /** Flag in the identity word: may use privileged operations. */
    public static final long FLAG_PRIVILEGED = 1L << 40;
    /** Flag in the identity word: a Java guest, without x86 state. */
    public static final long FLAG_JAVA = 1L << 41;
    /** Flag in the identity word: its process is gone. */
    public static final long FLAG_DEAD = 1L << 42;

    private DomainRecord() {
    }

    /** Builds an identity word. */
    public static long identity(final int domid, final int incarnation, final int state, final long flags) {
        return (domid & 0xFFFFL) | (incarnation & 0xFFFFL) << 16 | (state & 0xFFL) << 32 | flags;
    }

    /** Domid of an identity word. */
    public static int domid(final long identity) {
        return (int) identity & 0xFFFF;
    }

    /** Incarnation of an identity word. */
    public static int incarnation(final long identity) {
        return (int) identity >>> 16;
    }

    /** State of an identity word. */
    public static int state(final long identity) {
        return (int) (identity >>> 32) & 0xFF;
    }

    /** Slot of a domid. */
    public static int slot(final int domid) {
        return domid & SLOTS - 1;
    }
}
