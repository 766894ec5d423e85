package io.xenolith.hv.pv;

import io.xenolith.hv.hypercall.Hypercall;

/**
 * What a paravirtual domain needs of the rest of the hypervisor: events, grants, scheduling, time, free frames. One
 * implementation joins the parts; tests bring a small one.
 */
public interface DomainServices {
    /**
     * The handler of a hypercall that the x86 packages do not serve themselves (events, grants, scheduling, timers).
     *
     * @param number hypercall number.
     * @return its handler, or null when there is none.
     */
    Hypercall handler(int number);

    /**
     * Gets a run of free machine frames for the domain, owned by it and in state MAGAZINE.
     *
     * @param vcpu        the calling vCPU.
     * @param frames      how many, contiguous.
     * @param addressBits width of machine addresses that the caller can use, 0 for any.
     * @return first frame, or a negative errno.
     */
    long claimFrames(int vcpu, int frames, int addressBits);

    /**
     * Gives frames in state MAGAZINE back to the machine's heap.
     *
     * @param vcpu   the calling vCPU.
     * @param mfn    first frame.
     * @param frames how many, contiguous.
     */
    void returnFrames(int vcpu, long mfn, int frames);

    /**
     * Whether another domain has pinned a frame by a grant.
     *
     * @param mfn       a frame of this domain that has been granted.
     * @param writeOnly look for writable pins only.
     * @return true when it has.
     */
    boolean pinned(long mfn, boolean writeOnly);

    /**
     * Makes other vCPUs of the domain drop their translations, and waits for it (the shootdown protocol).
     *
     * @param vcpu  the calling vCPU, never among the targets.
     * @param vcpus mask of targets.
     */
    void flushOthers(int vcpu, long vcpus);

    /** @return the guests' time-stamp counter now. */
    long tsc();

    /** @return its frequency in Hz. */
    long tscFrequency();

    /** @return nanoseconds since the machine's system time began. */
    long systemTimeNs();

    /**
     * The domain ends by its own doing or by ours: records the reason for the toolstack and stops every vCPU. The
     * register dump has been written before.
     *
     * @param vcpu   the calling vCPU.
     * @param reason SHUTDOWN_ code of the public {@code sched.h}; 3 for a crash.
     */
    void shutdown(int vcpu, int reason);
}
