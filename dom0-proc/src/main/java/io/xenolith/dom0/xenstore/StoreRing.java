package io.xenolith.dom0.xenstore;

import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.XenstoreInterface;

/**
 * dom0's side of a xenstore ring page. The page belongs to the guest: each index is read once per use and checked,
 * and our own positions are never read back from it.
 */
final class StoreRing {
    /** Bytes of each direction. */
    static final int SIZE = XenstoreInterface.RING_SIZE;


    private final long page;

    StoreRing(final long page) {
        this.page = page;
    }

    /** Bytes of requests behind {@code reqCons}; beyond {@link #SIZE}, the guest's index is nonsense. */
    int requested(final int reqCons) {
        return Raw.getIntVolatile(page + XenstoreInterface.REQ_PROD) - reqCons;
    }

    void copyRequest(final int reqCons, final byte[] into, final int n) {
        for (int i = 0; i < n; i++) {
            into[i] = Raw.getByte(page + XenstoreInterface.REQ + (reqCons + i & SIZE - 1));
        }
    }

    /** Volatile, since the next thing is to look at the producer's index again. */
    void publishReqCons(final int reqCons) {
        Raw.putIntVolatile(page + XenstoreInterface.REQ_CONS, reqCons);
    }

    /** Bytes of replies the guest has not consumed; beyond {@link #SIZE}, its index is nonsense. */
    int unread(final int rspProd) {
        return rspProd - Raw.getIntVolatile(page + XenstoreInterface.RSP_CONS);
    }

    void copyReply(final int rspProd, final byte[] from, final int n) {
        for (int i = 0; i < n; i++) {
            Raw.putByte(page + XenstoreInterface.RSP + (rspProd + i & SIZE - 1), from[i]);
        }
    }

    void publishRspProd(final int rspProd) {
        Raw.putIntVolatile(page + XenstoreInterface.RSP_PROD, rspProd);
    }

    void setError(final int error) {
        Raw.putInt(page + XenstoreInterface.ERROR, error);
    }
}
