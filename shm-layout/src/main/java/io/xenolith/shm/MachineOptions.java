package io.xenolith.shm;

/**
 * What a new machine is like.
 *
 * @param memoryBytes  size of machine memory, a multiple of the frame size, at least {@link #MIN_MEMORY}
 * @param pcpus        number of physical CPUs, 1 to {@link io.xenolith.shm.hv.PcpuSlot#MAX_PCPUS}
 * @param tscFrequency Hz of the guests' time-stamp counter
 * @param buildId      text that names the build, at most 40 bytes
 */
public record MachineOptions(long memoryBytes, int pcpus, long tscFrequency, String buildId) {
    /** Smallest machine: room for both machine-to-physical tables and a small domain. */
    public static final long MIN_MEMORY = 8L << 20;
    /** The guests' time-stamp counter counts nanoseconds unless told otherwise. */
    public static final long DEFAULT_TSC_FREQUENCY = 1_000_000_000L;

    /** A machine of the given size with one physical CPU per host CPU. */
    public static MachineOptions ofMemory(final long memoryBytes) {
        return new MachineOptions(memoryBytes, Runtime.getRuntime().availableProcessors(), DEFAULT_TSC_FREQUENCY,
                "dev");
    }

    /** Number of frames. */
    public long frames() {
        return memoryBytes >>> PhysicalMemory.FRAME_SHIFT;
    }
}
