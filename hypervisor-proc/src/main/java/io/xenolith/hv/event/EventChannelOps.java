package io.xenolith.hv.event;

import static io.xenolith.hv.hypercall.Errno.EFAULT;
import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.EPERM;

import io.xenolith.hv.control.GlobalCalls;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestMemory;

/**
 * The hypercalls event_channel_op (32) and event_channel_op_compat (16): reads the guest's structure once, checks it, asks
 * {@link EventChannels} (in place) or the hypervisor process (bindings), writes results back.
 *
 * <p>A binding that succeeded but whose port number cannot be stored (the guest passed read-only memory) is undone.
 */
public final class EventChannelOps
{
    /** DOMID_SELF. */
    public static final int DOMID_SELF = 0x7ff0;

    private static final int BIND_INTERDOMAIN = 0;
    private static final int BIND_VIRQ = 1;
    private static final int BIND_PIRQ = 2;
    private static final int CLOSE = 3;
    private static final int SEND = 4;
    private static final int STATUS = 5;
    private static final int ALLOC_UNBOUND = 6;
    private static final int BIND_IPI = 7;
    private static final int BIND_VCPU = 8;
    private static final int UNMASK = 9;
    private static final int RESET = 10;
    private static final int INIT_CONTROL = 11;
    private static final int EXPAND_ARRAY = 12;
    private static final int SET_PRIORITY = 13;
    private static final int COMPAT_UNION_OFFSET = 4;

    private final EventChannels channels;
    private final GlobalCalls global;
    private final OwnEvents own;

    /**
     * @param channels ports of the machine.
     * @param own      the calling domain's side of delivery.
     * @param global   way to the hypervisor process.
     */
    public EventChannelOps(final EventChannels channels, final OwnEvents own, final GlobalCalls global)
    {
        this.channels = channels;
        this.own = own;
        this.global = global;
    }

    /** Hypercall 32; see {@link io.xenolith.hv.hypercall.Hypercall#call}: (cmd, arg). */
    public long eventChannelOp(
        final Caller c, final long cmd, final long arg, final long a3, final long a4, final long a5)
    {
        return serve(c, (int)cmd, arg);
    }

    /** Hypercall 16: (pointer to {cmd, union}). */
    public long eventChannelOpCompat(
        final Caller c, final long op, final long a2, final long a3, final long a4, final long a5)
    {
        return serve(c, c.memory().getInt(op), op + COMPAT_UNION_OFFSET);
    }

    private long serve(final Caller c, final int cmd, final long arg)
    {
        return switch (cmd)
        {
            case BIND_INTERDOMAIN -> bindInterdomain(c, arg);
            case BIND_VIRQ -> bindVirq(c, arg);
            case BIND_PIRQ -> -EPERM;
            case CLOSE -> close(c, port(c, arg));
            case SEND -> channels.send(c.domid(), c.memory().getInt(arg));
            case STATUS -> status(c, arg);
            case ALLOC_UNBOUND -> allocUnbound(c, arg);
            case BIND_IPI -> bindIpi(c, arg);
            case BIND_VCPU -> channels.bindVcpu(c.domid(), port(c, arg), c.memory().getInt(arg + 4));
            case UNMASK -> own.unmask(c.memory().getInt(arg), c.vcpu());
            case RESET -> reset(c, arg);
            case INIT_CONTROL -> initControl(c, arg);
            case EXPAND_ARRAY -> own.expandArray(c.frames(), c.memory().getLong(arg));
            case SET_PRIORITY -> own.setPriority(c.memory().getInt(arg), c.memory().getInt(arg + 4));
            default -> -ENOSYS;
        };
    }

    private static long port(final Caller c, final long vaddr)
    {
        return c.memory().getInt(vaddr) & 0xffff_ffffL;
    }

    private static int resolve(final Caller c, final int domid)
    {
        return domid == DOMID_SELF ? c.domid() : domid;
    }

    private long bindInterdomain(final Caller c, final long arg)
    {
        final int remote = resolve(c, c.memory().getShort(arg));
        return answerPort(c, arg + 8,
            global.call(c.vcpu(), GlobalOp.PORT_BIND_INTERDOMAIN, remote, port(c, arg + 4), 0, 0));
    }

    private long bindVirq(final Caller c, final long arg)
    {
        return answerPort(c, arg + 8,
            global.call(c.vcpu(), GlobalOp.PORT_BIND_VIRQ, port(c, arg), port(c, arg + 4), 0, 0));
    }

    private long bindIpi(final Caller c, final long arg)
    {
        return answerPort(c, arg + 4, global.call(c.vcpu(), GlobalOp.PORT_BIND_IPI, port(c, arg), 0, 0, 0));
    }

    private long allocUnbound(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final int dom = resolve(c, m.getShort(arg));
        final int remote = resolve(c, m.getShort(arg + 2));
        return answerPort(c, arg + 4, global.call(c.vcpu(), GlobalOp.PORT_ALLOC_UNBOUND, dom, remote, 0, 0));
    }

    private long reset(final Caller c, final long arg)
    {
        final long result =
            global.call(c.vcpu(), GlobalOp.PORT_RESET, resolve(c, c.memory().getShort(arg)), 0, 0, 0);
        if (result == 0)
        {
            own.forgetFifo(c.frames());
        }
        return result;
    }

    /** Stores the port of a successful binding, or takes the binding back when it cannot be stored. */
    private long answerPort(final Caller c, final long vaddr, final long result)
    {
        if (result < 0)
        {
            return result;
        }
        try
        {
            c.memory().putInt(vaddr, (int)result);
            return 0;
        }
        catch (final io.xenolith.hv.hypercall.GuestFault e)
        {
            global.call(c.vcpu(), GlobalOp.PORT_CLOSE, result, 0, 0, 0);
            return -EFAULT;
        }
    }

    private long close(final Caller c, final long port)
    {
        final long result = global.call(c.vcpu(), GlobalOp.PORT_CLOSE, port, 0, 0, 0);
        if (result == 0)
        {
            own.forget((int)port);
        }
        return result;
    }

    private long status(final Caller c, final long arg)
    {
        final int dom = resolve(c, c.memory().getShort(arg));
        if (dom != c.domid())
        {
            return channels.exists(dom) ? -EPERM : -io.xenolith.hv.hypercall.Errno.ESRCH;
        }
        final int port = c.memory().getInt(arg + 4);
        final PortStatus s = channels.status(dom, port);
        if (s == null)
        {
            return -EINVAL;
        }
        c.memory().putInt(arg + 8, s.state());
        c.memory().putInt(arg + 12, s.vcpu());
        switch (s.state())
        {
            case PortStatus.UNBOUND -> c.memory().putShort(arg + 16, s.remoteDomid());
            case PortStatus.INTERDOMAIN ->
            {
                c.memory().putShort(arg + 16, s.remoteDomid());
                c.memory().putInt(arg + 20, s.remotePort());
            }
            case PortStatus.VIRQ -> c.memory().putInt(arg + 16, s.virq());
            default ->
            {
            }
        }
        return 0;
    }

    private long initControl(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final long result = own.initControl(c.frames(), m.getLong(arg), m.getInt(arg + 8), m.getInt(arg + 12));
        if (result == 0)
        {
            m.putByte(arg + 16, FifoQueues.LINK_BITS);
        }
        return result;
    }
}
