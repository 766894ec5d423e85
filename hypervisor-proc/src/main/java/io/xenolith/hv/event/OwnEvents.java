package io.xenolith.hv.event;

import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;

import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;

/**
 * A domain's own side of event delivery, in the domain's process: what senders raised becomes pending, selected and announced
 * in the guest's structures, in the ABI's order (see {@link EventChannels}). All of it is written by the domain's own vCPUs
 * only, so the domain's death needs no repair.
 */
public final class OwnEvents
{
    private static final int VCPU_INFO_LENGTH = 64;
    private static final int LEGACY_VCPUS = 32;
    private static final int UPCALL_PENDING = 0;
    private static final int UPCALL_MASK = 1;

    private final HypervisorFile hv;
    private final MachineMemory memory;
    private final EventChannels channels;
    private final FifoQueues fifo;
    private final int domid;
    private final int slot;
    private final boolean wide;
    private final long record;
    private final long sharedInfo;

    /**
     * @param machine  the machine.
     * @param channels its ports.
     * @param domid    this process's domain; its record is complete.
     */
    public OwnEvents(final Machine machine, final EventChannels channels, final int domid)
    {
        this.hv = machine.hv();
        this.memory = machine.memory();
        this.channels = channels;
        this.domid = domid;
        this.slot = DomainRecord.slot(domid);
        this.record = hv.domain(slot);
        this.wide = Raw.getInt(record + DomainRecord.WIDTH) == 64;
        this.sharedInfo = memory.addressOf(Raw.getLong(record + DomainRecord.SHARED_INFO_MFN));
        this.fifo = new FifoQueues(machine, domid, this);
    }

    /** @return address of the domain's shared_info page. */
    public long sharedInfo()
    {
        return sharedInfo;
    }

    /**
     * Where a vCPU's vcpu_info lies: where the guest registered it, else in shared_info.
     *
     * @param vcpu a vCPU of the domain.
     * @return address, or 0 for a vCPU beyond shared_info's array that has registered none.
     */
    public long vcpuInfo(final int vcpu)
    {
        final long v = hv.vcpu(slot, vcpu);
        final long mfn = Raw.getLong(v + VcpuRecord.VCPU_INFO_MFN);
        if (mfn != 0)
        {
            return memory.addressOf(mfn) + Raw.getInt(v + VcpuRecord.VCPU_INFO_OFFSET);
        }
        return vcpu < LEGACY_VCPUS ? sharedInfo + (long)vcpu * VCPU_INFO_LENGTH : 0;
    }

    /**
     * Whether the guest wants to be called now.
     *
     * @param vcpu a vCPU of the domain.
     * @return whether its up-call is pending and not masked.
     */
    public boolean deliverable(final int vcpu)
    {
        final long info = vcpuInfo(vcpu);
        return info != 0 && Raw.getByte(info + UPCALL_PENDING) != 0 && Raw.getByte(info + UPCALL_MASK) == 0;
    }

    /**
     * Turns what was raised for a vCPU into pending events. Called by that vCPU's thread on ATTENTION_EVENT, before it
     * parks, and before it looks at pending bits on the guest's behalf.
     *
     * @param vcpu the calling thread's vCPU.
     */
    public void derive(final int vcpu)
    {
        final long v = hv.vcpu(slot, vcpu);
        long words = Raw.getLong(v + VcpuRecord.EVENT_WORDS) == 0 ? 0 : Raw.xchgLong(v + VcpuRecord.EVENT_WORDS, 0);
        while (words != 0)
        {
            final int group = Long.numberOfTrailingZeros(words);
            words &= words - 1;
            deriveGroup(group, vcpu);
        }
    }

    private void deriveGroup(final int group, final int vcpu)
    {
        final int backed = Raw.getInt(record + DomainRecord.BACKED_PORTS);
        final int perRound = Long.SIZE << EventChannels.GROUP_SHIFT;
        for (int first = group << EventChannels.GROUP_SHIFT; first < backed; first += perRound)
        {
            final int end = Math.min(first + (1 << EventChannels.GROUP_SHIFT), backed);
            for (int port = first; port < end; port++)
            {
                derivePort(port, vcpu);
            }
        }
    }

    private void derivePort(final int port, final int vcpu)
    {
        final long address = hv.evtchn(slot, port);
        final long seen = Raw.getLong(address + EvtchnRecord.BINDING);
        if (!EventChannels.raised(seen))
        {
            return;
        }
        final long binding = EventChannels.take(address);
        KillPoint.hit(KillPoint.EVTCHN_TAKE);
        if (EventChannels.raised(binding))
        {
            setPending(port, EvtchnRecord.vcpu(binding), vcpu);
        }
    }

    /** Makes a port pending for the vCPU that it notifies; {@code self} is the vCPU this thread belongs to. */
    private void setPending(final int port, final int vcpu, final int self)
    {
        if (usesFifo())
        {
            fifo.setPending(port, vcpu, self);
        }
        else
        {
            setPendingTwoLevel(port, vcpu, self);
        }
    }

    private boolean usesFifo()
    {
        return Raw.getInt(record + DomainRecord.EVTCHN_ABI) != 0;
    }

    private void setPendingTwoLevel(final int port, final int vcpu, final int self)
    {
        if (port >= limit() || setBit(pendingWord(port), bit(port)))
        {
            return;
        }
        KillPoint.hit(KillPoint.EVTCHN_PENDING);
        if (!testBit(maskWord(port), bit(port)))
        {
            select(port, vcpu, self);
        }
    }

    private void select(final int port, final int vcpu, final int self)
    {
        final long info = vcpuInfo(vcpu);
        if (info == 0)
        {
            return;
        }
        final int word = wide ? port >>> 6 : port >>> 5;
        if (!setBit(info + (wide ? 8 : 4), word))
        {
            KillPoint.hit(KillPoint.EVTCHN_SELECTOR);
            markUpcall(vcpu, self);
        }
    }

    /** Sets the up-call byte of a vCPU, and has it look if it is not the calling one. */
    void markUpcall(final int vcpu, final int self)
    {
        final long info = vcpuInfo(vcpu);
        if (info == 0)
        {
            return;
        }
        Raw.putByteVolatile(info + UPCALL_PENDING, (byte)1);
        KillPoint.hit(KillPoint.EVTCHN_UPCALL);
        if (vcpu != self)
        {
            channels.nudge(slot, vcpu);
        }
    }

    /**
     * EVTCHNOP_unmask.
     *
     * @param port any value.
     * @param self the calling vCPU.
     * @return 0 or {@code -EINVAL}.
     */
    public int unmask(final int port, final int self)
    {
        final long address = channels.port(domid, port);
        if (address == 0 || EvtchnRecord.state(Raw.getLong(address)) == EvtchnRecord.STATE_FREE)
        {
            return -EINVAL;
        }
        derive(self);
        final int vcpu = EvtchnRecord.vcpu(Raw.getLong(address + EvtchnRecord.BINDING));
        if (usesFifo())
        {
            fifo.unmask(port, vcpu, self);
        }
        else if (port < limit())
        {
            final boolean masked = clearBit(maskWord(port), bit(port));
            if (masked && testBit(pendingWord(port), bit(port)))
            {
                select(port, vcpu, self);
            }
        }
        return 0;
    }

    /**
     * Whether an event of a port waits, delivered or about to be.
     *
     * @param port a port of the domain.
     * @return whether its pending bit is set or it is raised.
     */
    public boolean pending(final int port)
    {
        final long address = channels.port(domid, port);
        if (address == 0)
        {
            return false;
        }
        if (EventChannels.raised(Raw.getLong(address + EvtchnRecord.BINDING)))
        {
            return true;
        }
        return usesFifo() ? fifo.pending(port) : port < limit() && testBit(pendingWord(port), bit(port));
    }

    /**
     * Takes a closed port's pending bit away, so that its next user starts clean.
     *
     * @param port a port that this domain just closed.
     */
    public void forget(final int port)
    {
        if (usesFifo())
        {
            fifo.forget(port);
        }
        else if (port > 0 && port < limit())
        {
            clearBit(pendingWord(port), bit(port));
        }
    }

    /** Ports of the 2-level ABI. */
    private int limit()
    {
        return wide ? 4096 : 1024;
    }

    private int bit(final int port)
    {
        return wide ? port & 63 : port & 31;
    }

    private long pendingWord(final int port)
    {
        return wide ? sharedInfo + 0x800 + (port >>> 6) * 8L : sharedInfo + 0x800 + (port >>> 5) * 4L;
    }

    private long maskWord(final int port)
    {
        return wide ? sharedInfo + 0xa00 + (port >>> 6) * 8L : sharedInfo + 0x880 + (port >>> 5) * 4L;
    }

    /** Sets a bit of a guest "unsigned long". Returns whether it was set. */
    private boolean setBit(final long address, final int bit)
    {
        if (wide)
        {
            return (Raw.getAndOrLong(address, 1L << bit) >>> bit & 1) != 0;
        }
        return (Raw.getAndOrInt(address, 1 << bit) >>> bit & 1) != 0;
    }

    private boolean clearBit(final long address, final int bit)
    {
        if (wide)
        {
            return (Raw.getAndAndLong(address, ~(1L << bit)) >>> bit & 1) != 0;
        }
        return (Raw.getAndAndInt(address, ~(1 << bit)) >>> bit & 1) != 0;
    }

    private boolean testBit(final long address, final int bit)
    {
        return wide ? (Raw.getLong(address) >>> bit & 1) != 0 : (Raw.getInt(address) >>> bit & 1) != 0;
    }

    /**
     * EVTCHNOP_init_control.
     *
     * @param frames references on the caller's frames.
     * @param gfn    frame of the control block.
     * @param offset its offset in that frame.
     * @param vcpu   any value.
     * @return 0 or a negative errno.
     */
    public int initControl(final CallerFrames frames, final long gfn, final int offset, final int vcpu)
    {
        return fifo.initControl(frames, gfn, offset, vcpu);
    }

    /**
     * EVTCHNOP_expand_array.
     *
     * @param frames references on the caller's frames.
     * @param gfn    next page of the event array.
     * @return 0 or a negative errno.
     */
    public int expandArray(final CallerFrames frames, final long gfn)
    {
        return fifo.expandArray(frames, gfn);
    }

    /**
     * EVTCHNOP_set_priority.
     *
     * @param port     any value.
     * @param priority any value.
     * @return 0 or a negative errno.
     */
    public int setPriority(final int port, final int priority)
    {
        final long address = channels.port(domid, port);
        if (address == 0 || EvtchnRecord.state(Raw.getLong(address)) == EvtchnRecord.STATE_FREE)
        {
            return -EINVAL;
        }
        return usesFifo() ? fifo.setPriority(port, priority) : -ENOSYS;
    }

    /**
     * Goes back to the 2-level ABI after EVTCHNOP_reset.
     *
     * @param frames references on the caller's frames.
     */
    public void forgetFifo(final CallerFrames frames)
    {
        fifo.drop(frames);
        for (int port = 0; port < limit(); port += Integer.SIZE)
        {
            Raw.putInt(sharedInfo + 0x800 + port / Byte.SIZE, 0);
        }
    }

    /** Moves events that are pending under the 2-level ABI to the FIFO ABI: they are raised again. */
    void raiseAllPending()
    {
        final int highest = Math.min(limit(), Raw.getInt(record + DomainRecord.BACKED_PORTS));
        for (int port = 1; port < highest; port++)
        {
            if (clearBit(pendingWord(port), bit(port)))
            {
                channels.raise(domid, port);
            }
        }
    }}
