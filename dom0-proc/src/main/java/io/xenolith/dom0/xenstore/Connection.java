package io.xenolith.dom0.xenstore;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** A domain's connection: its ring, its watches and transactions, half-received requests, unsent replies. */
public final class Connection {
    private final int domid;
    private final int incarnation;
    private final long mfn;
    private final int remotePort;

    final Set<Watch> watches = new LinkedHashSet<>();
    final Map<Integer, Transaction> transactions = new LinkedHashMap<>();
    final Assembly partial = new Assembly();
    final OutQueue out = new OutQueue();
    int nextTransaction = 1;
    int reqCons;
    int error;
    int watchBytes;
    int transactionBytes;

    Connection(final int domid, final int incarnation, final long mfn, final int remotePort) {
        this.domid = domid;
        this.incarnation = incarnation;
        this.mfn = mfn;
        this.remotePort = remotePort;
    }

    /** The domain. */
    public int domid() {
        return domid;
    }

    /** Which life of the domid it is. */
    public int incarnation() {
        return incarnation;
    }

    /** Machine frame of the ring page. */
    public long mfn() {
        return mfn;
    }

    /** The domain's end of the event channel. */
    public int remotePort() {
        return remotePort;
    }

    /** XENSTORE_ERROR_ code when the connection is broken, else 0. */
    public int error() {
        return error;
    }

    /** Bytes that the journal has to keep for the connection. */
    int heldBytes() {
        return watchBytes + transactionBytes + out.size() + partial.size();
    }

    /** Bytes that wait for room in the ring. */
    public int backlog() {
        return out.size();
    }
}
