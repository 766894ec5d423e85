package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.hypercall.Hypercall;

/**
 * Hypercall 26, mmuext_op: a list of {@code {u32 cmd; ulong arg1; ulong arg2}} requests, carried out in order until one
 * fails: pins, base registers, flushes, the LDT, clearing and copying of frames.
 */
public final class MmuExt implements Hypercall {
    private static final int PIN_L1_TABLE = 0;
    private static final int PIN_L4_TABLE = 3;
    private static final int UNPIN_TABLE = 4;
    private static final int NEW_BASEPTR = 5;
    private static final int TLB_FLUSH_LOCAL = 6;
    private static final int INVLPG_LOCAL = 7;
    private static final int TLB_FLUSH_MULTI = 8;
    private static final int INVLPG_MULTI = 9;
    private static final int TLB_FLUSH_ALL = 10;
    private static final int INVLPG_ALL = 11;
    private static final int FLUSH_CACHE = 12;
    private static final int SET_LDT = 13;
    private static final int NEW_USER_BASEPTR = 15;
    private static final int CLEAR_PAGE = 16;
    private static final int COPY_PAGE = 17;
    private static final int FLUSH_CACHE_GLOBAL = 18;
    private static final int MARK_SUPER = 19;
    private static final int UNMARK_SUPER = 20;
    private static final long COUNT_MASK = 0x7fff_ffffL;

    private final AddressSpace space;
    private final PageTables tables;
    private final TlbControl tlb;
    private final FlushRequest flush;

    /**
     * @param space the vCPU's tables.
     * @param tlb   translation caches.
     */
    public MmuExt(final AddressSpace space, final TlbControl tlb) {
        this.space = space;
        this.tables = space.tables();
        this.tlb = tlb;
        this.flush = new FlushRequest(tlb);
    }

    @Override
    public long call(
        final Caller caller, final long ops, final long count, final long done, final long who, final long a5) {
        int result = DomainIds.checkFrameOwner((int)who & 0xffff, caller.domid());
        if (result != 0) {
            return result;
        }
        final long n = count & COUNT_MASK;
        final int word = caller.wordSize();
        long i = 0;
        try {
            while (i < n && result == 0) {
                final long op = ops + i * 3 * word;
                final int command = caller.memory().getInt(op);
                result = one(caller, command, caller.readWord(op + word), op + 2 * word);
                if (result == 0) {
                    i++;
                    caller.breathe(i);
                }
            }
        }
        catch (final GuestFault fault) {
            result = -Errno.EFAULT;
        }
        MmuUpdate.reportDone(caller, done, i);
        return result;
    }

    private int one(final Caller caller, final int command, final long arg1, final long arg2Address) {
        switch (command) {
            case PIN_L1_TABLE, PIN_L1_TABLE + 1, PIN_L1_TABLE + 2, PIN_L4_TABLE:
                return tables.pin(arg1, command - PIN_L1_TABLE + FrameType.L1);
            case UNPIN_TABLE:
                return unpin(arg1);
            case NEW_BASEPTR:
                return space.setKernelRoot(arg1);
            case NEW_USER_BASEPTR:
                return space.setUserRoot(arg1);
            case TLB_FLUSH_LOCAL, INVLPG_LOCAL:
                flush.local(command == INVLPG_LOCAL, arg1);
                return 0;
            case TLB_FLUSH_ALL, INVLPG_ALL:
                flush.multi(tlb.allVcpus(), caller.vcpu(), command == INVLPG_ALL, arg1);
                return 0;
            case TLB_FLUSH_MULTI, INVLPG_MULTI:
                final long vcpus = flush.vcpuMask(caller, caller.readWord(arg2Address));
                flush.multi(vcpus, caller.vcpu(), command == INVLPG_MULTI, arg1);
                return 0;
            case SET_LDT:
                return space.setLdt(arg1, caller.readWord(arg2Address));
            case CLEAR_PAGE:
                return clear(arg1);
            case COPY_PAGE:
                return copy(arg1, caller.readWord(arg2Address));
            case FLUSH_CACHE, FLUSH_CACHE_GLOBAL:
                return -Errno.EACCES;
            case MARK_SUPER, UNMARK_SUPER:
                return -Errno.EOPNOTSUPP;
            default:
                return -Errno.ENOSYS;
        }
    }

    private int unpin(final long mfn) {
        final FrameTable frames = tables.frames();
        if (!frames.getReference(mfn, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        final boolean pinned = frames.clearPinned(mfn);
        if (pinned) {
            tables.putFrameAndType(mfn);
        }
        frames.putReference(mfn);
        return pinned ? 0 : -Errno.EINVAL;
    }

    private int clear(final long mfn) {
        final int result = tables.getFrameAndType(mfn, FrameType.WRITABLE);
        if (result == 0) {
            tables.memory().clear(mfn);
            tables.putFrameAndType(mfn);
        }
        return result;
    }

    private int copy(final long to, final long from) {
        if (!tables.frames().getReference(from, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        final int result = tables.getFrameAndType(to, FrameType.WRITABLE);
        if (result == 0) {
            tables.memory().copyFrame(from, to);
            tables.putFrameAndType(to);
        }
        tables.frames().putReference(from);
        return result;
    }
}
