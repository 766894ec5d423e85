package io.xenolith.dom0.xenstore;

import io.xenolith.shm.Raw;

/**
 * dom0's side of a xenstore ring page. The page belongs to the guest: each index is read once per use and checked,
 * and our own positions are never read back from it.
 */
final class StoreRing {
    /** Bytes of each direction. */
    static final int SIZE = 1024;

    private static final int REQ = 0;
    private static final int RSP = 1024;
    private static final int REQ_CONS = 2048;
    private static final int REQ_PROD = 2052;
    private static final int RSP_CONS = 2056;
    private static final int RSP_PROD = 2060;
    private static final int ERROR = 2072;

    private final long page;

    StoreRing(final long page) {
        this.page = page;
    }

    /** Bytes of requests behind {@code reqCons}; beyond {@link #SIZE}, the guest's index is nonsense. */
    int requested(final int reqCons) {
        return Raw.getIntVolatile(page + REQ_PROD) - reqCons;
    }

    void copyRequest(final int reqCons, final byte[] into, final int n) {
        for (int i = 0; i < n; i++) {
            into[i] = Raw.getByte(page + REQ + (reqCons + i & SIZE - 1));
        }
    }

    /** Volatile, since the next thing is to look at the producer's index again. */
    void publishReqCons(final int reqCons) {
        Raw.putIntVolatile(page + REQ_CONS, reqCons);
    }

    /** Bytes of replies the guest has not consumed; beyond {@link #SIZE}, its index is nonsense. */
    int unread(final int rspProd) {
        return rspProd - Raw.getIntVolatile(page + RSP_CONS);
    }

    void copyReply(final int rspProd, final byte[] from, final int n) {
        for (int i = 0; i < n; i++) {
            Raw.putByte(page + RSP + (rspProd + i & SIZE - 1), from[i]);
        }
    }

    void publishRspProd(final int rspProd) {
        Raw.putIntVolatile(page + RSP_PROD, rspProd);
    }

    void setError(final int error) {
        Raw.putInt(page + ERROR, error);
    }
}
