package io.xenolith.dom0.durable;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;

/**
 * What a back-end must not forget about one device ring: its private positions, how it is connected, and every
 * request that it has taken and not finished.
 *
 * <pre>
 *  record  0          4          8            12            16      20    24            88
 *          +----------+----------+------------+-------------+-------+-----+-------------+----------
 *          | req_cons | rsp_prod | local port | remote port | pages | abi | grefs[16]   | reserved
 *          +----------+----------+------------+-------------+-------+-----+-------------+----------
 *  from 256: entries of 128 bytes
 *          0                8                                                          128
 *          +----------------+-----------------------------------------------------------+
 *          | state u32, ix  | copy of the descriptor, at most 112 bytes                 |
 *          +----------------+-----------------------------------------------------------+
 * </pre>
 * Order of stores for one request (crash rule 7), and what a successor does when it finds each remainder:
 * <ol>
 * <li>descriptor, then state IN_FLIGHT(request index). Found with index &gt;= req_cons: taken, req_cons follows;
 * <li>req_cons moves on. Found IN_FLIGHT: the request is issued again;
 * <li>response into the ring's slot, then state ANSWERED(response index). Found: the response stands in the ring;
 *     it is published, never written again;
 * <li>rsp_prod here, then rsp_prod in the ring, then state FREE. Found ANSWERED below rsp_prod: just cleared.
 * </ol>
 */
public final class RingRecord {
    /** Bytes of a descriptor that fit in an entry. */
    public static final int DESCRIPTOR_BYTES = 112;
    /** Most pages of a ring. */
    public static final int MAX_RING_PAGES = 16;

    /** Entry state: unused. */
    public static final int FREE = 0;
    /** Entry state: taken from the ring, not answered. The index is the request's. */
    public static final int IN_FLIGHT = 1;
    /** Entry state: response written to the ring. The index is the response's. */
    public static final int ANSWERED = 2;

    private static final int REQ_CONS = 0;
    private static final int RSP_PROD = 4;
    private static final int LOCAL_PORT = 8;
    private static final int REMOTE_PORT = 12;
    private static final int PAGES = 16;
    private static final int ABI = 20;
    private static final int GREFS = 24;
    private static final int ENTRIES = 256;
    private static final int ENTRY_BYTES = 128;
    private static final int DESCRIPTOR = 8;

    private final long base;
    private final int entries;

    RingRecord(final long address, final int entries) {
        this.base = address;
        this.entries = entries;
    }

    static long bytesFor(final int entries) {
        return ENTRIES + (long) entries * ENTRY_BYTES;
    }

    static int entriesIn(final long bytes) {
        return (int) ((bytes - ENTRIES) / ENTRY_BYTES);
    }

    long address() {
        return base;
    }

    /** Requests that can be in flight. */
    public int entries() {
        return entries;
    }

    /** Writes down how the ring is connected; part of making the record, before any request. */
    public void setConnection(final int localPort, final int remotePort, final int abi, final int[] grefs) {
        Raw.putInt(base + LOCAL_PORT, localPort);
        Raw.putInt(base + REMOTE_PORT, remotePort);
        Raw.putInt(base + ABI, abi);
        for (int i = 0; i < grefs.length; i++) {
            Raw.putInt(base + GREFS + i * 4L, grefs[i]);
        }
        KillPoint.hit(KillPoint.DOM0_RECORD_CONNECT);
        Raw.putInt(base + PAGES, grefs.length);
    }

    /** Pages of the ring; 0 while the connection is not written down. */
    public int pages() {
        return Math.min(MAX_RING_PAGES, Math.max(0, Raw.getInt(base + PAGES)));
    }

    /** Grant references of the ring's pages. */
    public int[] grefs() {
        final int[] grefs = new int[pages()];
        for (int i = 0; i < grefs.length; i++) {
            grefs[i] = Raw.getInt(base + GREFS + i * 4L);
        }
        return grefs;
    }

    /** Our end of the event channel. */
    public int localPort() {
        return Raw.getInt(base + LOCAL_PORT);
    }

    /** The front-end's end of the event channel. */
    public int remotePort() {
        return Raw.getInt(base + REMOTE_PORT);
    }

    /** The ring's ABI, in the back-end's own numbering. */
    public int abi() {
        return Raw.getInt(base + ABI);
    }

    /** Requests taken so far. */
    public int reqCons() {
        return Raw.getInt(base + REQ_CONS);
    }

    /** Moves {@link #reqCons}. */
    public void setReqCons(final int index) {
        KillPoint.hit(KillPoint.DOM0_RING_REQ_CONS);
        Raw.putInt(base + REQ_CONS, index);
    }

    /** Responses to publish: the ring's rsp_prod is never ahead of this. */
    public int rspProd() {
        return Raw.getInt(base + RSP_PROD);
    }

    /** Moves {@link #rspProd}. */
    public void setRspProd(final int index) {
        KillPoint.hit(KillPoint.DOM0_RING_RSP_PROD);
        Raw.putInt(base + RSP_PROD, index);
    }

    /** State of an entry. */
    public int state(final int entry) {
        return (int) Raw.getLong(entryAt(entry));
    }

    /** Request or response index of an entry. */
    public int index(final int entry) {
        return (int) (Raw.getLong(entryAt(entry)) >>> 32);
    }

    /** Address of the entry's copy of the descriptor. */
    public long descriptor(final int entry) {
        return entryAt(entry) + DESCRIPTOR;
    }

    /** The descriptor copied to {@link #descriptor} is taken. */
    public void markInFlight(final int entry, final int requestIndex) {
        KillPoint.hit(KillPoint.DOM0_RING_IN_FLIGHT);
        setState(entry, IN_FLIGHT, requestIndex);
    }

    /** The response of the entry stands in the ring. */
    public void markAnswered(final int entry, final int responseIndex) {
        KillPoint.hit(KillPoint.DOM0_RING_ANSWERED);
        setState(entry, ANSWERED, responseIndex);
    }

    /** The response of the entry is published. */
    public void clear(final int entry) {
        KillPoint.hit(KillPoint.DOM0_RING_CLEAR);
        setState(entry, FREE, 0);
    }

    private void setState(final int entry, final int state, final int index) {
        Raw.putLong(entryAt(entry), state | (long) index << 32);
    }

    private long entryAt(final int entry) {
        return base + ENTRIES + (long) entry * ENTRY_BYTES;
    }
}
