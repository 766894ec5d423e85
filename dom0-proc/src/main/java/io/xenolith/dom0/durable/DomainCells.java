package io.xenolith.dom0.durable;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;

/**
 * One fixed record per domain slot: the private positions of the xenstore and console rings, whose shared copies
 * lie in pages that the guest can write.
 *
 * <pre>
 *  cell   0         8           16           24          32
 *         +---------+-----------+------------+-----------+------------------+
 *         | owner   | store out | console    | console   | pausing          |    all written by dom0
 *         |         | rsp_prod  | out        | in        |                  |
 *         +---------+-----------+------------+-----------+------------------+
 *  owner:       domid + 1 in the low half, incarnation in the high half; 0 = free
 *  store out:   rsp_prod
 *  console out: out_cons in the high half, log length mod 2^32 in the low half
 *  console in:  bytes taken from the input queue in the high half, in_prod in the low half
 *  pausing:     1 + the domain's pause count before dom0 pauses it for a moment; 0 = it does not
 * </pre>
 * Each of the ring positions is one word because its two halves have to change together.
 */
public final class DomainCells {
    /** Bytes of one cell. */
    public static final int CELL_BYTES = 64;
    /** Cells: one per domain slot. */
    public static final int CELLS = 128;
    /** Bytes of all cells. */
    public static final int BYTES = CELLS * CELL_BYTES;

    private static final int OWNER = 0;
    private static final int STORE_OUT = 8;
    private static final int CONSOLE_OUT = 16;
    private static final int CONSOLE_IN = 24;
    private static final int PAUSING = 32;

    private final long base;

    /** @param address of {@link #BYTES} bytes that were zero when the machine was made */
    public DomainCells(final long address) {
        base = address;
    }

    private long cell(final int domid) {
        return base + (long) (domid & CELLS - 1) * CELL_BYTES;
    }

    /** Gives the cell of a domain's slot to that domain; zeroes it unless it is the domain's already. */
    public void claim(final int domid, final int incarnation) {
        final long owner = domid + 1L | (long) incarnation << 32;
        final long cell = cell(domid);
        if (Raw.getLong(cell + OWNER) == owner) {
            return;
        }
        Raw.putLong(cell + OWNER, 0);
        KillPoint.hit(KillPoint.DOM0_CELL_CLEARED);
        Raw.putLong(cell + STORE_OUT, 0);
        Raw.putLong(cell + CONSOLE_OUT, 0);
        Raw.putLong(cell + CONSOLE_IN, 0);
        Raw.putLong(cell + PAUSING, 0);
        KillPoint.hit(KillPoint.DOM0_CELL_CLAIM);
        Raw.putLong(cell + OWNER, owner);
    }

    /** The domain is gone. */
    public void release(final int domid) {
        KillPoint.hit(KillPoint.DOM0_CELL_RELEASE);
        Raw.putLong(cell(domid) + OWNER, 0);
    }

    /** Position behind the last xenstore reply byte written. */
    public int storeOut(final int domid) {
        return (int) Raw.getLong(cell(domid) + STORE_OUT);
    }

    /** Sets {@link #storeOut}. */
    public void setStoreOut(final int domid, final int rspProd) {
        KillPoint.hit(KillPoint.DOM0_CELL_STORE_OUT);
        Raw.putLong(cell(domid) + STORE_OUT, rspProd & 0xffff_ffffL);
    }

    /** Position behind the last console byte taken from the guest and written to its log. */
    public int consoleOutCons(final int domid) {
        return (int) (Raw.getLong(cell(domid) + CONSOLE_OUT) >>> 32);
    }

    /** Length of the log, mod 2^32, when {@link #consoleOutCons} was recorded. */
    public int consoleLogLength(final int domid) {
        return (int) Raw.getLong(cell(domid) + CONSOLE_OUT);
    }

    /** Sets both halves of the console's output position. */
    public void setConsoleOut(final int domid, final int outCons, final long logLength) {
        KillPoint.hit(KillPoint.DOM0_CELL_CONSOLE_OUT);
        Raw.putLong(cell(domid) + CONSOLE_OUT, (long) outCons << 32 | logLength & 0xffff_ffffL);
    }

    /** Pause count that the domain had when dom0 began to stop it for a moment; -1 when it does not. */
    public int pausing(final int domid) {
        return (int) Raw.getLong(cell(domid) + PAUSING) - 1;
    }

    /** Sets {@link #pausing}. */
    public void setPausing(final int domid, final int pauseCount) {
        KillPoint.hit(KillPoint.DOM0_CELL_PAUSING);
        Raw.putLong(cell(domid) + PAUSING, pauseCount + 1L);
    }

    /** Bytes of the input queue delivered since the domain's start, mod 2^32. */
    public int consoleInTaken(final int domid) {
        return (int) (Raw.getLong(cell(domid) + CONSOLE_IN) >>> 32);
    }

    /** Position behind the last input byte delivered. */
    public int consoleInProd(final int domid) {
        return (int) Raw.getLong(cell(domid) + CONSOLE_IN);
    }

    /** Sets both halves of the console's input position. */
    public void setConsoleIn(final int domid, final int taken, final int inProd) {
        KillPoint.hit(KillPoint.DOM0_CELL_CONSOLE_IN);
        Raw.putLong(cell(domid) + CONSOLE_IN, (long) taken << 32 | inProd & 0xffff_ffffL);
    }
}
