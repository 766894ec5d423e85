package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.E2BIG;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOMEM;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.ESRCH;

import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;

/** The global operations that move frames between the heap and domains. */
final class FrameOps
{
    private static final int FRAME_SHIFT = 12;
    private static final int OWNER_ARG = 8;
    private static final int TOTAL_ARG = 9;

    private final HypervisorFile hv;
    private final FrameHeap heap;
    private final Domains domains;

    FrameOps(final Machine machine, final FrameHeap heap)
    {
        this.hv = machine.hv();
        this.heap = heap;
        this.domains = new Domains(machine);
    }

    void registerWith(final MailboxServer server)
    {
        server.register(GlobalOp.DOMAIN_POPULATE, new Populate());
        server.register(GlobalOp.FRAMES_CLAIM, new Claim());
        server.register(GlobalOp.FRAMES_RETURN, new Return());
    }

    private void giveAll(final Intent intent)
    {
        for (int i = 0; i < intent.count(); i++)
        {
            heap.give(intent.entry(i), intent.arg(OWNER_ARG));
        }
    }

    private static long planned(final Intent intent)
    {
        long n = 0;
        for (int i = 0; i < intent.count(); i++)
        {
            n += Extent.frames(intent.entry(i));
        }
        return n;
    }

    /** (domid, frames): frames for a domain under construction, or for domain 0. */
    private final class Populate implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long record = domains.usable((int)intent.arg(0));
            final long wanted = intent.arg(1);
            intent.setCount(0);
            if (record == 0)
            {
                return -ESRCH;
            }
            final int total = Raw.getInt(record + DomainRecord.TOTAL_PAGES);
            if (wanted <= 0)
            {
                return -EINVAL;
            }
            if (total + wanted > Raw.getInt(record + DomainRecord.MAX_PAGES))
            {
                return -E2BIG;
            }
            if (wanted > heap.freeFrames())
            {
                return -ENOMEM;
            }
            final long chosen = heap.choose(intent, wanted, MailboxClient.MAX_LIST, 0);
            if (chosen == 0)
            {
                return -ENOMEM;
            }
            if (!heap.back(intent))
            {
                return -ENOSPC;
            }
            intent.setArg(OWNER_ARG, FrameRecord.owner(
                Domains.domid(record), Domains.incarnation(record), FrameRecord.STATE_OWNED, 0));
            intent.setArg(TOTAL_ARG, total + chosen);
            return chosen;
        }

        @Override
        public void apply(final Intent intent)
        {
            giveAll(intent);
            final long record = domains.record((int)intent.arg(0));
            if (record != 0)
            {
                Raw.putInt(record + DomainRecord.TOTAL_PAGES, (int)intent.arg(TOTAL_ARG));
            }
        }

        @Override
        public void abandon(final Intent intent)
        {
            heap.unback(intent);
        }

        @Override
        public boolean answersWithList()
        {
            return true;
        }
    }

    /** (frames, address bits): one run of frames for the caller, in state MAGAZINE. */
    private final class Claim implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long record = domains.usable(requester);
            final long wanted = intent.arg(0);
            final long bits = intent.arg(1);
            intent.setCount(0);
            if (record == 0)
            {
                return -ESRCH;
            }
            if (wanted <= 0 || wanted > Extent.MAX_FRAMES)
            {
                return -EINVAL;
            }
            final long below = bits <= FRAME_SHIFT || bits >= Long.SIZE - 1 ? 0 : 1L << bits - FRAME_SHIFT;
            if (!heap.chooseContiguous(intent, (int)wanted, below))
            {
                return -ENOMEM;
            }
            if (!heap.back(intent))
            {
                return -ENOSPC;
            }
            intent.setArg(OWNER_ARG,
                FrameRecord.owner(requester, Domains.incarnation(record), FrameRecord.STATE_MAGAZINE, 0));
            return Extent.mfn(intent.entry(0));
        }

        @Override
        public void apply(final Intent intent)
        {
            giveAll(intent);
        }

        @Override
        public void abandon(final Intent intent)
        {
            heap.unback(intent);
        }
    }

    /** (list of extents): frames of the caller in state MAGAZINE become free. */
    private final class Return implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long record = domains.record(requester);
            if (record == 0)
            {
                return -ESRCH;
            }
            final int incarnation = Domains.incarnation(record);
            for (int i = 0; i < intent.count(); i++)
            {
                final long e = intent.entry(i);
                for (long mfn = Extent.mfn(e); mfn < Extent.mfn(e) + Extent.frames(e); mfn++)
                {
                    if (!returnable(mfn, requester, incarnation))
                    {
                        return -EINVAL;
                    }
                }
            }
            return planned(intent);
        }

        private boolean returnable(final long mfn, final int domid, final int incarnation)
        {
            if (mfn <= 0 || mfn >= hv.frames())
            {
                return false;
            }
            final long owner = Raw.getLong(hv.frame(mfn) + FrameRecord.OWNER);
            return FrameRecord.domid(owner) == domid && FrameRecord.incarnation(owner) == incarnation
                && FrameRecord.state(owner) == FrameRecord.STATE_MAGAZINE;
        }

        @Override
        public void apply(final Intent intent)
        {
            for (int i = 0; i < intent.count(); i++)
            {
                heap.free(Extent.mfn(intent.entry(i)), Extent.frames(intent.entry(i)));
            }
        }
    }
}
