package io.xenolith.hv.sched;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * Has the vCPUs of a domain drop what they cached: translations, decoded code.
 *
 * <pre>
 *   requester                              target
 *   change the shared state                run word = IN_GUEST(epoch + 1)      full fence
 *   attention |= bits     full fence       attention != 0 ?  leave, run word = RING0, drop, enter again
 *   run word IN_GUEST ?  wait until it     ... guest code; attention is polled at block ends
 *   changes
 * </pre>
 *
 * <p>Whoever comes second sees the first: either the target finds the bits before it runs guest code, or the requester finds it in the
 * guest and waits. The dead are not waited for; vCPUs of another domain only for a limited time (crash rule 2).
 */
public final class Shootdown
{
    private static final long FOREIGN_LIMIT_NS = 2_000_000_000L;
    private static final int SPINS = 200;

    private final HypervisorFile hv;
    private final Domains domains;
    private final VcpuWaker waker;

    /** @param machine the machine. */
    public Shootdown(final Machine machine)
    {
        hv = machine.hv();
        domains = new Domains(machine);
        waker = new VcpuWaker(machine);
    }

    /**
     * Asks all vCPUs of another domain and waits for them.
     *
     * @param domid the domain.
     * @param bits  ATTENTION_ bits.
     * @return false when a living vCPU did not react in time.
     */
    public boolean foreign(final int domid, final int bits)
    {
        return request(domid, -1, -1, bits, Shootdown::nothing, FOREIGN_LIMIT_NS);
    }

    /**
     * Asks vCPUs of the caller's own domain and waits for them, as long as it takes.
     *
     * @param domid   the domain.
     * @param self    the calling vCPU, which serves itself.
     * @param vcpus   bit per vCPU to ask; bit {@code self} is ignored.
     * @param bits    ATTENTION_ bits.
     * @param waiting called while waiting: serves what others ask of the caller.
     */
    public void own(final int domid, final int self, final int vcpus, final int bits, final Runnable waiting)
    {
        request(domid, self, vcpus, bits, waiting, Long.MAX_VALUE);
    }

    private static void nothing()
    {
    }

    private boolean request(
        final int domid, final int self, final int mask, final int bits, final Runnable waiting, final long limitNs)
    {
        final long record = domains.record(domid);
        if (record == 0)
        {
            return true;
        }
        final int slot = DomainRecord.slot(domid);
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        boolean all = true;
        for (int v = 0; v < vcpus; v++)
        {
            if (v != self && (mask >>> v & 1) != 0)
            {
                waker.attend(hv.vcpu(slot, v), bits);
            }
        }
        for (int v = 0; v < vcpus; v++)
        {
            if (v != self && (mask >>> v & 1) != 0)
            {
                all &= await(hv.vcpu(slot, v), record, waiting, limitNs);
            }
        }
        return all;
    }

    private boolean await(final long vcpu, final long record, final Runnable waiting, final long limitNs)
    {
        final long seen = Raw.getLongVolatile(vcpu + VcpuRecord.RUN);
        if (RunWord.isQuiescent(seen))
        {
            return true;
        }
        final long start = System.nanoTime();
        for (int i = 0; Raw.getLongVolatile(vcpu + VcpuRecord.RUN) == seen; i++)
        {
            waiting.run();
            if (i < SPINS)
            {
                Thread.onSpinWait();
                continue;
            }
            if (dead(record))
            {
                return true;
            }
            if (System.nanoTime() - start > limitNs)
            {
                return false;
            }
            Thread.yield();
        }
        return true;
    }

    private static boolean dead(final long record)
    {
        return !ProcessIdentity.read(record + DomainRecord.PID, record + DomainRecord.START_TIME).isAlive();
    }
}
