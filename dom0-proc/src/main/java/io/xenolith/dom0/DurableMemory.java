package io.xenolith.dom0;

import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.hv.control.Domctl;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.shm.Machine;
import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;

import java.util.Arrays;

/**
 * The frames in which dom0 keeps what it must not lose. They are dom0's own, lie in a row, and are found through two
 * words of dom0's domain record that other domains use for their rings: store mfn (first frame) and console mfn
 * (number of frames, written last).
 *
 * <pre>
 *   | journal, 2 x 4 MiB + 4 KiB | domain cells, 8 KiB | ring records, 2 MiB |
 * </pre>
 */
final class DurableMemory {
    private static final long JOURNAL_BYTES = (8L << 20) + 4096;
    private static final long RECORD_BYTES = 2L << 20;
    private static final long BYTES = JOURNAL_BYTES + DomainCells.BYTES + RECORD_BYTES;
    private static final int FRAMES = (int) ((BYTES + PhysicalMemory.FRAME_SIZE - 1) / PhysicalMemory.FRAME_SIZE);
    private static final int ATTEMPTS = 4;

    private final long base;

    private DurableMemory(final long base) {
        this.base = base;
    }

    /** Finds the memory of a predecessor, or takes frames for it. */
    static DurableMemory open(final Machine machine, final Domctl domctl) throws DomctlException {
        final long record = machine.hv().domain(DomainRecord.slot(0));
        if (Raw.getLong(record + DomainRecord.CONSOLE_MFN) != FRAMES) {
            final long first = row(domctl);
            Raw.putLong(record + DomainRecord.STORE_MFN, first);
            Raw.putLong(record + DomainRecord.CONSOLE_MFN, FRAMES);
        }
        return new DurableMemory(machine.memory().addressOf(Raw.getLong(record + DomainRecord.STORE_MFN)));
    }

    /** Takes frames until enough of them lie in a row. What is left over stays dom0's. */
    private static long row(final Domctl domctl) throws DomctlException {
        long[] have = {};
        for (int i = 0; i < ATTEMPTS; i++) {
            final long[] more = domctl.populate(0, FRAMES);
            final long[] all = Arrays.copyOf(have, have.length + more.length);
            System.arraycopy(more, 0, all, have.length, more.length);
            Arrays.sort(all);
            have = all;
            final int at = rowIn(have);
            if (at >= 0) {
                return have[at];
            }
        }
        throw new DomctlException(12, "The machine's memory is too fragmented for dom0.");
    }

    private static int rowIn(final long[] sorted) {
        for (int from = 0; from + FRAMES <= sorted.length; from++) {
            if (sorted[from + FRAMES - 1] - sorted[from] == FRAMES - 1) {
                return from;
            }
        }
        return -1;
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
