package io.xenolith.shm.abi;

/** States of a device's two halves. */
public final class XenbusState {
    /** Not there. */
    public static final int UNKNOWN = 0;
    /** Front: setting up. */
    public static final int INITIALISING = 1;
    /** Back: waits for the front. */
    public static final int INIT_WAIT = 2;
    /** Front: its ring is published. */
    public static final int INITIALISED = 3;
    /** In use. */
    public static final int CONNECTED = 4;
    /** Being closed. */
    public static final int CLOSING = 5;
    /** Closed. */
    public static final int CLOSED = 6;
    /** Being changed. */
    public static final int RECONFIGURING = 7;
    /** Changed. */
    public static final int RECONFIGURED = 8;

    private XenbusState() {
    }
}
