package io.xenolith.hv.sched;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.PcpuSlot;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * Physical CPUs: one word each, 0 or the {@link Party} that runs on it, changed by CAS only.
 *
 * <p>A vCPU that wants to run takes a free one. When there is none it says that it is descheduled, marks its domain in the waiting
 * bitmap, looks once more, and sleeps on its doorbell. A vCPU that stops running hands its CPU to the vCPU that has waited longest: one CAS from
 * its own name to the other's, then that one's doorbell; only when nobody waits does the word become 0. A hand-over to a vCPU that has just
 * died leaves its name in the word; the reaper takes it out.
 */
public final class PcpuSlots
{
    private final HypervisorFile hv;
    private final VcpuWaker waker;
    private final int pcpus;
    /** Result of the search below, under this object's monitor. */
    private long found;
    private long foundSince;
    private long foundParty;

    /** @param machine the machine. */
    public PcpuSlots(final Machine machine)
    {
        hv = machine.hv();
        waker = new VcpuWaker(machine);
        pcpus = Raw.getInt(hv.header() + Header.PCPUS);
    }

    /** @return number of physical CPUs. */
    public int count()
    {
        return pcpus;
    }

    /**
     * Takes a free CPU, or finds the one that was handed over.
     *
     * @param party who wants it.
     * @param now   system time.
     * @return its number, or -1.
     */
    public int take(final long party, final long now)
    {
        for (int i = 0; i < pcpus; i++)
        {
            if (Raw.getLongVolatile(hv.pcpu(i) + PcpuSlot.HOLDER) == party)
            {
                return i;
            }
        }
        for (int i = 0; i < pcpus; i++)
        {
            final long slot = hv.pcpu(i);
            if (Raw.getLong(slot + PcpuSlot.HOLDER) == Party.NOBODY
                && Raw.casLong(slot + PcpuSlot.HOLDER, Party.NOBODY, party))
            {
                KillPoint.hit(KillPoint.SLOT_TAKEN);
                Raw.putLong(slot + PcpuSlot.SINCE, now);
                return i;
            }
        }
        return -1;
    }

    /**
     * Gives a CPU up: to the vCPU that has waited longest, or to nobody.
     *
     * @param pcpu  its number.
     * @param party who holds it.
     * @param now   system time.
     */
    public void release(final int pcpu, final long party, final long now)
    {
        final long slot = hv.pcpu(pcpu);
        Raw.getAndAddLong(slot + PcpuSlot.BUSY, now - Raw.getLong(slot + PcpuSlot.SINCE));
        if (handOver(slot, party, now))
        {
            return;
        }
        Raw.casLong(slot + PcpuSlot.HOLDER, party, Party.NOBODY);
        KillPoint.hit(KillPoint.SLOT_FREE);
        if (anyWaiting())
        {
            handOver(slot, Party.NOBODY, now);
        }
    }

    private synchronized boolean handOver(final long slot, final long from, final long now)
    {
        final long next = longestWaiting();
        if (next == 0)
        {
            return false;
        }
        if (!Raw.casLong(slot + PcpuSlot.HOLDER, from, foundParty))
        {
            return false;
        }
        Raw.putLong(slot + PcpuSlot.SINCE, now);
        KillPoint.hit(KillPoint.SLOT_GIVEN);
        waker.wake(next);
        return true;
    }

    /** @return whether some vCPU may be waiting for a CPU. */
    public boolean anyWaiting()
    {
        final long bits = hv.header() + Header.WAITING_DOMAINS;
        return (Raw.getLongVolatile(bits) | Raw.getLongVolatile(bits + Long.BYTES)) != 0;
    }

    /**
     * Says that a vCPU of a domain waits for a CPU.
     *
     * @param slot the domain's slot.
     */
    public void announceWaiting(final int slot)
    {
        Raw.getAndOrLong(waitingWord(slot), 1L << (slot & 63));
    }

    private long waitingWord(final int slot)
    {
        return hv.header() + Header.WAITING_DOMAINS + (long)(slot >>> 6) * Long.BYTES;
    }

    /** Address of the waiting vCPU that has waited longest and holds no CPU yet, 0 for none. */
    private long longestWaiting()
    {
        found = 0;
        foundSince = Long.MAX_VALUE;
        for (int w = 0; w < 2; w++)
        {
            long bits = Raw.getLong(hv.header() + Header.WAITING_DOMAINS + (long)w * Long.BYTES);
            while (bits != 0)
            {
                final int slot = w * 64 + Long.numberOfTrailingZeros(bits);
                bits &= bits - 1;
                if (!inspect(slot))
                {
                    Raw.getAndAndLong(waitingWord(slot), ~(1L << (slot & 63)));
                    if (inspect(slot))
                    {
                        announceWaiting(slot);
                    }
                }
            }
        }
        return found;
    }

    /** Looks at the vCPUs of one domain. Returns whether any waits. */
    private boolean inspect(final int slot)
    {
        final long record = hv.domain(slot);
        if (Domains.state(record) != DomainRecord.STATE_LIVE)
        {
            return false;
        }
        boolean any = false;
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        for (int v = 0; v < vcpus; v++)
        {
            final long vcpu = hv.vcpu(slot, v);
            if (RunWord.state(Raw.getLong(vcpu + VcpuRecord.RUN)) != RunWord.DESCHEDULED)
            {
                continue;
            }
            any = true;
            final long since = Raw.getLong(vcpu + VcpuRecord.RUNSTATE_SINCE);
            if (since < foundSince && !holds(Party.of(Domains.domid(record), v, Domains.incarnation(record))))
            {
                found = vcpu;
                foundSince = since;
                foundParty = Party.of(Domains.domid(record), v, Domains.incarnation(record));
            }
        }
        return any;
    }

    private boolean holds(final long party)
    {
        for (int i = 0; i < pcpus; i++)
        {
            if (Raw.getLong(hv.pcpu(i) + PcpuSlot.HOLDER) == party)
            {
                return true;
            }
        }
        return false;
    }

    /**
     * Asks the vCPUs that have held a CPU for longer than a time slice to give it up, if somebody waits.
     *
     * @param now     system time.
     * @param sliceNs time slice.
     * @return how many were asked.
     */
    public int preempt(final long now, final long sliceNs)
    {
        if (!anyWaiting())
        {
            return 0;
        }
        int asked = 0;
        for (int i = 0; i < pcpus; i++)
        {
            final long slot = hv.pcpu(i);
            final long party = Raw.getLong(slot + PcpuSlot.HOLDER);
            if (party == Party.NOBODY)
            {
                handOver(slot, Party.NOBODY, now);
            }
            else if (orphan(i, party))
            {
                handOver(slot, party, now);
            }
            else if (now - Raw.getLong(slot + PcpuSlot.SINCE) >= sliceNs)
            {
                ask(party);
                asked++;
            }
        }
        return asked;
    }

    /**
     * Whether a CPU is in the name of a vCPU that runs on another one: it took that one in the same moment in which this one
     * was handed to it.
     *
     * @param pcpu  a CPU.
     * @param party who holds it.
     * @return whether it can be taken back.
     */
    public boolean orphan(final int pcpu, final long party)
    {
        final int slot = DomainRecord.slot(Party.domid(party));
        final long record = hv.domain(slot);
        if (Domains.incarnation(record) != Party.incarnation(party) || Domains.domid(record) != Party.domid(party)
            || Party.vcpu(party) >= Raw.getInt(record + DomainRecord.BACKED_VCPUS))
        {
            return true;
        }
        final long vcpu = hv.vcpu(slot, Party.vcpu(party));
        final int using = Raw.getInt(vcpu + VcpuRecord.PCPU);
        return RunWord.isRunning(Raw.getLong(vcpu + VcpuRecord.RUN)) && using != 0 && using != pcpu + 1;
    }

    private void ask(final long party)
    {
        final int slot = DomainRecord.slot(Party.domid(party));
        final long record = hv.domain(slot);
        if (Domains.incarnation(record) == Party.incarnation(party)
            && Party.vcpu(party) < Raw.getInt(record + DomainRecord.BACKED_VCPUS))
        {
            waker.attend(hv.vcpu(slot, Party.vcpu(party)), VcpuRecord.ATTENTION_PREEMPT);
        }
    }

    /**
     * Takes back what a dead domain holds.
     *
     * @param domid       the domain.
     * @param incarnation its incarnation.
     * @param now         system time.
     * @return CPUs taken back.
     */
    public int sweep(final int domid, final int incarnation, final long now)
    {
        int taken = 0;
        for (int i = 0; i < pcpus; i++)
        {
            final long party = Raw.getLong(hv.pcpu(i) + PcpuSlot.HOLDER);
            if (party != Party.NOBODY && Party.domid(party) == domid && Party.incarnation(party) == incarnation)
            {
                release(i, party, now);
                taken++;
            }
        }
        return taken;
    }
}
