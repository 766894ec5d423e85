package io.xenolith.dom0.blkback;

import io.xenolith.dom0.GrantedPages;

/** A request between being taken and being answered. Pooled per ring: one per in-flight entry. */
final class BlockJob {
    final BlockRing ring;
    final int entry;
    final BlockRequest request = new BlockRequest();
    final BlockFile.Vector vector = new BlockFile.Vector(BlockRequest.MAX_INDIRECT);
    final GrantedPages.Page[] pages = new GrantedPages.Page[BlockRequest.MAX_INDIRECT];
    int pinned;
    /** Operation as the response repeats it. */
    int operation;
    volatile int status;

    BlockJob(final BlockRing ring, final int entry) {
        this.ring = ring;
        this.entry = entry;
    }

    /** Gives the data pages back, before the response can be seen. */
    void unpin() {
        while (pinned > 0) {
            pages[--pinned].release();
            pages[pinned] = null;
        }
    }
}
