package io.xenolith.hv.hypercall;

/**
 * What other packages need of the frame accounting: to hold a frame of the calling domain, and to put granted frames
 * into its page tables. Results are 0 or a negative {@link Errno}.
 */
public interface CallerFrames {
    /**
     * Takes a general reference and a writable type reference on a frame that the caller owns (a vcpu_info page, a
     * FIFO event array page, ...).
     *
     * @param mfn machine frame.
     * @return 0; {@code -EINVAL} when the caller does not own it; {@code -EACCES} while it is a page table, a
     *         descriptor page or otherwise not to be written.
     */
    int getWritable(long mfn);

    /**
     * Drops what {@link #getWritable} took.
     *
     * @param mfn machine frame.
     */
    void putWritable(long mfn);

    /**
     * Maps a granted foreign frame. The caller of this method holds the pin that keeps the frame.
     *
     * @param hostAddress guest linear address of the mapping, or the machine address of the page-table entry when
     *                    {@code containsPte}.
     * @param containsPte GNTMAP_contains_pte.
     * @param mfn         the granted frame.
     * @param writable    whether the mapping may write.
     * @param user        GNTMAP_application_map.
     * @param available   GNTMAP guest-available bits, already shifted to PTE bits 9..11.
     * @return 0 or a negative errno.
     */
    int mapGranted(long hostAddress, boolean containsPte, long mfn, boolean writable, boolean user, long available);

    /**
     * Removes a granted mapping, or replaces it by another entry (GNTTABOP_unmap_and_replace).
     *
     * @param hostAddress  as in {@link #mapGranted}.
     * @param containsPte  as in {@link #mapGranted}.
     * @param mfn          the granted frame that the entry must still map.
     * @param writable     whether the entry is the writable mapping (an entry of the other kind does not count).
     * @param replacement  0 to clear the entry, else a linear address whose entry is moved here.
     * @return 0; a negative errno when the entry maps something else (the guest may have cleared it itself).
     */
    int unmapGranted(long hostAddress, boolean containsPte, long mfn, boolean writable, long replacement);

    /**
     * Takes one of the caller's frames out of its hands for transfer or exchange: it must be unreferenced. The frame
     * stays owned, no new reference can be taken, and its machine-to-physical entry is invalid.
     *
     * @param mfn machine frame.
     * @return 0; {@code -EINVAL} when not owned or still referenced.
     */
    int steal(long mfn);

    /**
     * Gives a stolen frame back.
     *
     * @param mfn machine frame.
     */
    void unsteal(long mfn);
}
