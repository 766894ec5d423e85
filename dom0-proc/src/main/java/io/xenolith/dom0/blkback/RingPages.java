package io.xenolith.dom0.blkback;

import io.xenolith.dom0.GrantedPages;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.Abi;
import io.xenolith.shm.abi.BlkifRequest;
import io.xenolith.shm.abi.RingHeader;

/**
 * The shared pages of a block ring. They lie anywhere in machine memory, and slots may cross from one to the next;
 * the header is at the start of the first.
 */
final class RingPages {
    private static final int PAGE = 4096;
    private static final int SLOTS_AT = RingHeader.RING;

    private final GrantedPages.Page[] pages;
    private final boolean wide;
    private final int slotBytes;
    private final int slots;

    RingPages(final GrantedPages.Page[] pages, final boolean wide) {
        this.pages = pages;
        this.wide = wide;
        this.slotBytes = slotBytes(wide);
        this.slots = slotsIn(pages.length, wide);
    }

    /** Requests that a ring of some pages holds: the largest power of two that fits. */
    static int slotsIn(final int pages, final boolean wide) {
        return Integer.highestOneBit((pages * PAGE - SLOTS_AT) / slotBytes(wide));
    }

    private static int slotBytes(final boolean wide) {
        return BlkifRequest.of(wide ? Abi.X64 : Abi.X32).length;
    }

    int slots() {
        return slots;
    }

    boolean isWide() {
        return wide;
    }

    int reqProd() {
        return Raw.getIntVolatile(head() + RingHeader.REQ_PROD);
    }

    /** Asks to be told when the front-end moves past {@code index}. Volatile: the caller looks again after it. */
    void setReqEvent(final int index) {
        Raw.putIntVolatile(head() + RingHeader.REQ_EVENT, index);
    }

    void publishRspProd(final int index) {
        Raw.putIntVolatile(head() + RingHeader.RSP_PROD, index);
    }

    int rspEvent() {
        return Raw.getIntVolatile(head() + RingHeader.RSP_EVENT);
    }

    private long head() {
        return pages[0].address();
    }

    /** Copies a request's slot, once, to {@code to}. */
    void copyRequest(final int index, final long to) {
        final int at = slot(index);
        for (int i = 0; i < slotBytes; i += 4) {
            // Slots and page borders are multiples of four.
            Raw.putInt(to + i, Raw.getInt(address(at + i)));
        }
    }

    /** Writes a response into its slot. */
    void putResponse(final int index, final long id, final int operation, final int status) {
        final int at = slot(index);
        Raw.putInt(address(at), (int) id);
        Raw.putInt(address(at + 4), (int) (id >>> 32));
        Raw.putInt(address(at + 8), operation & 0xff | (status & 0xffff) << 16);
    }

    private int slot(final int index) {
        return SLOTS_AT + (index & slots - 1) * slotBytes;
    }

    private long address(final int offset) {
        return pages[offset / PAGE].address() + offset % PAGE;
    }

    void release() {
        for (final GrantedPages.Page p : pages) {
            p.release();
        }
    }
}
