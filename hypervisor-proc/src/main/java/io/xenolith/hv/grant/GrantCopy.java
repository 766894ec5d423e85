package io.xenolith.hv.grant;

import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestMemory;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;

/**
 * GNTTABOP_copy on behalf of one domain: each side is a grant of some domain or a frame of the caller's own. Both frames are
 * held while bytes move; a foreign frame that carries decoded code is invalidated first ({@link ForeignWrite}).
 *
 * <p>Sub-page and transitive grants are honoured: a copy outside the granted range fails.
 */
public final class GrantCopy
{
    private static final int SOURCE_GREF = 1;
    private static final int DEST_GREF = 2;
    private static final int PAGE = 4096;

    private final ActiveGrants grants;
    private final ForeignWrite foreign;
    private final MachineMemory memory;
    private final ThreadLocal<Side[]> sides = ThreadLocal.withInitial(() -> new Side[]{new Side(), new Side()});

    /** One end of a copy. */
    private static final class Side
    {
        private final Pin pin = new Pin();
        private boolean granted;
        private long mfn;
        private int from;
        private int to;
    }

    /**
     * @param grants  pins on behalf of the calling domain.
     * @param foreign gate for writes to other domains' frames.
     * @param memory  machine memory.
     */
    public GrantCopy(final ActiveGrants grants, final ForeignWrite foreign, final MachineMemory memory)
    {
        this.grants = grants;
        this.foreign = foreign;
        this.memory = memory;
    }

    /** One gnttab_copy structure: {source{ref/mfn, domid, offset}, dest{...}, len, flags, status}. */
    void copy(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final boolean wide = c.is64Bit();
        final int pointerSize = wide ? 16 : 8;
        final int domainOffset = wide ? 8 : 4;
        final long tail = arg + 2L * pointerSize;
        final int length = m.getShort(tail);
        final int flags = m.getShort(tail + 2);
        final long dest = arg + pointerSize;
        final int status = copy(c,
            what(c, arg, (flags & SOURCE_GREF) != 0), m.getShort(arg + domainOffset), m.getShort(arg + domainOffset + 2),
            what(c, dest, (flags & DEST_GREF) != 0), m.getShort(dest + domainOffset),
            m.getShort(dest + domainOffset + 2), length, flags);
        m.putShort(tail + 4, status);
    }

    private static long what(final Caller c, final long vaddr, final boolean gref)
    {
        return gref ? c.memory().getInt(vaddr) & 0xffff_ffffL : c.readWord(vaddr);
    }

    private int copy(
        final Caller c,
        final long source, final int sourceDom, final int sourceOffset,
        final long dest, final int destDom, final int destOffset,
        final int length, final int flags)
    {
        if (sourceOffset + length > PAGE || destOffset + length > PAGE)
        {
            return GrantStatus.BAD_COPY_ARG;
        }
        final Side from = sides.get()[0];
        final Side to = sides.get()[1];
        int status = hold(c, from, source, sourceDom, (flags & SOURCE_GREF) != 0, false);
        if (status != GrantStatus.OKAY)
        {
            return status;
        }
        status = hold(c, to, dest, destDom, (flags & DEST_GREF) != 0, true);
        if (status == GrantStatus.OKAY)
        {
            status = move(from, sourceOffset, to, destOffset, length);
            release(c, to);
        }
        release(c, from);
        return status;
    }

    private int move(final Side from, final int sourceOffset, final Side to, final int destOffset, final int length)
    {
        if (!within(from, sourceOffset, length) || !within(to, destOffset, length))
        {
            return GrantStatus.GENERAL_ERROR;
        }
        if (!foreign.begin(to.mfn))
        {
            return GrantStatus.EAGAIN;
        }
        Raw.copy(memory.addressOf(from.mfn) + sourceOffset, memory.addressOf(to.mfn) + destOffset, length);
        foreign.end(to.mfn);
        return GrantStatus.OKAY;
    }

    private static boolean within(final Side side, final int offset, final int length)
    {
        return offset >= side.from && offset + length <= side.to;
    }

    private int hold(
        final Caller c, final Side side, final long what, final int dom, final boolean granted, final boolean write)
    {
        side.granted = granted;
        if (granted)
        {
            final int granter = dom == GrantTableOps.DOMID_SELF ? c.domid() : dom;
            final int status = grants.pin(side.pin, granter, (int)what, write);
            side.mfn = side.pin.mfn;
            side.from = side.pin.offset;
            side.to = side.pin.offset + side.pin.length;
            return status;
        }
        if (dom != GrantTableOps.DOMID_SELF && dom != c.domid())
        {
            return GrantStatus.PERMISSION_DENIED;
        }
        side.mfn = what;
        side.from = 0;
        side.to = PAGE;
        return c.frames().getWritable(what) == 0 ? GrantStatus.OKAY : GrantStatus.GENERAL_ERROR;
    }

    private void release(final Caller c, final Side side)
    {
        if (side.granted)
        {
            grants.unpin(side.pin);
        }
        else
        {
            c.frames().putWritable(side.mfn);
        }
    }
}
