package io.xenolith.dom0.console;

import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.ConsoleInterface;

/** dom0's side of a console page. The guest can write all of it: every index is checked by the caller. */
final class ConsolePage {
    /** Bytes towards the guest. */
    static final int IN_SIZE = 1024;
    /** Bytes from the guest. */
    static final int OUT_SIZE = 2048;

    private final long page;

    ConsolePage(final long page) {
        this.page = page;
    }

    int outProd() {
        return Raw.getIntVolatile(page + ConsoleInterface.OUT_PROD);
    }

    void copyOut(final int outCons, final byte[] into, final int n) {
        for (int i = 0; i < n; i++) {
            into[i] = Raw.getByte(page + ConsoleInterface.OUT + (outCons + i & OUT_SIZE - 1));
        }
    }

    void publishOutCons(final int outCons) {
        Raw.putIntVolatile(page + ConsoleInterface.OUT_CONS, outCons);
    }

    int inCons() {
        return Raw.getIntVolatile(page + ConsoleInterface.IN_CONS);
    }

    int inProd() {
        return Raw.getIntVolatile(page + ConsoleInterface.IN_PROD);
    }

    void copyIn(final int inProd, final byte[] from, final int n) {
        for (int i = 0; i < n; i++) {
            Raw.putByte(page + ConsoleInterface.IN + (inProd + i & IN_SIZE - 1), from[i]);
        }
    }

    void publishInProd(final int inProd) {
        Raw.putIntVolatile(page + ConsoleInterface.IN_PROD, inProd);
    }

    /** Sets both input indices to 0 if both are {@code at}: one word, so no guest sees one without the other. */
    boolean rewind(final int at) {
        final long both = at & 0xffff_ffffL;
        return Raw.casLong(page + ConsoleInterface.IN_CONS, both | both << 32, 0);
    }
}
