package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * First page of the file {@code hypervisor}: what the machine is, and the words that everybody watches.
 *
 * <pre>
 *    0 +-----------------------------------+
 *      | version            int  [HV] last | 0 until the machine is whole
 *    4 | power              int  [HV]      | POWER_*
 *    8 | magic              long [HV]      |
 *   16 | layout hash        long [HV]      | of the writer's Layout classes
 *   24 | boot id            2 x long [HV]  | the host's boot: tells a machine left by a crash of the host
 *   40 | build id           40 bytes [HV]  | text, NUL padded
 *   80 | machine uuid       16 bytes [HV]  |
 *   96 | frames             long [HV]      | size of machine memory
 *  104 | m2p32 mfn          long [HV]      | machine-to-physical, 4-byte entries
 *  112 | m2p64 mfn          long [HV]      | machine-to-physical, 8-byte entries
 *  120 | heap mfn           long [HV]      | first frame after both tables
 *  128 +-----------------------------------+
 *      | epoch              long [HV]      | +1 at every start of a hypervisor process
 *  136 | restarter          long (any) CAS | {epoch 32 | pid 32} of the elected restarter, 0 none
 *  144 | hypervisor pid     int  [HV]      |
 *  148 | dom0 pid           int  [DOM0]    |
 *  152 | hypervisor start   long [HV]      | start time, clock ticks since the host's boot
 *  160 | dom0 start         long [DOM0]    |
 *  168 | wall clock         long [HV]      | ns since 1970 at system time 0
 *  176 | monotonic base     long [HV]      | CLOCK_MONOTONIC ns at system time 0
 *  184 | tsc frequency      long [HV]      | Hz of the guests' time-stamp counter
 *  192 +-----------------------------------+
 *      | stopped            int  (any) CAS | 0 runs; else why all vCPUs pause
 *  196 | physical CPUs      int  [HV]      |
 *  200 | next domid         int  [HV]      |
 *  204 | next incarnation   int  [HV]      |
 *  208 | free frames        long [HV]      |
 *  216 | heap hint          long [HV]      | where the next search for a free frame begins
 *  224 | flags              long [HV]      |
 *  232 | waiting domains    2 x long (any) | bit = slot with a vCPU that wants a physical CPU
 *  248 | (unused)                          |
 *  256 +-----------------------------------+ one line per busy word from here on
 *      | hypervisor doorbell int (any)     | rung after a mailbox is filled or a death is suspected
 *  264 | hypervisor run word long [HV]     | RunWord of the serving thread
 *  320 | mailbox domains    2 x long (any) | bit = slot with a filled mailbox
 *  384 | toolstack doorbell int (any)      | rung after a toolstack slot is filled
 *  392 | toolstack run word long [DOM0]    |
 *  448 | console doorbell   int (any)      | rung after text was added to the machine console
 *  512 +-----------------------------------+
 *      | stop reason        512 bytes (CAS winner of stopped) | text, NUL terminated
 * 1024 +-----------------------------------+
 *      | (unused)                          |
 * 4096 +-----------------------------------+
 * </pre>
 */
public final class Header {
    /** int: 0 until everything else is written. */
    public static final int VERSION = 0;
    /** int: one of POWER_*. */
    public static final int POWER = VERSION + SIZE_OF_INT;
    /** long: {@link #MAGIC_VALUE}. */
    public static final int MAGIC = POWER + SIZE_OF_INT;
    /** long: {@link LayoutHash#value()} of the creator. */
    public static final int LAYOUT_HASH = MAGIC + SIZE_OF_LONG;
    /** 2 longs: the host's boot id. */
    public static final int BOOT_ID = LAYOUT_HASH + SIZE_OF_LONG;
    /** Text of {@link #BUILD_ID_LENGTH} bytes. */
    public static final int BUILD_ID = BOOT_ID + 2 * SIZE_OF_LONG;
    /** Bytes of the build id. */
    public static final int BUILD_ID_LENGTH = 40;
    /** 16 bytes. */
    public static final int UUID = BUILD_ID + BUILD_ID_LENGTH;
    /** long: machine size in frames. */
    public static final int FRAMES = UUID + 16;
    /** long: first frame of the machine-to-physical table with 4-byte entries. */
    public static final int M2P32_MFN = FRAMES + SIZE_OF_LONG;
    /** long: first frame of the machine-to-physical table with 8-byte entries. */
    public static final int M2P64_MFN = M2P32_MFN + SIZE_OF_LONG;
    /** long: first frame after both tables. */
    public static final int HEAP_MFN = M2P64_MFN + SIZE_OF_LONG;

    /** long: number of hypervisor starts. */
    public static final int EPOCH = HEAP_MFN + SIZE_OF_LONG;
    /** long: {epoch 32 | pid 32} of the elected restarter. */
    public static final int RESTARTER = EPOCH + SIZE_OF_LONG;
    /** int. */
    public static final int HYPERVISOR_PID = RESTARTER + SIZE_OF_LONG;
    /** int. */
    public static final int DOM0_PID = HYPERVISOR_PID + SIZE_OF_INT;
    /** long: clock ticks. */
    public static final int HYPERVISOR_START = DOM0_PID + SIZE_OF_INT;
    /** long: clock ticks. */
    public static final int DOM0_START = HYPERVISOR_START + SIZE_OF_LONG;
    /** long: ns since 1970 at system time 0. */
    public static final int WALL_CLOCK = DOM0_START + SIZE_OF_LONG;
    /** long: {@code System.nanoTime()} at system time 0; the same clock in every process of a host. */
    public static final int MONOTONIC_BASE = WALL_CLOCK + SIZE_OF_LONG;
    /** long: Hz. */
    public static final int TSC_FREQUENCY = MONOTONIC_BASE + SIZE_OF_LONG;

    /** int: 0 while the machine runs, else a STOP_* reason. */
    public static final int STOPPED = TSC_FREQUENCY + SIZE_OF_LONG;
    /** int: number of physical CPU slots. */
    public static final int PCPUS = STOPPED + SIZE_OF_INT;
    /** int: where the search for the next free domid begins. */
    public static final int NEXT_DOMID = PCPUS + SIZE_OF_INT;
    /** int: next incarnation to hand out, 1 to 65535, wrapping over 0. */
    public static final int NEXT_INCARNATION = NEXT_DOMID + SIZE_OF_INT;
    /** long: free frames of the heap. */
    public static final int FREE_FRAMES = NEXT_INCARNATION + SIZE_OF_INT;
    /** long: frame where the next search begins. */
    public static final int HEAP_HINT = FREE_FRAMES + SIZE_OF_LONG;
    /** long: machine flags. */
    public static final int FLAGS = HEAP_HINT + SIZE_OF_LONG;

    /** 2 longs: bit {@code slot} is set when some vCPU of that domain waits for a physical CPU. */
    public static final int WAITING_DOMAINS = FLAGS + SIZE_OF_LONG;

    /** int: doorbell of the hypervisor process. */
    public static final int HYPERVISOR_DOORBELL = 256;
    /** long: run word of the hypervisor's serving thread. */
    public static final int HYPERVISOR_RUN = HYPERVISOR_DOORBELL + SIZE_OF_LONG;
    /** 2 longs: bit {@code slot} is set when that domain has filled a mailbox. */
    public static final int MAILBOX_DOMAINS = HYPERVISOR_DOORBELL + 64;
    /** int: doorbell of dom0's toolstack. */
    public static final int TOOLSTACK_DOORBELL = MAILBOX_DOMAINS + 64;
    /** long: run word of the toolstack's serving thread. */
    public static final int TOOLSTACK_RUN = TOOLSTACK_DOORBELL + SIZE_OF_LONG;
    /** int: rung after text was added to the machine console. */
    public static final int CONSOLE_DOORBELL = TOOLSTACK_DOORBELL + 64;
    /** Text: why the machine stopped. */
    public static final int STOP_REASON = CONSOLE_DOORBELL + 64;
    /** Bytes of the stop reason, terminator included. */
    public static final int STOP_REASON_LENGTH = 512;
    /** Bytes of the header. */
    public static final int LENGTH = 4096;

    /** "XENOLITH" read as a little-endian long. */
    public static final long MAGIC_VALUE = 0x4854_494C_4F4E_4558L;
    /** Value of the version word of a whole machine. */
    public static final int VERSION_VALUE = 1;

    /** {@link #POWER}: being created. */
    public static final int POWER_STARTING = 0;
    /** {@link #POWER}: running. */
    public static final int POWER_UP = 1;
    /** {@link #POWER}: {@code xenolith down} is at work; nobody restarts anything. */
    public static final int POWER_GOING_DOWN = 2;

    /** {@link #STOPPED}: runs. */
    public static final int STOP_NONE = 0;
    /** {@link #STOPPED}: an invariant of a living domain is broken. */
    public static final int STOP_INVARIANT = 1;
    /** {@link #STOPPED}: asked for by a command. */
    public static final int STOP_REQUESTED = 2;
    /** {@link #STOPPED}: the audit looks at the machine; ends by itself. */
    public static final int STOP_AUDIT = 3;

    private Header() {
    }
}
