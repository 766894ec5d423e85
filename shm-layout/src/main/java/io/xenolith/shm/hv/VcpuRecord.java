package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One vCPU. Its mailbox and its start context follow in the same 8 KiB.
 *
 * <pre>
 *    0 +-------------------------------------------+
 *      | run word          long [R0]               | RunWord
 *    8 | quiesce request   long [any] +1           | shootdowns asked for
 *   16 | quiesce served    long [R0]               | shootdowns acknowledged
 *   24 | event words       long [any] atomic or    | hint: bit n = some port p with (p >> 6) % 64 == n was raised
 *   32 | (unused)                                  |
 *   64 +-------------------------------------------+ own line: polled at every block end
 *      | attention         int  [any] atomic or    | ATTENTION_*
 *  128 +-------------------------------------------+ own line
 *      | doorbell          int  [any]              |
 *  192 +-------------------------------------------+
 *      | state             int  [R0][HV]           | STATE_*
 *  196 | thread id         int  [R0]               | host thread
 *  200 | pause count       int  [HV] atomic        |
 *  204 | physical cpu      int  [HV][R0]           | slot number + 1, 0 none
 *  208 | runstate          int  [R0]               | RUNSTATE_* of the ABI
 *  212 | (unused)                                  |
 *  216 | runstate since    long [R0]               | system time, ns
 *  224 | time in states    4 x long [R0]           | ns
 *  256 +-------------------------------------------+ deadlines: system time in ns, 0 none
 *      | periodic period   long [R0]               |
 *  264 | periodic next     long [R0]               |
 *  272 | singleshot        long [R0]               | VCPUOP and set_timer_op
 *  280 | poll deadline     long [R0]               |
 *  288 | timer virq port   int  [HV]               | 0 not bound
 *  292 | poll count        int  [R0]               | ports being polled, 0 none
 *  296 | domain watchdogs  2 x long [R0]           | deadline, 0 none (vCPU 0 holds the domain's)
 *  312 | (unused)                                  |
 *  320 +-------------------------------------------+ where the guest put its structures
 *      | vcpu_info mfn     long [R0]               |
 *  328 | vcpu_info offset  int  [R0]               | in that frame
 *  332 | fifo control off  int  [R0]               | control block, offset
 *  336 | fifo control mfn  long [R0]               | 0 none
 *  344 | runstate area     long [R0]               | guest virtual address, 0 none
 *  352 | runstate area mfn long [R0]               | by-frame form: mfn << 12 | offset, 0 none
 *  360 | time area         long [R0]               | guest virtual address, 0 none
 *  368 | time area mfn     long [R0]               | by-frame form
 *  376 | (unused)                                  |
 *  384 +-------------------------------------------+ address space, for sweeps and audits
 *      | kernel table mfn  long [R0]               | 0 none
 *  392 | user table mfn    long [R0]               | 64-bit guests; 0 none
 *  400 | ldt base          long [R0]               | guest virtual address
 *  408 | ldt entries       int  [R0]               |
 *  412 | gdt entries       int  [R0]               |
 *  416 | gdt frames        16 x long [R0]          | mfns
 *  544 | virq ports        24 x int [HV]           | port bound to each per-vCPU virq, 0 none
 *  640 +-------------------------------------------+
 *      | poll ports        128 x int [R0]          |
 * 1152 | register dump     320 bytes [R0]          | written while paused or crashed; RegisterDump
 * 1472 | last faults       16 x 32 bytes [R0]      | {ip, address, vector 16 | error 16 | time 32 (us), kind}
 * 1984 | fault count       int  [R0]               |
 * 1988 | (unused)                                  |
 * 2048 +-------------------------------------------+
 *      | mailbox           960 bytes               | Mailbox
 * 3008 +-------------------------------------------+
 *      | context width     int  [DOM0][R0]         | 32 or 64; 0 none given
 * 3012 | (unused)                                  |
 * 3024 | context           5168 bytes [DOM0][R0]   | vcpu_guest_context the vCPU starts from
 * 8192 +-------------------------------------------+
 * </pre>
 */
public final class VcpuRecord {
    /** long: {@link RunWord}. */
    public static final int RUN = 0;
    /** long: shootdowns asked for. */
    public static final int QUIESCE_REQUEST = RUN + SIZE_OF_LONG;
    /** long: shootdowns acknowledged. */
    public static final int QUIESCE_SERVED = QUIESCE_REQUEST + SIZE_OF_LONG;
    /** long: which groups of 64 ports to look at for raised events. */
    public static final int EVENT_WORDS = QUIESCE_SERVED + SIZE_OF_LONG;
    /** int: ATTENTION_* bits. */
    public static final int ATTENTION = 64;
    /** int: doorbell. */
    public static final int DOORBELL = 128;

    /** int: STATE_*. */
    public static final int STATE = 192;
    /** int. */
    public static final int THREAD = STATE + SIZE_OF_INT;
    /** int. */
    public static final int PAUSE_COUNT = THREAD + SIZE_OF_INT;
    /** int: slot number + 1. */
    public static final int PCPU = PAUSE_COUNT + SIZE_OF_INT;
    /** int. */
    public static final int RUNSTATE = PCPU + SIZE_OF_INT;
    /** long: ns. */
    public static final int RUNSTATE_SINCE = RUNSTATE + 2 * SIZE_OF_INT;
    /** 4 longs: ns. */
    public static final int RUNSTATE_TIME = RUNSTATE_SINCE + SIZE_OF_LONG;

    /** long: ns. */
    public static final int PERIODIC_PERIOD = RUNSTATE_TIME + 4 * SIZE_OF_LONG;
    /** long: ns. */
    public static final int PERIODIC_NEXT = PERIODIC_PERIOD + SIZE_OF_LONG;
    /** long: ns. */
    public static final int SINGLESHOT = PERIODIC_NEXT + SIZE_OF_LONG;
    /** long: ns. */
    public static final int POLL_DEADLINE = SINGLESHOT + SIZE_OF_LONG;
    /** int: 0 not bound. */
    public static final int TIMER_PORT = POLL_DEADLINE + SIZE_OF_LONG;
    /** int: ports being polled. */
    public static final int POLL_COUNT = TIMER_PORT + SIZE_OF_INT;
    /** 2 longs: ns. */
    public static final int WATCHDOGS = POLL_COUNT + SIZE_OF_INT;

    /** long. */
    public static final int VCPU_INFO_MFN = 320;
    /** int. */
    public static final int VCPU_INFO_OFFSET = VCPU_INFO_MFN + SIZE_OF_LONG;
    /** int. */
    public static final int FIFO_CONTROL_OFFSET = VCPU_INFO_OFFSET + SIZE_OF_INT;
    /** long. */
    public static final int FIFO_CONTROL_MFN = FIFO_CONTROL_OFFSET + SIZE_OF_INT;
    /** long: guest virtual address. */
    public static final int RUNSTATE_AREA = FIFO_CONTROL_MFN + SIZE_OF_LONG;
    /** long: machine address. */
    public static final int RUNSTATE_AREA_MADDR = RUNSTATE_AREA + SIZE_OF_LONG;
    /** long: guest virtual address. */
    public static final int TIME_AREA = RUNSTATE_AREA_MADDR + SIZE_OF_LONG;
    /** long: machine address. */
    public static final int TIME_AREA_MADDR = TIME_AREA + SIZE_OF_LONG;

    /** long. */
    public static final int KERNEL_TABLE_MFN = 384;
    /** long. */
    public static final int USER_TABLE_MFN = KERNEL_TABLE_MFN + SIZE_OF_LONG;
    /** long: guest virtual address. */
    public static final int LDT_BASE = USER_TABLE_MFN + SIZE_OF_LONG;
    /** int. */
    public static final int LDT_ENTRIES = LDT_BASE + SIZE_OF_LONG;
    /** int. */
    public static final int GDT_ENTRIES = LDT_ENTRIES + SIZE_OF_INT;
    /** 16 longs: mfns. */
    public static final int GDT_FRAMES = GDT_ENTRIES + SIZE_OF_INT;
    /** 24 ints: ports, 0 none. */
    public static final int VIRQ_PORTS = GDT_FRAMES + 16 * SIZE_OF_LONG;
    /** Number of virqs. */
    public static final int VIRQS = 24;

    /** {@link #MAX_POLL_PORTS} ints. */
    public static final int POLL_PORTS = VIRQ_PORTS + VIRQS * SIZE_OF_INT;
    /** Most ports of one poll. */
    public static final int MAX_POLL_PORTS = 128;
    /** {@link RegisterDump}. */
    public static final int REGISTER_DUMP = POLL_PORTS + MAX_POLL_PORTS * SIZE_OF_INT;
    /** Ring of {@link #LAST_FAULTS_COUNT} entries of 32 bytes. */
    public static final int LAST_FAULTS = REGISTER_DUMP + RegisterDump.LENGTH;
    /** Entries of the fault ring. */
    public static final int LAST_FAULTS_COUNT = 16;
    /** Bytes of a fault entry: long ip, long address, int vector, int error, long time. */
    public static final int LAST_FAULT_LENGTH = 32;
    /** int: faults ever; the next entry is this modulo the ring. */
    public static final int FAULT_COUNT = LAST_FAULTS + LAST_FAULTS_COUNT * LAST_FAULT_LENGTH;

    /** {@link Mailbox}. */
    public static final int MAILBOX = 2048;
    /** int: 32 or 64. */
    public static final int CONTEXT_WIDTH = MAILBOX + Mailbox.LENGTH;
    /** vcpu_guest_context in the width given. */
    public static final int CONTEXT = CONTEXT_WIDTH + 4 * SIZE_OF_INT;
    /** Room for the start context. */
    public static final int CONTEXT_LENGTH = 5168;
    /** Bytes of a vCPU record with mailbox and context. */
    public static final int LENGTH = 8192;

    /** {@link #STATE}: never initialised. */
    public static final int STATE_UNUSED = 0;
    /** {@link #STATE}: has a context, is down. */
    public static final int STATE_DOWN = 1;
    /** {@link #STATE}: up. */
    public static final int STATE_UP = 2;
    /** {@link #STATE}: up and waiting for an event (block). */
    public static final int STATE_BLOCKED = 3;
    /** {@link #STATE}: up and waiting for one of its poll ports. */
    public static final int STATE_POLLING = 4;

    /** An event may be pending. */
    public static final int ATTENTION_EVENT = 1;
    /** Flush TLBs before entering the guest again. */
    public static final int ATTENTION_FLUSH = 1 << 1;
    /** Drop decoded code of changed frames. */
    public static final int ATTENTION_CODE = 1 << 2;
    /** A pause count became non-zero, or the machine stopped. */
    public static final int ATTENTION_PAUSE = 1 << 3;
    /** The domain is to end. */
    public static final int ATTENTION_KILL = 1 << 4;
    /** Give the physical CPU back. */
    public static final int ATTENTION_PREEMPT = 1 << 5;
    /** A deadline may have passed. */
    public static final int ATTENTION_TIMER = 1 << 6;
    /** Write the register dump. */
    public static final int ATTENTION_DUMP = 1 << 7;

    private VcpuRecord() {
    }
}
