package io.xenolith.hv.control;

import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.Virq;
import io.xenolith.hv.grant.ActiveGrants;
import io.xenolith.hv.sched.PcpuSlots;
import io.xenolith.hv.sched.SystemClock;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Processes;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Mailbox;
import io.xenolith.shm.hv.SystemCounter;
import java.util.Arrays;

/**
 * Takes back what a dying domain has. The state DYING in its record is the whole intent: every step finds what is left by its owner's
 * name and can be repeated, so a hypervisor that is killed here begins again at the first step.
 *
 * <pre>
 *   process dead        a stopped one is killed too; nothing is touched while it lives
 *   CPUs, mailboxes     taken back
 *   ports               closed; peers become unbound and get an event
 *   pins it held        dropped; flags of the granters' entries follow
 *   frames              freed, except those that others still pin: they stay in state DYING, and we come back
 *   slot                free; from here on the domid can be used again
 *   dom0                told (VIRQ_DOM_EXC)
 * </pre>
 */
final class Reaper
{
    private final HypervisorFile hv;
    private final FrameHeap heap;
    private final PortOps ports;
    private final EventChannels channels;
    private final PcpuSlots pcpus;
    private final SystemClock clock;
    private final ActiveGrants grants;

    Reaper(final Machine machine, final FrameHeap heap, final PortOps ports)
    {
        this.hv = machine.hv();
        this.heap = heap;
        this.ports = ports;
        this.channels = new EventChannels(machine);
        this.pcpus = new PcpuSlots(machine);
        this.clock = new SystemClock(machine);
        this.grants = new ActiveGrants(machine, -1, 0);
    }

    /** Goes on with every dying domain as far as possible now. Returns how many were finished. */
    int reap()
    {
        int finished = 0;
        for (int slot = 1; slot < DomainRecord.SLOTS; slot++)
        {
            final long record = hv.domain(slot);
            if (Domains.state(record) == DomainRecord.STATE_DYING && sweep(slot, record))
            {
                finished++;
            }
        }
        return finished;
    }

    private boolean sweep(final int slot, final long record)
    {
        final ProcessIdentity process = DomainProcess.of(record);
        if (process.isAlive())
        {
            process.signal(Processes.SIGKILL);
            return false;
        }
        final long identity = Raw.getLong(record + DomainRecord.IDENTITY);
        final int domid = DomainRecord.domid(identity);
        final int incarnation = DomainRecord.incarnation(identity);
        if ((identity & DomainRecord.FLAG_DEAD) == 0)
        {
            KillPoint.hit(KillPoint.REAP_BEFORE_SLOTS);
            takeBackSlots(slot, record, domid, incarnation);
            KillPoint.hit(KillPoint.REAP_BEFORE_PORTS);
            ports.closeAll(domid, true);
            channels.rederive(domid);
            KillPoint.hit(KillPoint.REAP_BEFORE_PINS);
            grants.sweep(domid, incarnation, (granter, gref, write) -> 0);
            Raw.getAndOrLong(record + DomainRecord.IDENTITY, DomainRecord.FLAG_DEAD);
        }
        KillPoint.hit(KillPoint.REAP_BEFORE_FRAMES);
        if (!sweepFrames(slot, record, domid, incarnation))
        {
            return false;
        }
        hv.releaseDomain(slot);
        Raw.putInt(record + DomainRecord.PID, 0);
        Raw.putInt(record + DomainRecord.TOTAL_PAGES, 0);
        Raw.putInt(record + DomainRecord.XENHEAP_PAGES, 0);
        KillPoint.hit(KillPoint.REAP_BEFORE_FREE);
        Raw.putLongVolatile(record + DomainRecord.IDENTITY,
            DomainRecord.identity(domid, incarnation, DomainRecord.STATE_FREE, 0));
        KillPoint.hit(KillPoint.REAP_BEFORE_TELL);
        hv.count(SystemCounter.DOMAINS_SWEPT, 1);
        channels.raiseVirq(0, 0, Virq.DOM_EXC);
        return true;
    }

    private void takeBackSlots(final int slot, final long record, final int domid, final int incarnation)
    {
        pcpus.sweep(domid, incarnation, clock.now());
        Raw.putInt(record + DomainRecord.MAILBOX_VCPUS, 0);
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        for (int v = 0; v < vcpus; v++)
        {
            Raw.putInt(hv.mailbox(slot, v) + Mailbox.STATE, Mailbox.IDLE);
        }
    }

    /** Frees the frames that nobody pins. Returns whether none is left. */
    private boolean sweepFrames(final int slot, final long record, final int domid, final int incarnation)
    {
        final long[] pinned = pinnedFrames(slot, record);
        boolean all = pinned.length == 0;
        long runStart = -1;
        for (long mfn = 1; mfn < hv.frames(); mfn++)
        {
            final long owner = Raw.getLong(hv.frame(mfn) + FrameRecord.OWNER);
            final boolean its = FrameRecord.domid(owner) == domid && FrameRecord.incarnation(owner) == incarnation
                && FrameRecord.state(owner) != FrameRecord.STATE_FREE;
            final boolean stays = its && Arrays.binarySearch(pinned, mfn) >= 0;
            if (stays)
            {
                markDying(mfn, owner);
                all = false;
            }
            if (its && !stays)
            {
                runStart = runStart < 0 ? mfn : runStart;
            }
            else if (runStart >= 0)
            {
                heap.free(runStart, mfn - runStart);
                runStart = -1;
            }
        }
        if (runStart >= 0)
        {
            heap.free(runStart, hv.frames() - runStart);
        }
        return all;
    }

    private void markDying(final long mfn, final long owner)
    {
        final long next = FrameRecord.owner(FrameRecord.domid(owner), FrameRecord.incarnation(owner),
            FrameRecord.STATE_DYING, FrameRecord.flags(owner));
        Raw.putLong(hv.frame(mfn) + FrameRecord.OWNER, next);
    }

    /** Frames of the domain that others pin, sorted. The shared grant frames stay too while any pin is left. */
    private long[] pinnedFrames(final int slot, final long record)
    {
        final int backed = Raw.getInt(record + DomainRecord.BACKED_GRANTS);
        long[] frames = new long[16];
        int n = 0;
        for (int gref = 0; gref < backed; gref++)
        {
            final long active = hv.active(slot, gref);
            if (Raw.getLong(active + ActiveGrant.PINS) != 0)
            {
                if (n == frames.length)
                {
                    frames = Arrays.copyOf(frames, n * 2);
                }
                frames[n++] = Raw.getLong(active + ActiveGrant.FRAME);
            }
        }
        if (n > 0)
        {
            frames = withTableFrames(frames, n, record);
            n = frames.length;
        }
        final long[] sorted = Arrays.copyOf(frames, n);
        Arrays.sort(sorted);
        return sorted;
    }

    private static long[] withTableFrames(final long[] frames, final int n, final long record)
    {
        final int entries = Raw.getInt(record + DomainRecord.GRANT_FRAMES);
        final int statuses = Raw.getInt(record + DomainRecord.STATUS_FRAMES);
        final long[] all = Arrays.copyOf(frames, n + entries + statuses);
        for (int i = 0; i < entries; i++)
        {
            all[n + i] = Raw.getInt(record + DomainRecord.GRANT_FRAME_MFNS + (long)i * Integer.BYTES) & 0xffff_ffffL;
        }
        for (int i = 0; i < statuses; i++)
        {
            all[n + entries + i] =
                Raw.getInt(record + DomainRecord.STATUS_FRAME_MFNS + (long)i * Integer.BYTES) & 0xffff_ffffL;
        }
        return all;
    }
}
