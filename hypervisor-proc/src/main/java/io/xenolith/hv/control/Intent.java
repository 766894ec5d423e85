package io.xenolith.hv.control;

import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.IntentRecord;
import io.xenolith.shm.hv.Mailbox;

/**
 * The one intent record: the operation that the hypervisor process is in the middle of, and its plan.
 *
 * <pre>
 *   begin    op, requester, sequence, arguments               step PLANNING
 *   plan     looks and chooses; writes the choice here        step PLANNING    killed here: abandoned, asked again
 *   commit                                                    step COMMITTED
 *   apply    idempotent stores, from the plan alone           step COMMITTED   killed here: applied again
 *   answer   result into the mailbox
 *   end      op = NONE
 * </pre>
 *
 * <p>A plan changes nothing that others see, except that it may back frames and mark what {@code abandon} takes back. What is
 * applied twice gives the same as once.
 */
public final class Intent
{
    static final int PLANNING = 0;
    static final int COMMITTED = 1;

    private final HypervisorFile hv;
    private final long address;

    Intent(final HypervisorFile hv)
    {
        this.hv = hv;
        this.address = hv.intent();
    }

    /** @return the operation that is under way, null when there is none. */
    GlobalOp op()
    {
        final GlobalOp op = GlobalOp.of(Raw.getInt(address + IntentRecord.OP));
        return op == GlobalOp.NONE ? null : op;
    }

    int step()
    {
        return Raw.getInt(address + IntentRecord.STEP);
    }

    /** Who asked: a {@link io.xenolith.shm.hv.Party} word. */
    long requester()
    {
        return Raw.getLong(address + IntentRecord.REQUESTER);
    }

    int sequence()
    {
        return Raw.getInt(address + IntentRecord.SEQUENCE);
    }

    /** Begins an operation with the arguments and the list of a mailbox. */
    void begin(final GlobalOp op, final long requester, final long mailbox)
    {
        Raw.putInt(address + IntentRecord.STEP, PLANNING);
        Raw.putLong(address + IntentRecord.REQUESTER, requester);
        Raw.putInt(address + IntentRecord.SEQUENCE, Raw.getInt(mailbox + Mailbox.SEQUENCE));
        Raw.putLong(address + IntentRecord.EPOCH, Raw.getLong(hv.header() + Header.EPOCH));
        for (int i = 0; i < IntentRecord.ARG_COUNT; i++)
        {
            setArg(i, i < Mailbox.ARG_COUNT ? Raw.getLong(mailbox + Mailbox.ARGS + (long)i * Long.BYTES) : 0);
        }
        final int entries =
            Math.clamp(Raw.getInt(mailbox + Mailbox.PAYLOAD_USED) / Long.BYTES, 0, MailboxClient.MAX_LIST);
        for (int i = 0; i < entries; i++)
        {
            setEntry(i, Raw.getLong(mailbox + Mailbox.PAYLOAD + (long)i * Long.BYTES));
        }
        setCount(entries);
        Raw.putLong(address + IntentRecord.RESULT, 0);
        KillPoint.hit(KillPoint.INTENT_BEFORE_BEGIN);
        Raw.putInt(address + IntentRecord.OP, op.number());
    }

    void commit()
    {
        KillPoint.hit(KillPoint.INTENT_BEFORE_COMMIT);
        Raw.putInt(address + IntentRecord.STEP, COMMITTED);
    }

    void end()
    {
        KillPoint.hit(KillPoint.INTENT_BEFORE_END);
        Raw.putInt(address + IntentRecord.OP, GlobalOp.NONE.number());
    }

    /** @param i below 16. @return argument, or what the plan put in its place. */
    public long arg(final int i)
    {
        return Raw.getLong(address + IntentRecord.ARGS + (long)i * Long.BYTES);
    }

    /** @param i below 16. @param value part of the plan. */
    public void setArg(final int i, final long value)
    {
        Raw.putLong(address + IntentRecord.ARGS + (long)i * Long.BYTES, value);
    }

    /** @return entries of the list. */
    public int count()
    {
        return Raw.getInt(address + IntentRecord.COUNT);
    }

    /** @param count entries of the list that are valid. */
    public void setCount(final int count)
    {
        Raw.putInt(address + IntentRecord.COUNT, count);
    }

    /** @param i below {@link #count()}. @return entry of the list. */
    public long entry(final int i)
    {
        return Raw.getLong(address + IntentRecord.LIST + (long)i * Long.BYTES);
    }

    /** @param i below {@link IntentRecord#LIST_SIZE}. @param value entry of the list. */
    public void setEntry(final int i, final long value)
    {
        Raw.putLong(address + IntentRecord.LIST + (long)i * Long.BYTES, value);
    }

    /** @return the result that the requester will get. */
    public long result()
    {
        return Raw.getLong(address + IntentRecord.RESULT);
    }

    void setResult(final long result)
    {
        Raw.putLong(address + IntentRecord.RESULT, result);
    }
}
