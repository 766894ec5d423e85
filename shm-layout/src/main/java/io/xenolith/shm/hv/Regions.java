package io.xenolith.shm.hv;

/**
 * Where the regions of the file {@code hypervisor} begin. The frame table is last because only its size depends
 * on the machine.
 *
 * <pre>
 *  +------------------------------+ 0
 *  | header                       |  1 page   reserved at power-on
 *  | counters                     |  1 page       "
 *  | intent record                |  1 page       "
 *  | physical CPUs                |  1 page       "
 *  | toolstack slots              |  1 page       "
 *  | machine console              | 17 pages      "
 *  | domain table                 | 64 pages      "
 *  +------------------------------+
 *  | toolstack texts              | 16 x 64 KiB   each when a command first uses it
 *  +------------------------------+
 *  | domain area 0                | about 5 MiB of address space each:
 *  | ...                          |   domain pages, vCPU records, event channels, active grants, map tracking,
 *  | domain area 127              |   each backed as far as the domain uses it
 *  +------------------------------+
 *  | frame table                  | 32 bytes per frame, reserved at power-on
 *  +------------------------------+
 * </pre>
 */
public final class Regions {
    private static final int PAGE = 4096;

    /** {@link Header}. */
    public static final long HEADER = 0;
    /** {@link SystemCounter} longs. */
    public static final long COUNTERS = HEADER + Header.LENGTH;
    /** {@link IntentRecord}. */
    public static final long INTENT = COUNTERS + (long) SystemCounter.MAX_COUNTERS * Long.BYTES;
    /** {@link PcpuSlot}s. */
    public static final long PCPUS = INTENT + IntentRecord.LENGTH;
    /** {@link ToolstackSlot}s. */
    public static final long TOOLSTACK = PCPUS + (long) PcpuSlot.MAX_PCPUS * PcpuSlot.LENGTH;
    /** {@link ConsoleRing}. */
    public static final long CONSOLE = TOOLSTACK + PAGE;
    /** {@link DomainRecord}s. */
    public static final long DOMAINS = pages(CONSOLE + ConsoleRing.LENGTH);
    /** End of what is reserved at power-on, the frame table aside. */
    public static final long FIXED_END = DOMAINS + (long) DomainRecord.SLOTS * DomainRecord.LENGTH;
    /** Texts of the toolstack slots. */
    public static final long TOOLSTACK_TEXTS = pages(FIXED_END);
    /** First domain area. */
    public static final long DOMAIN_AREAS =
            TOOLSTACK_TEXTS + (long) ToolstackSlot.SLOTS * ToolstackSlot.AREA_LENGTH;

    /** In a domain area: {@link DomainPage}. */
    public static final long AREA_PAGES = 0;
    /** In a domain area: {@link VcpuRecord}s. */
    public static final long AREA_VCPUS = AREA_PAGES + DomainPage.LENGTH;
    /** In a domain area: {@link ActiveGrant}s. */
    public static final long AREA_GRANTS = AREA_VCPUS + (long) DomainRecord.MAX_VCPUS * VcpuRecord.LENGTH;
    /** In a domain area: {@link MaptrackEntry}s. */
    public static final long AREA_MAPTRACK = AREA_GRANTS + (long) ActiveGrant.MAX_GRANTS * ActiveGrant.LENGTH;
    /** In a domain area: {@link EvtchnRecord}s. */
    public static final long AREA_PORTS = AREA_MAPTRACK + (long) MaptrackEntry.MAX_HANDLES * MaptrackEntry.LENGTH;
    /** Bytes of a domain area. */
    public static final long AREA_LENGTH = AREA_PORTS + (long) EvtchnRecord.MAX_PORTS * EvtchnRecord.LENGTH;

    /** {@link FrameRecord}s. */
    public static final long FRAMES = DOMAIN_AREAS + DomainRecord.SLOTS * AREA_LENGTH;

    private Regions() {
    }

    /** Length of the file for a machine of {@code frames} frames. */
    public static long fileLength(final long frames) {
        return pages(FRAMES + frames * FrameRecord.LENGTH);
    }

    /** Bytes that are reserved at power-on. */
    public static long fixedCost(final long frames) {
        return pages(FIXED_END) + pages(frames * FrameRecord.LENGTH);
    }

    private static long pages(final long bytes) {
        return bytes + PAGE - 1 & -PAGE;
    }
}
