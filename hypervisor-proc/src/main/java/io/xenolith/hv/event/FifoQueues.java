package io.xenolith.hv.event;

import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOENT;
import static io.xenolith.hv.hypercall.Errno.ENOSPC;
import static io.xenolith.hv.hypercall.Errno.EOPNOTSUPP;

import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * The FIFO event ABI of one domain.
 *
 * <pre>
 *   event word    31 PENDING | 30 MASKED | 29 LINKED | 28 BUSY | 16..0 LINK        1024 words per array page
 *   control block ready u32 @0 | reserved | head[16] u32 @8                         one per vCPU, 72 bytes
 * </pre>
 *
 * <p>A port that becomes pending while it is neither masked nor linked is appended to the queue of its vCPU and priority: the tail's
 * link is written, or the head of an empty queue, and then the queue's ready bit is set. The guest takes the head, clears LINKED
 * and the link in one CAS, and follows the link; a tail that the guest has unlinked meanwhile means that the queue is empty.
 * BUSY holds the guest's CAS off while a link is written.
 *
 * <p>The tails are private memory of the domain's process, guarded by this object: nobody else links.
 */
final class FifoQueues
{
    /** Bits of a link, for EVTCHNOP_init_control. */
    static final int LINK_BITS = 17;

    private static final int PENDING = 1 << 31;
    private static final int MASKED = 1 << 30;
    private static final int LINKED = 1 << 29;
    private static final int BUSY = 1 << 28;
    private static final int LINK_MASK = (1 << LINK_BITS) - 1;
    private static final int PRIORITIES = 16;
    private static final int CONTROL_LENGTH = 72;
    private static final int HEADS = 8;
    private static final int PAGE = 4096;
    private static final int WORDS_PER_PAGE = PAGE / Integer.BYTES;
    private static final int LINK_TRIES = 4;

    private final HypervisorFile hv;
    private final MachineMemory memory;
    private final OwnEvents own;
    private final int slot;
    private final long record;
    private final long page;
    private final int[] tails = new int[DomainRecord.MAX_VCPUS * PRIORITIES];

    FifoQueues(final Machine machine, final int domid, final OwnEvents own)
    {
        this.hv = machine.hv();
        this.memory = machine.memory();
        this.own = own;
        this.slot = DomainRecord.slot(domid);
        this.record = hv.domain(slot);
        this.page = hv.domainPage(slot);
    }

    synchronized int initControl(final CallerFrames frames, final long gfn, final int offset, final int vcpu)
    {
        if (vcpu < 0 || vcpu >= Raw.getInt(record + DomainRecord.BACKED_VCPUS))
        {
            return -ENOENT;
        }
        if (offset < 0 || offset > PAGE - CONTROL_LENGTH || (offset & 7) != 0)
        {
            return -EINVAL;
        }
        final long v = hv.vcpu(slot, vcpu);
        if (Raw.getLong(v + VcpuRecord.FIFO_CONTROL_MFN) != 0 || gfn <= 0 || frames.getWritable(gfn) != 0)
        {
            return -EINVAL;
        }
        Raw.fill(memory.addressOf(gfn) + offset, CONTROL_LENGTH, (byte)0);
        Raw.putInt(v + VcpuRecord.FIFO_CONTROL_OFFSET, offset);
        Raw.putLong(v + VcpuRecord.FIFO_CONTROL_MFN, gfn);
        KillPoint.hit(KillPoint.FIFO_CONTROL);
        if (Raw.getInt(record + DomainRecord.EVTCHN_ABI) == 0)
        {
            defaultPriorities();
            Raw.putInt(record + DomainRecord.EVTCHN_ABI, 1);
            KillPoint.hit(KillPoint.FIFO_CONTROL);
            own.raiseAllPending();
        }
        return 0;
    }

    private void defaultPriorities()
    {
        final int ports = Raw.getInt(record + DomainRecord.BACKED_PORTS);
        for (int port = 0; port < ports; port++)
        {
            Raw.putInt(hv.evtchn(slot, port) + EvtchnRecord.PRIORITY, EventChannels.DEFAULT_PRIORITY);
        }
    }

    synchronized int expandArray(final CallerFrames frames, final long gfn)
    {
        if (Raw.getInt(record + DomainRecord.EVTCHN_ABI) == 0)
        {
            return -EOPNOTSUPP;
        }
        final int pages = Raw.getInt(record + DomainRecord.FIFO_PAGES);
        if (pages >= DomainPage.FIFO_ARRAY_SIZE)
        {
            return -ENOSPC;
        }
        if (gfn <= 0 || frames.getWritable(gfn) != 0)
        {
            return -EINVAL;
        }
        maskAll(gfn);
        Raw.putInt(page + DomainPage.FIFO_ARRAY + pages * Integer.BYTES, (int)gfn);
        Raw.putInt(record + DomainRecord.FIFO_PAGES, pages + 1);
        KillPoint.hit(KillPoint.FIFO_EXPAND);
        raiseWaiting(pages);
        return 0;
    }

    /** New words start masked, as the ABI says. */
    private void maskAll(final long mfn)
    {
        final long address = memory.addressOf(mfn);
        for (int i = 0; i < WORDS_PER_PAGE; i++)
        {
            Raw.putInt(address + (long)i * Integer.BYTES, MASKED);
        }
    }

    /** Ports that were raised before they had a word kept the mark in LAST_VCPU's sign; they become pending now. */
    private void raiseWaiting(final int arrayPage)
    {
        final int backed = Raw.getInt(record + DomainRecord.BACKED_PORTS);
        final int first = arrayPage * WORDS_PER_PAGE;
        for (int port = Math.max(first, 1); port < Math.min(first + WORDS_PER_PAGE, backed); port++)
        {
            final long p = hv.evtchn(slot, port);
            if (Raw.getInt(p + EvtchnRecord.LAST_VCPU) < 0)
            {
                Raw.putInt(p + EvtchnRecord.LAST_VCPU, 0);
                Raw.getAndOrInt(word(port), PENDING);
            }
        }
    }

    /** Address of a port's event word, 0 while its page is missing. */
    private long word(final int port)
    {
        final int arrayPage = port / WORDS_PER_PAGE;
        if (arrayPage >= Raw.getInt(record + DomainRecord.FIFO_PAGES))
        {
            return 0;
        }
        final long mfn = Raw.getInt(page + DomainPage.FIFO_ARRAY + arrayPage * Integer.BYTES) & 0xffff_ffffL;
        return memory.addressOf(mfn) + (long)(port % WORDS_PER_PAGE) * Integer.BYTES;
    }

    synchronized void setPending(final int port, final int vcpu, final int self)
    {
        final long word = word(port);
        if (word == 0)
        {
            Raw.putInt(hv.evtchn(slot, port) + EvtchnRecord.LAST_VCPU, -1);
            return;
        }
        Raw.getAndOrInt(word, PENDING);
        KillPoint.hit(KillPoint.EVTCHN_PENDING);
        link(port, word, vcpu, self);
    }

    synchronized void unmask(final int port, final int vcpu, final int self)
    {
        final long word = word(port);
        if (word != 0)
        {
            Raw.getAndAndInt(word, ~MASKED);
            link(port, word, vcpu, self);
        }
    }

    synchronized boolean pending(final int port)
    {
        final long word = word(port);
        return word != 0 && (Raw.getInt(word) & PENDING) != 0;
    }

    synchronized void forget(final int port)
    {
        final long word = word(port);
        if (word != 0)
        {
            Raw.getAndAndInt(word, ~PENDING);
        }
        else
        {
            // what was raised before there was a word must not reach the port's next user
            Raw.putInt(hv.evtchn(slot, port) + EvtchnRecord.LAST_VCPU, 0);
        }
    }

    synchronized int setPriority(final int port, final int priority)
    {
        if (priority < 0 || priority >= PRIORITIES)
        {
            return -EINVAL;
        }
        Raw.putInt(hv.evtchn(slot, port) + EvtchnRecord.PRIORITY, priority);
        KillPoint.hit(KillPoint.FIFO_PRIORITY);
        return 0;
    }

    /** Links a pending, unmasked port into its queue. */
    private void link(final int port, final long word, final int vcpu, final int self)
    {
        final long v = hv.vcpu(slot, vcpu);
        final long controlMfn = Raw.getLong(v + VcpuRecord.FIFO_CONTROL_MFN);
        final int seen = Raw.getIntVolatile(word);
        if (controlMfn == 0 || (seen & PENDING) == 0 || (seen & (MASKED | LINKED)) != 0)
        {
            return;
        }
        if ((Raw.getAndOrInt(word, LINKED) & LINKED) != 0)
        {
            return;
        }
        final long control = memory.addressOf(controlMfn) + Raw.getInt(v + VcpuRecord.FIFO_CONTROL_OFFSET);
        final int priority = Raw.getInt(hv.evtchn(slot, port) + EvtchnRecord.PRIORITY) & PRIORITIES - 1;
        append(port, vcpu, priority, control, self);
    }

    private void append(final int port, final int vcpu, final int priority, final long control, final int self)
    {
        final int queue = vcpu * PRIORITIES + priority;
        leaveOldQueue(port, vcpu, priority, queue);
        final int tail = tails[queue];
        tails[queue] = port;
        if (tail != 0 && tail != port && setLink(word(tail), port))
        {
            return;
        }
        Raw.putInt(control + HEADS + priority * Integer.BYTES, port);
        KillPoint.hit(KillPoint.FIFO_HEAD);
        if ((Raw.getAndOrInt(control, 1 << priority) >>> priority & 1) == 0)
        {
            KillPoint.hit(KillPoint.EVTCHN_SELECTOR);
            own.markUpcall(vcpu, self);
        }
    }

    /** A port that was the tail of another queue, before its vCPU or priority changed, is its tail no longer. */
    private void leaveOldQueue(final int port, final int vcpu, final int priority, final int queue)
    {
        final long p = hv.evtchn(slot, port);
        final int oldVcpu = Math.clamp(Raw.getInt(p + EvtchnRecord.LAST_VCPU), 0, DomainRecord.MAX_VCPUS - 1);
        final int oldPriority = Raw.getInt(p + EvtchnRecord.LAST_PRIORITY) & PRIORITIES - 1;
        final int old = oldVcpu * PRIORITIES + oldPriority;
        if (old != queue && tails[old] == port)
        {
            tails[old] = 0;
        }
        Raw.putInt(p + EvtchnRecord.LAST_VCPU, vcpu);
        Raw.putInt(p + EvtchnRecord.LAST_PRIORITY, priority);
    }

    /** Writes the link of a tail, unless the guest has taken that port off the queue. */
    private static boolean setLink(final long tailWord, final int port)
    {
        if (tailWord == 0)
        {
            return false;
        }
        for (int i = 0; i < LINK_TRIES; i++)
        {
            final int w = Raw.getInt(tailWord);
            if ((w & LINKED) == 0)
            {
                return false;
            }
            if (Raw.casInt(tailWord, w, w & ~LINK_MASK | port))
            {
                KillPoint.hit(KillPoint.FIFO_LINK);
                return true;
            }
        }
        return setLinkBusy(tailWord, port);
    }

    /** The guest keeps changing the word: hold its unlinking off by BUSY, and try a last time. */
    private static boolean setLinkBusy(final long tailWord, final int port)
    {
        Raw.getAndOrInt(tailWord, BUSY);
        boolean done = false;
        for (int i = 0; i < LINK_TRIES && !done; i++)
        {
            final int w = Raw.getInt(tailWord);
            if ((w & LINKED) == 0)
            {
                break;
            }
            done = Raw.casInt(tailWord, w, w & ~LINK_MASK | port);
        }
        Raw.getAndAndInt(tailWord, ~BUSY);
        return done;
    }

    /** Drops all pages and control blocks and goes back to the 2-level ABI. */
    synchronized void drop(final CallerFrames frames)
    {
        if (Raw.getInt(record + DomainRecord.EVTCHN_ABI) == 0)
        {
            return;
        }
        Raw.putInt(record + DomainRecord.EVTCHN_ABI, 0);
        KillPoint.hit(KillPoint.FIFO_CONTROL);
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        for (int vcpu = 0; vcpu < vcpus; vcpu++)
        {
            final long at = hv.vcpu(slot, vcpu) + VcpuRecord.FIFO_CONTROL_MFN;
            final long mfn = Raw.xchgLong(at, 0);
            if (mfn != 0)
            {
                frames.putWritable(mfn);
            }
        }
        final int pages = Raw.getInt(record + DomainRecord.FIFO_PAGES);
        Raw.putInt(record + DomainRecord.FIFO_PAGES, 0);
        for (int i = 0; i < pages; i++)
        {
            frames.putWritable(Raw.getInt(page + DomainPage.FIFO_ARRAY + i * Integer.BYTES) & 0xffff_ffffL);
        }
        java.util.Arrays.fill(tails, 0);
    }
}
