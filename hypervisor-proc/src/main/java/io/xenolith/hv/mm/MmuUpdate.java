package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.hypercall.Hypercall;

/**
 * Hypercall 1, mmu_update: a list of {@code {u64 ptr; u64 val}} requests, carried out in order until one fails.
 *
 * <p>The low three bits of {@code ptr} are the command: 0 and 3 write the page-table entry at machine address {@code ptr},
 * 2 does so keeping the accessed and dirty bits, 1 enters {@code val} as the pseudo-physical number of frame
 * {@code ptr >> 12}. A frame that is no table at the moment is plain memory: the value is stored.
 */
public final class MmuUpdate implements Hypercall {
    private static final int NORMAL = 0;
    private static final int MACHPHYS = 1;
    private static final int PRESERVE_AD = 2;
    private static final int NO_TRANSLATE = 3;
    /** A caller that continues a preempted call sets this bit in the count; ours run to completion. */
    private static final long COUNT_MASK = 0x7fff_ffffL;
    private static final int REQUEST_LENGTH = 16;

    private final PageTables tables;
    private final MachineToPhys m2p;

    /**
     * @param tables validation.
     * @param m2p    the machine-to-physical tables.
     */
    public MmuUpdate(final PageTables tables, final MachineToPhys m2p) {
        this.tables = tables;
        this.m2p = m2p;
    }

    @Override
    public long call(
        final Caller caller, final long requests, final long count, final long done, final long who, final long a5) {
        int result = checkOwners((int)who, caller.domid());
        if (result != 0) {
            return result;
        }
        final long n = count & COUNT_MASK;
        long i = 0;
        try {
            while (i < n && result == 0) {
                final long ptr = caller.memory().getLong(requests + i * REQUEST_LENGTH);
                final long val = caller.memory().getLong(requests + i * REQUEST_LENGTH + 8);
                result = one(ptr, val);
                if (result == 0) {
                    i++;
                    caller.breathe(i);
                }
            }
        }
        catch (final GuestFault fault) {
            result = -Errno.EFAULT;
        }
        reportDone(caller, done, i);
        return result;
    }

    /** Stores the number of requests done, if the caller wants it; a bad address there changes nothing. */
    static void reportDone(final Caller caller, final long done, final long count) {
        if (done != 0) {
            try {
                caller.memory().putInt(done, (int)count);
            }
            catch (final GuestFault ignored) {
                // the requests have been carried out all the same
            }
        }
    }

    private static int checkOwners(final int who, final int caller) {
        final int tableOwner = who >>> 16;
        if (tableOwner != 0) {
            final int result = DomainIds.checkFrameOwner(tableOwner - 1, caller);
            if (result != 0) {
                return result;
            }
        }
        return DomainIds.checkFrameOwner(who & 0xffff, caller);
    }

    private int one(final long ptr, final long val) {
        return switch ((int)ptr & 7) {
            case NORMAL, NO_TRANSLATE -> update(ptr, val, false);
            case PRESERVE_AD -> update(ptr, val, true);
            case MACHPHYS -> setPhysical(ptr >>> 12, val);
            default -> -Errno.ENOSYS;
        };
    }

    private int setPhysical(final long mfn, final long pfn) {
        final FrameTable frames = tables.frames();
        if (!frames.getReference(mfn, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        m2p.set(mfn, pfn);
        frames.putReference(mfn);
        return 0;
    }

    private int update(final long ptr, final long val, final boolean preserveAd) {
        final FrameTable frames = tables.frames();
        final long mfn = ptr >>> 12;
        if (!frames.getReference(mfn, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        final int offset = (int)ptr & 0xff8;
        int result = tables.update(mfn, offset / 8, 0, val, preserveAd);
        if (result == PageTables.NOT_A_TABLE) {
            result = storePlain(mfn, offset, val);
        }
        frames.putReference(mfn);
        return result;
    }

    private int storePlain(final long mfn, final int offset, final long val) {
        final FrameTable frames = tables.frames();
        if (frames.getType(mfn, FrameType.WRITABLE, tables) != 0) {
            return -Errno.EINVAL;
        }
        tables.memory().putLong(mfn, offset, val);
        frames.putType(mfn, tables);
        return 0;
    }
}
