package io.xenolith.dom0.durable;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;

import java.util.ArrayList;
import java.util.List;

/**
 * The pages that hold {@link RingRecord}s, and the directory that says whose they are.
 *
 * <pre>
 *  region   0                         4096
 *           +-------------------------+--------+--------+-----
 *           | directory: u64 per page | page 0 | page 1 | ...
 *           +-------------------------+--------+--------+-----
 *  directory entry, in the first page of a record:
 *     bits 0-31 device, 32-47 domid, 48-55 kind (never 0), 56-63 pages; 0 = not the first page of a record
 * </pre>
 * A record exists when its directory entry is written, and is gone when it is zeroed.
 */
public final class RingRecords {
    /** Kind of a block device's ring. */
    public static final int KIND_BLOCK = 1;
    /** Most pages a region can have. */
    public static final int MAX_PAGES = 512;

    private static final int PAGE = 4096;

    /** A record found in the directory. */
    public record Found(int kind, int domid, int device, RingRecord ring) { }

    private final long base;
    private final int pages;

    /**
     * @param address of the region, zero when the machine was made
     * @param bytes   of the region, directory included
     */
    public RingRecords(final long address, final long bytes) {
        base = address;
        pages = (int) Math.min(MAX_PAGES, bytes / PAGE - 1);
    }

    /**
     * Makes a record with room for {@code entries} requests in flight.
     *
     * @return the record, zeroed; null when the region is full
     */
    public RingRecord create(final int kind, final int domid, final int device, final int entries) {
        final int need = (int) ((RingRecord.bytesFor(entries) + PAGE - 1) / PAGE);
        final int at = firstFit(need);
        if (at < 0) {
            return null;
        }
        Raw.fill(page(at), (long) need * PAGE, (byte) 0);
        KillPoint.hit(KillPoint.DOM0_RECORD_CREATE);
        Raw.putLong(entry(at), device & 0xffff_ffffL | (long) (domid & 0xffff) << 32 | (long) kind << 48
                | (long) need << 56);
        return new RingRecord(page(at), entries);
    }

    /** Removes a record. */
    public void remove(final RingRecord record) {
        final int at = (int) ((record.address() - page(0)) / PAGE);
        KillPoint.hit(KillPoint.DOM0_RECORD_REMOVE);
        Raw.putLong(entry(at), 0);
    }

    /** Every record there is, with as many entries as its pages hold. */
    public List<Found> all() {
        final List<Found> found = new ArrayList<>();
        int at = 0;
        while (at < pages) {
            final long e = Raw.getLong(entry(at));
            if (e != 0) {
                final RingRecord r = new RingRecord(page(at), RingRecord.entriesIn((e >>> 56) * PAGE));
                found.add(new Found((int) (e >>> 48) & 0xff, (int) (e >>> 32) & 0xffff, (int) e, r));
            }
            at += Math.max(1, (int) (e >>> 56));
        }
        return found;
    }

    private int firstFit(final int need) {
        int free = 0;
        int at = 0;
        while (at < pages) {
            final int taken = (int) (Raw.getLong(entry(at)) >>> 56);
            free = taken == 0 ? free + 1 : 0;
            if (free == need) {
                return at - need + 1;
            }
            at += Math.max(1, taken);
        }
        return -1;
    }

    private long entry(final int page) {
        return base + page * 8L;
    }

    private long page(final int page) {
        return base + PAGE + (long) page * PAGE;
    }
}
