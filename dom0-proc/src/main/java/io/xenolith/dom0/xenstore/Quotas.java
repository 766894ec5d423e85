package io.xenolith.dom0.xenstore;

/**
 * How much of the store one unprivileged domain can take. Numbers as in Xen, but for the bytes, which are what
 * keeps one domain from filling dom0's journal.
 *
 * @param nodes        nodes owned
 * @param nodeBytes    bytes of one value
 * @param ownedBytes   bytes of all nodes owned
 * @param watches      watches registered
 * @param transactions open transactions
 * @param backlog      bytes queued to a domain that does not read; beyond it, requests wait and watch events drop
 * @param totalBytes   bytes of all nodes, beyond which no unprivileged domain may add any
 */
public record Quotas(int nodes, int nodeBytes, int ownedBytes, int watches, int transactions, int backlog,
                     long totalBytes) {
    /** What a machine starts with. */
    public static final Quotas DEFAULT = new Quotas(1000, 2048, 96 << 10, 128, 10, 16 << 10, 1536 << 10);
}
