package io.xenolith.dom0;

import io.xenolith.dom0.xenstore.LocalStore;
import io.xenolith.dom0.xenstore.Perms;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.BlkifRequest;
import io.xenolith.shm.abi.RingHeader;

import java.util.ArrayList;
import java.util.List;

/** The guest's side of a block device: xenstore nodes and raw ring bytes, by the public layout. */
public final class MockBlockFront {
    /** A response. */
    public record Response(long id, int operation, int status) { }

    /** One segment of a request. */
    public record Segment(int gref, int first, int last) { }

    public static final int NUMBER = 51712;
    public static final int PORT = 9;
    public static final String FRONT = "/local/domain/7/device/vbd/51712";
    public static final String BACK = "/local/domain/0/backend/vbd/7/51712";

    private final long guest;
    private final boolean wide;
    private final int order;
    private final int slots;
    private int rspCons;

    /** @param guest address of the guest's page 0; the ring is page 8 and following */
    public MockBlockFront(final long guest, final boolean wide, final int order) {
        this.guest = guest;
        this.wide = wide;
        this.order = order;
        this.slots = Integer.highestOneBit(((4096 << order) - 64) / slotBytes());
    }

    /** What the toolstack writes for a disk. */
    public static void createNodes(final LocalStore s, final String path, final String mode) {
        s.mkdir(FRONT, Perms.of("n7", "r0"));
        s.write(FRONT + "/backend", BACK);
        s.write(FRONT + "/state", "1");
        s.mkdir(BACK, Perms.of("n0", "r7"));
        s.write(BACK + "/frontend", FRONT);
        s.write(BACK + "/params", path);
        s.write(BACK + "/online", "1");
        s.write(BACK + "/mode", mode);
        s.write(BACK + "/device-type", "disk");
        s.write(BACK + "/discard-enable", mode.equals("w") ? "1" : "0");
        s.write(BACK + "/state", "1");
    }

    private int slotBytes() {
        return BlkifRequest.of(wide ? 64 : 32).length;
    }

    public int slots() {
        return slots;
    }

    /** Initialises the ring and publishes it. */
    public void publish(final LocalStore s) {
        Raw.fill(guest + 8 * 4096L, 4096L << order, (byte) 0);
        Raw.putInt(ring() + RingHeader.REQ_EVENT, 1);
        Raw.putInt(ring() + RingHeader.RSP_EVENT, 1);
        rspCons = 0;
        if (order == 0) {
            s.write(FRONT + "/ring-ref", "8");
        } else {
            s.write(FRONT + "/ring-page-order", Integer.toString(order));
            for (int i = 0; i < 1 << order; i++) {
                s.write(FRONT + "/ring-ref" + i, Integer.toString(8 + i));
            }
        }
        s.write(FRONT + "/event-channel", Integer.toString(PORT));
        s.write(FRONT + "/protocol", wide ? "x86_64-abi" : "x86_32-abi");
        s.write(FRONT + "/state", "3");
    }

    private long ring() {
        return guest + 8 * 4096L;
    }

    private long slot(final int index) {
        return ring() + 64 + (long) (index & slots - 1) * slotBytes();
    }

    public int reqProd() {
        return Raw.getInt(ring() + RingHeader.REQ_PROD);
    }

    public void setReqProd(final int index) {
        Raw.putIntVolatile(ring() + RingHeader.REQ_PROD, index);
    }

    public int rspProd() {
        return Raw.getIntVolatile(ring() + RingHeader.RSP_PROD);
    }

    public int reqEvent() {
        return Raw.getIntVolatile(ring() + RingHeader.REQ_EVENT);
    }

    public void setRspEvent(final int index) {
        Raw.putIntVolatile(ring() + RingHeader.RSP_EVENT, index);
    }

    /** Room for another request. */
    public boolean hasRoom() {
        return reqProd() - rspCons < slots;
    }

    /** Puts a request into the ring and shows it. */
    public void put(final int op, final long id, final long sector, final List<Segment> segments) {
        final long s = slot(reqProd());
        Raw.putByte(s, (byte) op);
        Raw.putByte(s + 1, (byte) segments.size());
        Raw.putShort(s + 2, (short) 0);
        Raw.putLong(s + BlkifRequest.of(wide ? 64 : 32).id, id);
        Raw.putLong(s + BlkifRequest.of(wide ? 64 : 32).sectorNumber, sector);
        writeSegments(s + BlkifRequest.of(wide ? 64 : 32).seg, segments.subList(0, Math.min(11, segments.size())));
        setReqProd(reqProd() + 1);
    }

    /** Puts an indirect request, its segments in page {@code gref}. */
    public void putIndirect(final int op, final long id, final long sector, final int gref, final List<Segment> segments) {
        writeSegments(guest + gref * 4096L, segments);
        final long s = slot(reqProd());
        final int shift = wide ? 4 : 0;
        Raw.putByte(s, (byte) 6);
        Raw.putByte(s + 1, (byte) op);
        Raw.putShort(s + 2, (short) segments.size());
        Raw.putLong(s + 4 + shift, id);
        Raw.putLong(s + 12 + shift, sector);
        Raw.putInt(s + 24 + shift, gref);
        setReqProd(reqProd() + 1);
    }

    /** Puts a discard request. */
    public void putDiscard(final long id, final long sector, final long sectors) {
        final long s = slot(reqProd());
        final int shift = wide ? 4 : 0;
        Raw.putByte(s, (byte) 5);
        Raw.putByte(s + 1, (byte) 0);
        Raw.putLong(s + 4 + shift, id);
        Raw.putLong(s + 12 + shift, sector);
        Raw.putLong(s + 20 + shift, sectors);
        setReqProd(reqProd() + 1);
    }

    private static void writeSegments(final long at, final List<Segment> segments) {
        for (int i = 0; i < segments.size(); i++) {
            Raw.putInt(at + i * 8L, segments.get(i).gref());
            Raw.putByte(at + i * 8L + 4, (byte) segments.get(i).first());
            Raw.putByte(at + i * 8L + 5, (byte) segments.get(i).last());
        }
    }

    /** Responses that have come since the last call. */
    public List<Response> take() {
        final List<Response> all = new ArrayList<>();
        while (rspCons != rspProd()) {
            final long s = slot(rspCons++);
            all.add(new Response(Raw.getLong(s), Raw.getByte(s + 8), Raw.getShort(s + 10)));
        }
        return all;
    }
}
