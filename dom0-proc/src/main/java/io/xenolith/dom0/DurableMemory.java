package io.xenolith.dom0;

import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.hv.control.Domains;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.hv.control.GlobalCalls;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;

/**
 * The frames in which dom0 keeps what it must not lose. They are dom0's own, lie in a row, and are found through two
 * words of dom0's domain record that other domains use for their rings: store mfn (first frame) and console mfn
 * (number of frames, written last).
 *
 * <pre>
 *   | journal, 2 x 6 MiB + 4 KiB | domain cells, 8 KiB | ring records, 2 MiB |
 * </pre>
 */
final class DurableMemory {
    private static final long JOURNAL_BYTES = (12L << 20) + 4096;
    private static final long RECORD_BYTES = 2L << 20;
    private static final long BYTES = JOURNAL_BYTES + DomainCells.BYTES + RECORD_BYTES;
    private static final int FRAMES = (int) ((BYTES + PhysicalMemory.FRAME_SIZE - 1) / PhysicalMemory.FRAME_SIZE);

    private final long base;

    private DurableMemory(final long base) {
        this.base = base;
    }

    /**
     * Finds the memory of a predecessor, or takes frames for it.
     *
     * @throws DomctlException when the machine has no row of frames that is long enough
     */
    static DurableMemory open(final Machine machine, final GlobalCalls global) throws DomctlException {
        final long record = machine.hv().domain(DomainRecord.slot(0));
        if (Raw.getLong(record + DomainRecord.STORE_MFN) == 0) {
            final long claimed = claimed(machine, record);
            final long mfn = claimed != 0 ? claimed : claim(global);
            KillPoint.hit(KillPoint.DOM0_MEMORY_CLAIMED);
            Raw.putLong(record + DomainRecord.STORE_MFN, mfn);
        }
        final long first = Raw.getLong(record + DomainRecord.STORE_MFN);
        if (Raw.getLong(record + DomainRecord.CONSOLE_MFN) != FRAMES) {
            own(machine, record, first);
        }
        return new DurableMemory(machine.memory().addressOf(first));
    }

    /** Takes the frames out of dom0's magazine; repeatable. */
    private static void own(final Machine machine, final long record, final long first) {
        final long owner = FrameRecord.owner(0, Domains.incarnation(record), FrameRecord.STATE_OWNED, 0);
        for (int i = 0; i < FRAMES; i++) {
            Raw.putLong(machine.hv().frame(first + i) + FrameRecord.OWNER, owner);
        }
        Raw.putInt(record + DomainRecord.TOTAL_PAGES, FRAMES);
        KillPoint.hit(KillPoint.DOM0_MEMORY_OWNED);
        Raw.putLong(record + DomainRecord.CONSOLE_MFN, FRAMES);
    }

    /** A row that a predecessor got and could not note: dom0 claims frames for nothing else. 0 when there is none. */
    private static long claimed(final Machine machine, final long record) {
        final long owner = FrameRecord.owner(0, Domains.incarnation(record), FrameRecord.STATE_MAGAZINE, 0);
        int row = 0;
        for (long mfn = 1; mfn < machine.hv().frames(); mfn++) {
            row = Raw.getLong(machine.hv().frame(mfn) + FrameRecord.OWNER) == owner ? row + 1 : 0;
            if (row == FRAMES) {
                return mfn - FRAMES + 1;
            }
        }
        return 0;
    }

    private static long claim(final GlobalCalls global) throws DomctlException {
        final long mfn = global.call(0, GlobalOp.FRAMES_CLAIM, FRAMES, 0, 0, 0);
        if (mfn < 0) {
            throw new DomctlException((int) -mfn, "The machine has no " + (BYTES >> 20) + " MiB in a row for dom0.");
        }
        return mfn;
    }

    long journal() {
        return base;
    }

    long journalBytes() {
        return JOURNAL_BYTES;
    }

    long cells() {
        return base + JOURNAL_BYTES;
    }

    long records() {
        return cells() + DomainCells.BYTES;
    }

    long recordBytes() {
        return RECORD_BYTES;
    }
}
