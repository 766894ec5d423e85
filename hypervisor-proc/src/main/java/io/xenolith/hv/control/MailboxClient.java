package io.xenolith.hv.control;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Mailbox;

/**
 * The requester's end of a domain's mailboxes: one request per vCPU at a time, posted, waited for, taken.
 *
 * <pre>
 *   requester                             hypervisor
 *   op, args, payload, sequence+1
 *   state = POSTED                   -&gt;   found by hint bits, or by a scan after a restart
 *   hint bits, ring
 *   wait on the mailbox's doorbell        plan, commit, apply; result, served = sequence
 *                                    &lt;-   state = DONE, ring
 *   take the result; state = IDLE
 * </pre>
 *
 * <p>While the answer takes long, the requester makes sure that there is a hypervisor process at all, and restarts it if not.
 */
public final class MailboxClient implements GlobalCalls
{
    private static final long SPIN_NS = 30_000;
    private static final long PATIENCE_NS = 100_000_000L;

    private final HypervisorFile hv;
    private final int slot;
    private final Runnable whenSlow;
    private final Object[] locks = new Object[DomainRecord.MAX_VCPUS];

    /**
     * @param machine  the machine.
     * @param domid    requesting domain, this process's.
     * @param whenSlow called from time to time while an answer is awaited; restarts the hypervisor if it is dead.
     */
    public MailboxClient(final Machine machine, final int domid, final Runnable whenSlow)
    {
        this.hv = machine.hv();
        this.slot = DomainRecord.slot(domid);
        this.whenSlow = whenSlow;
        java.util.Arrays.setAll(locks, (i) -> new Object());
    }

    @Override
    public long call(final int vcpu, final GlobalOp op, final long a0, final long a1, final long a2, final long a3)
    {
        synchronized (locks[vcpu])
        {
            final long box = hv.mailbox(slot, vcpu);
            prepare(box, vcpu);
            putArgs(box, a0, a1, a2, a3, 0);
            Raw.putInt(box + Mailbox.PAYLOAD_USED, 0);
            return post(box, vcpu, op);
        }
    }

    /**
     * A request with a list of longs, and an answer that may carry one.
     *
     * @param vcpu calling vCPU.
     * @param op   operation.
     * @param args up to {@link Mailbox#ARG_COUNT} arguments.
     * @param list sent along; at most {@link #MAX_LIST} entries.
     * @return the answer.
     */
    public Answer callWithList(final int vcpu, final GlobalOp op, final long[] args, final long[] list)
    {
        synchronized (locks[vcpu])
        {
            final long box = hv.mailbox(slot, vcpu);
            prepare(box, vcpu);
            for (int i = 0; i < Mailbox.ARG_COUNT; i++)
            {
                Raw.putLong(box + Mailbox.ARGS + (long)i * Long.BYTES, i < args.length ? args[i] : 0);
            }
            for (int i = 0; i < list.length; i++)
            {
                Raw.putLong(box + Mailbox.PAYLOAD + (long)i * Long.BYTES, list[i]);
            }
            Raw.putInt(box + Mailbox.PAYLOAD_USED, list.length * Long.BYTES);
            post(box, vcpu, op, false);
            final Answer answer = readAnswer(box);
            KillPoint.hit(KillPoint.MAILBOX_BEFORE_TAKE);
            Raw.putInt(box + Mailbox.STATE, Mailbox.IDLE);
            return answer;
        }
    }

    /** Entries of a list that fit a mailbox. */
    public static final int MAX_LIST = Mailbox.PAYLOAD_LENGTH / Long.BYTES;

    /**
     * An answer with its list.
     *
     * @param result  the result.
     * @param results two further result words.
     * @param list    result list.
     */
    public record Answer(long result, long[] results, long[] list)
    {
    }

    private static Answer readAnswer(final long box)
    {
        final long[] list = new long[Math.clamp(Raw.getInt(box + Mailbox.PAYLOAD_USED) / Long.BYTES, 0, MAX_LIST)];
        for (int i = 0; i < list.length; i++)
        {
            list[i] = Raw.getLong(box + Mailbox.PAYLOAD + (long)i * Long.BYTES);
        }
        final long[] results = {
            Raw.getLong(box + Mailbox.RESULTS), Raw.getLong(box + Mailbox.RESULTS + Long.BYTES)};
        return new Answer(Raw.getLong(box + Mailbox.RESULT), results, list);
    }

    /** Waits for what an earlier life of this process may have asked, so that its answer is not taken for ours. */
    private void prepare(final long box, final int vcpu)
    {
        if (Raw.getInt(box + Mailbox.STATE) == Mailbox.POSTED)
        {
            // It may have died before it could say that it asks.
            announce(vcpu);
            await(box);
        }
        Raw.putInt(box + Mailbox.STATE, Mailbox.IDLE);
    }

    private static void putArgs(
        final long box, final long a0, final long a1, final long a2, final long a3, final long a4)
    {
        Raw.putLong(box + Mailbox.ARGS, a0);
        Raw.putLong(box + Mailbox.ARGS + 8, a1);
        Raw.putLong(box + Mailbox.ARGS + 16, a2);
        Raw.putLong(box + Mailbox.ARGS + 24, a3);
        Raw.putLong(box + Mailbox.ARGS + 32, a4);
    }

    private long post(final long box, final int vcpu, final GlobalOp op)
    {
        return post(box, vcpu, op, true);
    }

    private long post(final long box, final int vcpu, final GlobalOp op, final boolean take)
    {
        Raw.putInt(box + Mailbox.OP, op.number());
        Raw.putInt(box + Mailbox.SEQUENCE, Raw.getInt(box + Mailbox.SEQUENCE) + 1);
        KillPoint.hit(KillPoint.MAILBOX_BEFORE_POST);
        Raw.putIntVolatile(box + Mailbox.STATE, Mailbox.POSTED);
        KillPoint.hit(KillPoint.MAILBOX_BEFORE_HINT);
        announce(vcpu);
        await(box);
        final long result = Raw.getLong(box + Mailbox.RESULT);
        if (take)
        {
            KillPoint.hit(KillPoint.MAILBOX_BEFORE_TAKE);
            Raw.putInt(box + Mailbox.STATE, Mailbox.IDLE);
        }
        return result;
    }

    /** Tells the hypervisor process that a request is posted. */
    private void announce(final int vcpu)
    {
        Raw.getAndOrInt(hv.domain(slot) + DomainRecord.MAILBOX_VCPUS, 1 << vcpu);
        Raw.getAndOrLong(hv.header() + Header.MAILBOX_DOMAINS + (long)(slot >>> 6) * Long.BYTES, 1L << (slot & 63));
        KillPoint.hit(KillPoint.MAILBOX_BEFORE_RING);
        Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
    }

    private void await(final long box)
    {
        final long bell = box + Mailbox.DOORBELL;
        final long run = hv.header() + Header.HYPERVISOR_RUN;
        for (;;)
        {
            final int seen = Doorbell.value(bell);
            if (Raw.getIntVolatile(box + Mailbox.STATE) != Mailbox.POSTED)
            {
                return;
            }
            if (Doorbell.await(bell, seen, run, SPIN_NS, PATIENCE_NS) == seen)
            {
                whenSlow.run();
            }
        }
    }
}
