package io.xenolith.hv.control;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.hypercall.GuestMemory;
import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import java.util.HashSet;
import java.util.Set;

/**
 * A vCPU without an x86: guest addresses {@link #BASE} to {@code BASE + SIZE} are a buffer, everything else is a bad address; the
 * upper half of the buffer is read-only.
 */
public final class FakeCaller implements Caller, GuestMemory, CallerFrames
{
    public static final long BASE = 0x10000;
    public static final int SIZE = 64 * 1024;
    public static final long READ_ONLY = BASE + SIZE / 2;

    public final Set<Long> held = new HashSet<>();
    public final Set<Long> mapped = new HashSet<>();
    /** What mapGranted and unmapGranted answer. */
    public int mapResult;
    private final PrivateMemory buffer = new PrivateMemory(SIZE / 4096);
    private final io.xenolith.shm.Machine machine;
    private final int domid;
    private final int vcpu;
    private final FrameTable frames;

    public FakeCaller(final MachineRig rig, final int domid, final int vcpu)
    {
        this(rig.machine, domid, vcpu);
    }

    public FakeCaller(final io.xenolith.shm.Machine machine, final int domid, final int vcpu)
    {
        this.machine = machine;
        this.domid = domid;
        this.vcpu = vcpu;
        this.frames = new FrameTable(machine.hv().frame(0), machine.hv().frames());
    }

    private long at(final long vaddr, final int size, final boolean write)
    {
        final long end = write ? READ_ONLY : BASE + SIZE;
        if (vaddr < BASE || vaddr > end - size)
        {
            throw GuestFault.INSTANCE;
        }
        return buffer.addressOf(0) + vaddr - BASE;
    }

    @Override
    public int domid()
    {
        return domid;
    }

    @Override
    public int incarnation()
    {
        return Domains.incarnation(machine.hv().domain(io.xenolith.shm.hv.DomainRecord.slot(domid)));
    }

    @Override
    public int vcpu()
    {
        return vcpu;
    }

    @Override
    public boolean is64Bit()
    {
        return Raw.getInt(machine.hv().domain(io.xenolith.shm.hv.DomainRecord.slot(domid)) + io.xenolith.shm.hv.DomainRecord.WIDTH) == 64;
    }

    @Override
    public GuestMemory memory()
    {
        return this;
    }

    @Override
    public CallerFrames frames()
    {
        return this;
    }

    @Override
    public int getByte(final long vaddr)
    {
        return Raw.getUnsignedByte(at(vaddr, 1, false));
    }

    @Override
    public int getShort(final long vaddr)
    {
        return Raw.getUnsignedShort(at(vaddr, 2, false));
    }

    @Override
    public int getInt(final long vaddr)
    {
        return Raw.getInt(at(vaddr, 4, false));
    }

    @Override
    public long getLong(final long vaddr)
    {
        return Raw.getLong(at(vaddr, 8, false));
    }

    @Override
    public void putByte(final long vaddr, final int value)
    {
        Raw.putByte(at(vaddr, 1, true), (byte)value);
    }

    @Override
    public void putShort(final long vaddr, final int value)
    {
        Raw.putShort(at(vaddr, 2, true), (short)value);
    }

    @Override
    public void putInt(final long vaddr, final int value)
    {
        Raw.putInt(at(vaddr, 4, true), value);
    }

    @Override
    public void putLong(final long vaddr, final long value)
    {
        Raw.putLong(at(vaddr, 8, true), value);
    }

    @Override
    public void copyToHost(final long vaddr, final long hostAddress, final int length)
    {
        Raw.copy(at(vaddr, length, false), hostAddress, length);
    }

    @Override
    public void copyFromHost(final long hostAddress, final long vaddr, final int length)
    {
        Raw.copy(hostAddress, at(vaddr, length, true), length);
    }

    @Override
    public void copyIn(final long vaddr, final byte[] target, final int offset, final int length)
    {
        Raw.copyOut(at(vaddr, length, false), target, offset, length);
    }

    @Override
    public void copyOut(final byte[] source, final int offset, final long vaddr, final int length)
    {
        Raw.copyIn(source, offset, at(vaddr, length, true), length);
    }

    @Override
    public boolean inGuestRange(final long vaddr, final long length)
    {
        return vaddr >= 0 && vaddr + length < 0xf580_0000L;
    }

    @Override
    public int getWritable(final long mfn)
    {
        final boolean owned = frames.ownedBy(mfn, FrameTable.ownerKey(domid, incarnation()));
        if (owned)
        {
            held.add(mfn);
        }
        return owned ? 0 : -Errno.EINVAL;
    }

    @Override
    public void putWritable(final long mfn)
    {
        held.remove(mfn);
    }

    @Override
    public int mapGranted(
        final long hostAddress, final boolean containsPte, final long mfn, final boolean writable, final boolean user,
        final long available)
    {
        if (mapResult == 0)
        {
            mapped.add(mfn);
        }
        return mapResult;
    }

    @Override
    public int unmapGranted(
        final long hostAddress, final boolean containsPte, final long mfn, final boolean writable,
        final long replacement)
    {
        if (mapResult == 0)
        {
            mapped.remove(mfn);
        }
        return mapResult;
    }

    @Override
    public int steal(final long mfn)
    {
        return frames.claim(mfn, FrameTable.ownerKey(domid, incarnation())) ? 0 : -Errno.EINVAL;
    }

    @Override
    public void unsteal(final long mfn)
    {
        frames.unclaim(mfn);
    }
}
