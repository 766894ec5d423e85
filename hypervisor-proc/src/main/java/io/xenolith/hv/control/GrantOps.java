package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOMEM;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;

import io.xenolith.hv.grant.GrantStatus;
import io.xenolith.hv.grant.TransferEntry;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineFullException;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;

/** The global operations on grant tables: growing them, and transferring frames. */
final class GrantOps
{
    private static final int DOMID_ARG = 8;
    private static final int ENTRY_FRAMES_ARG = 9;
    private static final int STATUS_FRAMES_ARG = 10;
    private static final int OWNER_ARG = 11;
    private static final int GIVER_ARG = 12;
    /** Everything but the marks on the page totals is done. */
    private static final int SETTLING_ARG = 13;

    private final Machine machine;
    private final HypervisorFile hv;
    private final FrameHeap heap;
    private final Domains domains;
    private final TransferEntry entries;

    GrantOps(final Machine machine, final FrameHeap heap)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.heap = heap;
        this.domains = new Domains(machine);
        this.entries = new TransferEntry(machine);
    }

    void registerWith(final MailboxServer server)
    {
        server.register(GlobalOp.GRANT_GROW, new Grow());
        server.register(GlobalOp.GRANT_TRANSFER, new Transfer());
    }

    /** (entry frames wanted, status frames wanted). A version 2 table gets the status frames it needs in any case. */
    private final class Grow implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long record = domains.usable(requester);
            intent.setCount(0);
            if (record == 0)
            {
                return -EINVAL;
            }
            final int haveEntries = Raw.getInt(record + DomainRecord.GRANT_FRAMES);
            final int haveStatus = Raw.getInt(record + DomainRecord.STATUS_FRAMES);
            final int wantEntries = (int)Math.max(haveEntries, Math.min(intent.arg(0), Integer.MAX_VALUE));
            if (wantEntries > Raw.getInt(record + DomainRecord.GRANT_MAX_FRAMES))
            {
                return -EINVAL;
            }
            final boolean v2 = Raw.getInt(record + DomainRecord.GRANT_VERSION) == 2 || intent.arg(1) > 0;
            final int wantStatus = v2 ? Math.max(haveStatus, (wantEntries + 7) / 8) : haveStatus;
            final int fresh = wantEntries - haveEntries + wantStatus - haveStatus;
            if (fresh > 0 && heap.choose(intent, fresh, fresh, 0) < fresh)
            {
                return -ENOMEM;
            }
            intent.setArg(DOMID_ARG, requester);
            intent.setArg(ENTRY_FRAMES_ARG, (long)haveEntries << 32 | wantEntries);
            intent.setArg(STATUS_FRAMES_ARG, (long)haveStatus << 32 | wantStatus);
            intent.setArg(OWNER_ARG, FrameRecord.owner(requester, Domains.incarnation(record),
                FrameRecord.STATE_SHARED, FrameRecord.FLAG_XENHEAP));
            return back(intent, DomainRecord.slot(requester), wantEntries) ? wantEntries : -ENOSPC;
        }

        private boolean back(final Intent intent, final int slot, final int entryFrames)
        {
            try
            {
                hv.backGrants(slot, entryFrames * DomainBirth.GRANTS_PER_FRAME);
                return heap.back(intent);
            }
            catch (final MachineFullException e)
            {
                return false;
            }
        }

        @Override
        public void apply(final Intent intent)
        {
            final long record = domains.record((int)intent.arg(DOMID_ARG));
            if (record == 0)
            {
                return;
            }
            for (int i = 0; i < intent.count(); i++)
            {
                heap.give(intent.entry(i), intent.arg(OWNER_ARG));
            }
            KillPoint.hit(KillPoint.GRANT_BEFORE_TABLE);
            final int next = list(intent, 0, record + DomainRecord.GRANT_FRAME_MFNS, intent.arg(ENTRY_FRAMES_ARG));
            list(intent, next, record + DomainRecord.STATUS_FRAME_MFNS, intent.arg(STATUS_FRAMES_ARG));
            Raw.putInt(record + DomainRecord.STATUS_FRAMES, (int)intent.arg(STATUS_FRAMES_ARG));
            Raw.putInt(record + DomainRecord.GRANT_FRAMES, (int)intent.arg(ENTRY_FRAMES_ARG));
            Raw.putInt(record + DomainRecord.XENHEAP_PAGES,
                1 + (int)intent.arg(ENTRY_FRAMES_ARG) + (int)intent.arg(STATUS_FRAMES_ARG));
        }

        /** Writes new frames into a table of mfns, from a "have, want" pair. Returns the next frame of the plan. */
        private int list(final Intent intent, final int first, final long table, final long haveWant)
        {
            int at = first;
            for (int i = (int)(haveWant >>> 32); i < (int)haveWant; i++)
            {
                Raw.putInt(table + (long)i * Integer.BYTES, (int)frame(intent, at++));
            }
            return at;
        }

        private long frame(final Intent intent, final int index)
        {
            int left = index;
            for (int i = 0; i < intent.count(); i++)
            {
                final long e = intent.entry(i);
                if (left < Extent.frames(e))
                {
                    return Extent.mfn(e) + left;
                }
                left -= Extent.frames(e);
            }
            throw new IllegalStateException("grant growth: plan has no frame " + index);
        }

        @Override
        public void abandon(final Intent intent)
        {
            heap.unback(intent);
        }
    }

    /** (mfn, receiver, gref): a stolen frame of the caller for an entry of the receiver that accepts it. */
    private final class Transfer implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long mfn = intent.arg(0);
            final int receiver = (int)intent.arg(1);
            final long record = domains.usable(receiver);
            intent.setArg(DOMID_ARG, -1);
            intent.setArg(SETTLING_ARG, 0);
            if (mfn <= 0 || mfn >= hv.frames() || !stolenBy(mfn, requester))
            {
                return GrantStatus.BAD_PAGE;
            }
            if (record == 0)
            {
                return GrantStatus.BAD_DOMAIN;
            }
            if (receiver != requester
                && DomainReader.totalPages(record) >= Raw.getInt(record + DomainRecord.MAX_PAGES))
            {
                return GrantStatus.GENERAL_ERROR;
            }
            final int status = entries.commit(record, (int)intent.arg(2), requester);
            if (status == GrantStatus.OKAY)
            {
                intent.setArg(DOMID_ARG, receiver);
                intent.setArg(GIVER_ARG, requester);
                intent.setArg(OWNER_ARG, FrameRecord.owner(
                    receiver, Domains.incarnation(record), FrameRecord.STATE_OWNED, 0));
            }
            return status;
        }

        private boolean stolenBy(final long mfn, final int domid)
        {
            final long frame = hv.frame(mfn);
            final long owner = Raw.getLong(frame + FrameRecord.OWNER);
            return FrameRecord.domid(owner) == domid
                && FrameRecord.incarnation(owner) == Domains.incarnation(domains.record(domid))
                && FrameRecord.state(owner) == FrameRecord.STATE_OWNED
                && Raw.getInt(frame + FrameRecord.REFS) == io.xenolith.hv.frames.FrameTable.CLAIMED;
        }

        @Override
        public void apply(final Intent intent)
        {
            final long mfn = intent.arg(0);
            final long frame = hv.frame(mfn);
            final long receiver = domains.record((int)intent.arg(DOMID_ARG));
            final long giver = domains.record((int)intent.arg(GIVER_ARG));
            if (receiver == 0 || giver == 0)
            {
                return;
            }
            if (intent.arg(SETTLING_ARG) == 0)
            {
                MachineToPhysical.set(machine, mfn, MachineToPhysical.INVALID);
                if (giver != receiver)
                {
                    PageTotals.addOnce(giver, -1);
                    PageTotals.addOnce(receiver, 1);
                }
                move(intent, mfn, frame, receiver);
                intent.setArg(SETTLING_ARG, 1);
            }
            PageTotals.settle(giver);
            PageTotals.settle(receiver);
        }

        private void move(final Intent intent, final long mfn, final long frame, final long receiver)
        {
            Raw.putLong(frame + FrameRecord.TYPE_INFO, 0);
            Raw.getAndAddInt(frame + FrameRecord.GENERATION, 1);
            Raw.putLong(frame + FrameRecord.OWNER, intent.arg(OWNER_ARG));
            Raw.putInt(frame + FrameRecord.REFS, 0);
            KillPoint.hit(KillPoint.TRANSFER_BEFORE_ENTRY);
            entries.complete(receiver, (int)intent.arg(2), mfn);
        }

        @Override
        public void abandon(final Intent intent)
        {
            final long record = domains.record((int)intent.arg(DOMID_ARG));
            if (record != 0)
            {
                entries.withdraw(record, (int)intent.arg(2));
            }
        }
    }
}
