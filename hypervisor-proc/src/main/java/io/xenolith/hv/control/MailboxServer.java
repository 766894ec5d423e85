package io.xenolith.hv.control;

import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.EPERM;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Mailbox;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.SystemCounter;
import java.util.EnumMap;
import java.util.Map;

/**
 * The hypervisor's end of all mailboxes: finds posted requests, has each carried out exactly once under the intent record, answers.
 * Requests that are posted together are served in one turn.
 */
final class MailboxServer
{
    private final HypervisorFile hv;
    private final Intent intent;
    private final Map<GlobalOp, GlobalHandler> handlers = new EnumMap<>(GlobalOp.class);

    MailboxServer(final HypervisorFile hv)
    {
        this.hv = hv;
        this.intent = new Intent(hv);
    }

    void register(final GlobalOp op, final GlobalHandler handler)
    {
        if (handlers.put(op, handler) != null)
        {
            throw new IllegalStateException("two handlers for " + op);
        }
    }

    /**
     * Finishes what the last hypervisor process was in the middle of.
     *
     * @return whether there was something.
     */
    boolean rollForward()
    {
        final GlobalOp op = intent.op();
        if (op == null)
        {
            return false;
        }
        final GlobalHandler handler = handlers.get(op);
        if (intent.step() == Intent.COMMITTED)
        {
            handler.apply(intent);
            answer(handler);
        }
        else
        {
            handler.abandon(intent);
        }
        intent.end();
        hv.count(SystemCounter.INTENTS_RESUMED, 1);
        return true;
    }

    /** Looks at every mailbox, hints or not: after a restart. */
    int serveAll()
    {
        int served = 0;
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            final int vcpus = Raw.getInt(hv.domain(slot) + DomainRecord.BACKED_VCPUS);
            for (int v = 0; v < vcpus; v++)
            {
                served += serve(slot, v);
            }
        }
        return served;
    }

    /** Serves what the hints point at. */
    int serve()
    {
        int served = 0;
        for (int w = 0; w < 2; w++)
        {
            final long word = hv.header() + Header.MAILBOX_DOMAINS + (long)w * Long.BYTES;
            long bits = Raw.getLong(word) == 0 ? 0 : Raw.xchgLong(word, 0);
            while (bits != 0)
            {
                served += serveDomain(w * 64 + Long.numberOfTrailingZeros(bits));
                bits &= bits - 1;
            }
        }
        return served;
    }

    private int serveDomain(final int slot)
    {
        final long record = hv.domain(slot);
        int vcpus = Raw.xchgInt(record + DomainRecord.MAILBOX_VCPUS, 0);
        KillPoint.hit(KillPoint.MAILBOX_BEFORE_SERVE);
        int served = 0;
        while (vcpus != 0)
        {
            final int v = Integer.numberOfTrailingZeros(vcpus);
            vcpus &= vcpus - 1;
            served += v < Raw.getInt(record + DomainRecord.BACKED_VCPUS) ? serve(slot, v) : 0;
        }
        return served;
    }

    private int serve(final int slot, final int vcpu)
    {
        final long box = hv.mailbox(slot, vcpu);
        if (Raw.getIntVolatile(box + Mailbox.STATE) != Mailbox.POSTED)
        {
            return 0;
        }
        if (Raw.getInt(box + Mailbox.SERVED) == Raw.getInt(box + Mailbox.SEQUENCE))
        {
            finish(box);
            return 1;
        }
        hv.count(SystemCounter.MAILBOX_REQUESTS, 1);
        final long record = hv.domain(slot);
        final int domid = Domains.domid(record);
        final GlobalOp op = GlobalOp.of(Raw.getInt(box + Mailbox.OP));
        final GlobalHandler handler = op == null ? null : handlers.get(op);
        if (handler == null || op.privileged() && domid != 0)
        {
            reply(box, handler == null ? -ENOSYS : -EPERM, Raw.getInt(box + Mailbox.SEQUENCE), null);
            return 1;
        }
        carryOut(op, handler, Party.of(domid, vcpu, Domains.incarnation(record)), domid, box);
        return 1;
    }

    private void carryOut(
        final GlobalOp op, final GlobalHandler handler, final long requester, final int domid, final long box)
    {
        intent.begin(op, requester, box);
        KillPoint.hit(KillPoint.INTENT_BEFORE_PLAN);
        final long result = handler.plan(intent, domid);
        intent.setResult(result);
        if (result >= 0)
        {
            intent.commit();
            KillPoint.hit(KillPoint.INTENT_BEFORE_APPLY);
            handler.apply(intent);
        }
        else
        {
            handler.abandon(intent);
            intent.setCount(0);
            intent.commit();
        }
        KillPoint.hit(KillPoint.INTENT_BEFORE_ANSWER);
        answer(handler);
        intent.end();
    }

    /** Hands the result of the intent to its requester, if that one still waits for it. */
    private void answer(final GlobalHandler handler)
    {
        final long requester = intent.requester();
        final int slot = DomainRecord.slot(Party.domid(requester));
        final long record = hv.domain(slot);
        if (Domains.incarnation(record) != Party.incarnation(requester)
            || Party.vcpu(requester) >= Raw.getInt(record + DomainRecord.BACKED_VCPUS))
        {
            return;
        }
        final long box = hv.mailbox(slot, Party.vcpu(requester));
        final boolean waits = Raw.getInt(box + Mailbox.STATE) == Mailbox.POSTED
            && Raw.getInt(box + Mailbox.SEQUENCE) == intent.sequence();
        if (waits)
        {
            reply(box, intent.result(), intent.sequence(), handler.answersWithList() ? intent : null);
        }
    }

    private static void reply(final long box, final long result, final int sequence, final Intent list)
    {
        Raw.putLong(box + Mailbox.RESULT, result);
        final int entries = list == null ? 0 : Math.min(list.count(), MailboxClient.MAX_LIST);
        for (int i = 0; i < entries; i++)
        {
            Raw.putLong(box + Mailbox.PAYLOAD + (long)i * Long.BYTES, list.entry(i));
        }
        Raw.putInt(box + Mailbox.PAYLOAD_USED, entries * Long.BYTES);
        KillPoint.hit(KillPoint.MAILBOX_BEFORE_SERVED);
        Raw.putInt(box + Mailbox.SERVED, sequence);
        finish(box);
    }

    private static void finish(final long box)
    {
        KillPoint.hit(KillPoint.MAILBOX_BEFORE_DONE);
        Raw.putIntVolatile(box + Mailbox.STATE, Mailbox.DONE);
        Doorbell.ring(box + Mailbox.DOORBELL);
    }
}
