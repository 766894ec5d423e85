package io.xenolith.hv.mm;

/**
 * How memory management reaches the translation caches of a domain's vCPUs: the calling vCPU's own directly, the others'
 * through the shootdown protocol (attention and run words). "Others" never includes the caller.
 */
public interface TlbControl {
    /** Drops every translation of the calling vCPU, and re-reads root entries that its MMU keeps. */
    void flushLocal();

    /** Drops one translation of the calling vCPU. @param vaddr linear address. */
    void flushLocalPage(long vaddr);

    /**
     * Makes other vCPUs drop all their translations, and waits until they have, or cannot use them any more.
     *
     * @param vcpus bit mask of vCPU numbers; the caller's own bit is ignored.
     */
    void flushOthers(long vcpus);

    /** @return mask of every vCPU of the domain that may hold translations. */
    long allVcpus();

    /** One turn of waiting for another vCPU. */
    default void waiting() {
        Thread.onSpinWait();
    }
}
