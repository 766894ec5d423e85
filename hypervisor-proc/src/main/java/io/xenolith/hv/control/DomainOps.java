package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.EBUSY;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOMEM;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.EPERM;
import static io.xenolith.hv.hypercall.Errno.ESRCH;

import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineFullException;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.SystemCounter;

/** The global operations that create domains and end them. */
final class DomainOps
{
    private static final int DOMID_ARG = 8;
    private static final int INCARNATION_ARG = 9;
    private static final int SHARED_INFO_ARG = 10;
    private static final int GRANT_FRAME_ARG = 11;
    private static final int FIRST_INCARNATION = 1;
    private static final int INCARNATIONS = 1 << 16;

    private final HypervisorFile hv;
    private final FrameHeap heap;
    private final Domains domains;
    private final DomainBirth birth;

    DomainOps(final Machine machine, final FrameHeap heap)
    {
        this.hv = machine.hv();
        this.heap = heap;
        this.domains = new Domains(machine);
        this.birth = new DomainBirth(machine);
    }

    void registerWith(final MailboxServer server)
    {
        server.register(GlobalOp.DOMAIN_CREATE, new Create());
        server.register(GlobalOp.DOMAIN_DESTROY, new Destroy());
    }

    /** Next domid whose slot is free; domids go up, so that one is not seen again soon. */
    private int freeDomid()
    {
        int domid = Raw.getInt(hv.header() + Header.NEXT_DOMID);
        for (int i = 0; i < DomainRecord.SLOTS; i++, domid++)
        {
            if (domid <= 0 || domid >= Domains.FIRST_RESERVED)
            {
                domid = 1;
            }
            if (Domains.state(hv.domain(DomainRecord.slot(domid))) == DomainRecord.STATE_FREE)
            {
                return domid;
            }
        }
        return -EBUSY;
    }

    /** (width, max pages, vcpus, handle high, handle low). */
    private final class Create implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final long width = intent.arg(0);
            final long maxPages = intent.arg(1);
            final long vcpus = intent.arg(2);
            intent.setCount(0);
            intent.setArg(DOMID_ARG, 0);
            if (width != 32 && width != 64 || maxPages <= 0 || maxPages > Integer.MAX_VALUE
                || vcpus < 1 || vcpus > DomainRecord.MAX_VCPUS)
            {
                return -EINVAL;
            }
            final int domid = freeDomid();
            if (domid < 0)
            {
                return domid;
            }
            final long chosen = heap.choose(intent, DomainBirth.XENHEAP_FRAMES, DomainBirth.XENHEAP_FRAMES, 0);
            if (chosen < DomainBirth.XENHEAP_FRAMES)
            {
                return -ENOMEM;
            }
            final long last = intent.entry(intent.count() - 1);
            intent.setArg(SHARED_INFO_ARG, Extent.mfn(intent.entry(0)));
            intent.setArg(GRANT_FRAME_ARG, Extent.mfn(last) + Extent.frames(last) - 1);
            intent.setArg(INCARNATION_ARG, Raw.getInt(hv.header() + Header.NEXT_INCARNATION));
            intent.setArg(DOMID_ARG, domid);
            return back(intent, domid, (int)vcpus) ? domid : -ENOSPC;
        }

        private boolean back(final Intent intent, final int domid, final int vcpus)
        {
            try
            {
                birth.back(DomainRecord.slot(domid), vcpus, DomainBirth.DOMU_PORTS);
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
            final int domid = (int)intent.arg(DOMID_ARG);
            final int incarnation = (int)intent.arg(INCARNATION_ARG);
            final long owner = FrameRecord.owner(
                domid, incarnation, FrameRecord.STATE_SHARED, FrameRecord.FLAG_XENHEAP);
            for (int i = 0; i < intent.count(); i++)
            {
                heap.give(intent.entry(i), owner);
            }
            Raw.putInt(hv.header() + Header.NEXT_DOMID, domid + 1);
            Raw.putInt(hv.header() + Header.NEXT_INCARNATION,
                incarnation + 1 == INCARNATIONS ? FIRST_INCARNATION : incarnation + 1);
            if (!domains.present(domid, incarnation))
            {
                birth.fill(new DomainBirth.Birth(domid, incarnation, (int)intent.arg(0), (int)intent.arg(2),
                    (int)intent.arg(1), intent.arg(3), intent.arg(4), intent.arg(SHARED_INFO_ARG),
                    intent.arg(GRANT_FRAME_ARG), DomainBirth.DOMU_PORTS, DomainRecord.STATE_BUILDING, 0));
                hv.count(SystemCounter.DOMAINS_CREATED, 1);
            }
        }

        @Override
        public void abandon(final Intent intent)
        {
            heap.unback(intent);
            final int domid = (int)intent.arg(DOMID_ARG);
            if (domid > 0 && Domains.state(hv.domain(DomainRecord.slot(domid))) == DomainRecord.STATE_FREE)
            {
                hv.releaseDomain(DomainRecord.slot(domid));
            }
        }
    }

    /** (domid): marks the domain as dying; the reaper does the rest. */
    private final class Destroy implements GlobalHandler
    {
        @Override
        public long plan(final Intent intent, final int requester)
        {
            final int domid = (int)intent.arg(0);
            if (domid == 0)
            {
                return -EPERM;
            }
            return domains.record(domid) == 0 ? -ESRCH : 0;
        }

        @Override
        public void apply(final Intent intent)
        {
            final long record = domains.record((int)intent.arg(0));
            if (record != 0)
            {
                markDying(record);
            }
        }
    }

    /** Marks a domain as dying, from whatever state it is in. */
    static void markDying(final long record)
    {
        for (int state = DomainRecord.STATE_BUILDING; state < DomainRecord.STATE_DYING; state++)
        {
            Domains.changeState(record, state, DomainRecord.STATE_DYING);
        }
    }
}
