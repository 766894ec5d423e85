package io.xenolith.dom0;

import java.util.concurrent.atomic.AtomicInteger;

/** A guest's memory: grant reference <i>n</i> is page <i>n</i>. Counts what is pinned. */
public final class MockPages implements GrantedPages {
    private final long base;
    private final int pages;
    private final AtomicInteger pinned = new AtomicInteger();
    /** Reference granted for reading only. */
    public int readOnly = -1;

    public MockPages(final long base, final int pages) {
        this.base = base;
        this.pages = pages;
    }

    @Override
    public Page pin(final int domid, final int gref, final boolean write) throws RefusedException {
        if (gref < 0 || gref >= pages || write && gref == readOnly) {
            throw new RefusedException("grant not usable: gref=" + gref);
        }
        pinned.incrementAndGet();
        return new Page() {
            @Override
            public long address() {
                return base + gref * 4096L;
            }

            @Override
            public void release() {
                pinned.decrementAndGet();
            }
        };
    }

    /** Pages pinned now. */
    public int pinned() {
        return pinned.get();
    }

    /** Address of a page. */
    public long address(final int gref) {
        return base + gref * 4096L;
    }
}
