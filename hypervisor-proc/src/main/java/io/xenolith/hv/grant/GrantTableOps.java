package io.xenolith.hv.grant;

import static io.xenolith.hv.hypercall.Errno.EINVAL;
import static io.xenolith.hv.hypercall.Errno.ENOSYS;
import static io.xenolith.hv.hypercall.Errno.EPERM;

import io.xenolith.hv.control.GlobalCalls;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestMemory;

/**
 * The hypercall grant_table_op (20): (cmd, array of structures, count). Every structure carries its own status; the call
 * itself fails only for a bad pointer, an unknown command or, for some commands, a count other than one.
 *
 * <p>Structures are read once, field by field, before anything is done with them.
 */
public final class GrantTableOps
{
    /** DOMID_SELF. */
    public static final int DOMID_SELF = 0x7ff0;

    private static final int MAP = 0;
    private static final int UNMAP = 1;
    private static final int SETUP_TABLE = 2;
    private static final int DUMP_TABLE = 3;
    private static final int TRANSFER = 4;
    private static final int COPY = 5;
    private static final int QUERY_SIZE = 6;
    private static final int UNMAP_AND_REPLACE = 7;
    private static final int SET_VERSION = 8;
    private static final int GET_STATUS_FRAMES = 9;
    private static final int GET_VERSION = 10;
    private static final int SWAP = 11;

    private static final int MAP_SIZE = 32;
    private static final int UNMAP_SIZE = 24;

    private final GrantTables tables;
    private final GrantMappings mappings;
    private final GrantCopy copies;
    private final GrantVersions versions;
    private final GlobalCalls global;

    /**
     * @param tables   grant tables of the machine.
     * @param mappings the calling domain's mappings.
     * @param copies   copier on behalf of the calling domain.
     * @param versions table format changes of the calling domain.
     * @param global   way to the hypervisor process.
     */
    public GrantTableOps(
        final GrantTables tables,
        final GrantMappings mappings,
        final GrantCopy copies,
        final GrantVersions versions,
        final GlobalCalls global)
    {
        this.tables = tables;
        this.mappings = mappings;
        this.copies = copies;
        this.versions = versions;
        this.global = global;
    }

    /** Hypercall 20; see {@link io.xenolith.hv.hypercall.Hypercall#call}. */
    public long grantTableOp(
        final Caller c, final long cmd, final long arg, final long count, final long a4, final long a5)
    {
        final int n = (int)count;
        if (n < 0)
        {
            return -EINVAL;
        }
        return switch ((int)cmd)
        {
            case MAP -> each(c, arg, n, MAP_SIZE, this::map);
            case UNMAP -> each(c, arg, n, UNMAP_SIZE, this::unmap);
            case SETUP_TABLE -> n != 1 ? -EINVAL : setupTable(c, arg);
            case DUMP_TABLE -> dumpTable(c, arg);
            case TRANSFER -> each(c, arg, n, c.is64Bit() ? 24 : 16, this::transfer);
            case COPY -> each(c, arg, n, c.is64Bit() ? 40 : 24, copies::copy);
            case QUERY_SIZE -> n != 1 ? -EINVAL : querySize(c, arg);
            case UNMAP_AND_REPLACE -> each(c, arg, n, UNMAP_SIZE, this::unmapAndReplace);
            case SET_VERSION -> n != 1 ? -EINVAL : setVersion(c, arg);
            case GET_STATUS_FRAMES -> n != 1 ? -EINVAL : getStatusFrames(c, arg);
            case GET_VERSION -> n != 1 ? -EINVAL : getVersion(c, arg);
            case SWAP -> each(c, arg, n, 12, this::swap);
            default -> -ENOSYS;
        };
    }

    /** One structure of an array. */
    @FunctionalInterface
    interface One
    {
        /**
         * @param c   caller.
         * @param arg address of the structure, whose status the method stores.
         */
        void serve(Caller c, long arg);
    }

    private static long each(final Caller c, final long arg, final int count, final int size, final One one)
    {
        for (int i = 0; i < count; i++)
        {
            one.serve(c, arg + (long)i * size);
        }
        return 0;
    }

    /** {host_addr u64@0, flags u32@8, ref u32@12, dom u16@16, status s16@18, handle u32@20, dev_bus_addr u64@24}. */
    private void map(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final long hostAddress = m.getLong(arg);
        final int flags = m.getInt(arg + 8);
        final int ref = m.getInt(arg + 12);
        final int dom = m.getShort(arg + 16);
        final int handle = mappings.map(c.frames(), dom, ref, flags, hostAddress);
        if (handle < 0)
        {
            m.putShort(arg + 18, handle);
            return;
        }
        try
        {
            m.putInt(arg + 20, handle);
            m.putLong(arg + 24, mappings.deviceAddress(handle));
            m.putShort(arg + 18, GrantStatus.OKAY);
        }
        catch (final io.xenolith.hv.hypercall.GuestFault e)
        {
            mappings.unmap(c.frames(), handle, hostAddress, mappings.deviceAddress(handle), 0);
            throw e;
        }
    }

    /** {host_addr u64@0, dev_bus_addr u64@8, handle u32@16, status s16@20}. */
    private void unmap(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final int status =
            mappings.unmap(c.frames(), m.getInt(arg + 16), m.getLong(arg), m.getLong(arg + 8), 0);
        m.putShort(arg + 20, status);
    }

    /** {host_addr u64@0, new_addr u64@8, handle u32@16, status s16@20}. */
    private void unmapAndReplace(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final long replacement = m.getLong(arg + 8);
        final int status = mappings.unmap(c.frames(), m.getInt(arg + 16), m.getLong(arg), 0, replacement);
        m.putShort(arg + 20, status);
    }

    /** {dom u16@0, nr_frames u32@4, status s16@8, frame_list ptr@12/16}. */
    private long setupTable(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final int frames = m.getInt(arg + 4);
        final long list = c.readWord(arg + (c.is64Bit() ? 16 : 12));
        int status = domainStatus(c, m.getShort(arg));
        if (status == GrantStatus.OKAY)
        {
            status = grow(c, frames);
        }
        if (status == GrantStatus.OKAY)
        {
            for (int i = 0; i < frames; i++)
            {
                c.writeWord(list + (long)i * c.wordSize(), tables.entryFrame(c.domid(), i));
            }
        }
        m.putShort(arg + 8, status);
        return 0;
    }

    private int grow(final Caller c, final int frames)
    {
        if (frames < 0 || frames > tables.maxFrames(c.domid()))
        {
            return GrantStatus.GENERAL_ERROR;
        }
        if (frames <= tables.entryFrames(c.domid()) && tables.version(c.domid()) != 0)
        {
            return GrantStatus.OKAY;
        }
        return global.call(c.vcpu(), GlobalOp.GRANT_GROW, frames, 0, 0, 0) < 0 ?
            GrantStatus.GENERAL_ERROR : GrantStatus.OKAY;
    }

    /** {dom u16@0, status s16@2}: a guest may not; pvgrub asks all the same and ignores the answer. */
    private long dumpTable(final Caller c, final long arg)
    {
        c.memory().putShort(arg + 2, GrantStatus.PERMISSION_DENIED);
        return 0;
    }

    /** {mfn@0, domid u16@4/8, ref u32@8/12, status s16@12/16}. */
    private void transfer(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final int wide = c.is64Bit() ? 4 : 0;
        final long mfn = c.readWord(arg);
        final int dom = m.getShort(arg + 4 + wide);
        final int ref = m.getInt(arg + 8 + wide);
        m.putShort(arg + 12 + wide, transferFrame(c, mfn, dom, ref));
    }

    private int transferFrame(final Caller c, final long mfn, final int dom, final int ref)
    {
        if (c.frames().steal(mfn) != 0)
        {
            return GrantStatus.BAD_PAGE;
        }
        final int status = (int)global.call(c.vcpu(), GlobalOp.GRANT_TRANSFER, mfn, dom, ref & 0xffff_ffffL, 0);
        if (status != GrantStatus.OKAY)
        {
            c.frames().unsteal(mfn);
        }
        return status;
    }

    /** {dom u16@0, nr_frames u32@4, max_nr_frames u32@8, status s16@12}. */
    private long querySize(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final int status = domainStatus(c, m.getShort(arg));
        if (status == GrantStatus.OKAY)
        {
            m.putInt(arg + 4, tables.entryFrames(c.domid()));
            m.putInt(arg + 8, tables.maxFrames(c.domid()));
        }
        m.putShort(arg + 12, status);
        return 0;
    }

    /** {version u32@0, in and out}. */
    private long setVersion(final Caller c, final long arg)
    {
        final long result = versions.set(c, c.memory().getInt(arg));
        c.memory().putInt(arg, tables.version(c.domid()));
        return result;
    }

    /** {nr_frames u32@0, dom u16@4, status s16@6, frame_list ptr@8}. */
    private long getStatusFrames(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        final int frames = m.getInt(arg);
        final long list = c.readWord(arg + 8);
        int status = domainStatus(c, m.getShort(arg + 4));
        if (status == GrantStatus.OKAY)
        {
            final boolean known = frames >= 0 && frames <= tables.statusFrames(c.domid());
            status = known ? GrantStatus.OKAY : GrantStatus.GENERAL_ERROR;
        }
        if (status == GrantStatus.OKAY)
        {
            for (int i = 0; i < frames; i++)
            {
                m.putLong(list + (long)i * 8, tables.statusFrame(c.domid(), i));
            }
        }
        m.putShort(arg + 6, status);
        return 0;
    }

    /** {dom u16@0, version u32@4}. */
    private long getVersion(final Caller c, final long arg)
    {
        final int dom = c.memory().getShort(arg);
        if (dom != DOMID_SELF && dom != c.domid())
        {
            return tables.exists(dom) ? -EPERM : -io.xenolith.hv.hypercall.Errno.ESRCH;
        }
        c.memory().putInt(arg + 4, tables.version(c.domid()));
        return 0;
    }

    /** {ref_a u32@0, ref_b u32@4, status s16@8}. */
    private void swap(final Caller c, final long arg)
    {
        final GuestMemory m = c.memory();
        m.putShort(arg + 8, versions.swap(c.domid(), m.getInt(arg), m.getInt(arg + 4)));
    }

    private int domainStatus(final Caller c, final int dom)
    {
        if (dom == DOMID_SELF || dom == c.domid())
        {
            return GrantStatus.OKAY;
        }
        return tables.exists(dom) ? GrantStatus.PERMISSION_DENIED : GrantStatus.BAD_DOMAIN;
    }
}
