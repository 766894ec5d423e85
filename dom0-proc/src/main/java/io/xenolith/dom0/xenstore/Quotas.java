package io.xenolith.dom0.xenstore;

/**
 * How much of the store one unprivileged domain can take. Numbers as in Xen, but for the bytes, which are what
 * keeps one domain, or all together, from filling dom0's journal.
 *
 * @param nodes        nodes owned
 * @param nodeBytes    bytes of one value
 * @param ownedBytes   bytes of all nodes owned
 * @param watches      watches registered
 * @param transactions open transactions
 * @param transactionBytes bytes of what all open transactions of a domain have seen and changed
 * @param watchBytes   bytes of all paths and tokens of a domain's watches
 * @param backlog      bytes queued to a domain that does not read; beyond it, requests wait and watch events drop
 * @param totalBytes   bytes of all that the journal keeps for the store, beyond which no unprivileged domain may add
 */
public record Quotas(int nodes, int nodeBytes, int ownedBytes, int watches, int transactions,
                     int transactionBytes, int watchBytes, int backlog, long totalBytes) {
    /** What a machine starts with. */
    public static final Quotas DEFAULT = new Quotas(1000, 2048, 96 << 10, 128, 10, 64 << 10, 24 << 10, 16 << 10,
            2560 << 10);
}
