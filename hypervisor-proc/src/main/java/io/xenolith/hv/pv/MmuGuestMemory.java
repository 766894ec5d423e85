package io.xenolith.hv.pv;

import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.hypercall.GuestMemory;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.mmu.Mmu;

/** Guest memory through the vCPU's own memory unit, with supervisor rights and below the hypervisor's range. */
final class MmuGuestMemory implements GuestMemory {
    private static final int PAGE = 4096;

    private final PvEnvironment environment;
    private final Mmu mmu;
    private final PagingMode mode;

    MmuGuestMemory(final PvEnvironment environment, final Mmu mmu, final PagingMode mode) {
        this.environment = environment;
        this.mmu = mmu;
        this.mode = mode;
    }

    private boolean enter(final long vaddr, final int size) {
        if (!inGuestRange(vaddr, size)) {
            throw GuestFault.INSTANCE;
        }
        environment.beginAccess();
        final boolean was = mmu.user();
        mmu.setUser(false);
        return was;
    }

    private void leave(final boolean was) {
        mmu.setUser(was);
        environment.endAccess();
    }

    @Override
    public boolean inGuestRange(final long vaddr, final long length) {
        if (length <= 0) {
            return length == 0;
        }
        final long last = vaddr + length - 1;
        return mode.isGuestAddress(vaddr) && mode.isGuestAddress(last) && vaddr < 0 == last < 0
            && Long.compareUnsigned(last, vaddr) >= 0;
    }

    @Override
    public int getByte(final long vaddr) {
        final boolean was = enter(vaddr, 1);
        try {
            return mmu.read8(vaddr);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public int getShort(final long vaddr) {
        final boolean was = enter(vaddr, 2);
        try {
            return mmu.read16(vaddr);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public int getInt(final long vaddr) {
        final boolean was = enter(vaddr, 4);
        try {
            return mmu.read32(vaddr);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public long getLong(final long vaddr) {
        final boolean was = enter(vaddr, 8);
        try {
            return mmu.read64(vaddr);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void putByte(final long vaddr, final int value) {
        final boolean was = enter(vaddr, 1);
        try {
            mmu.write8(vaddr, value);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void putShort(final long vaddr, final int value) {
        final boolean was = enter(vaddr, 2);
        try {
            mmu.write16(vaddr, value);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void putInt(final long vaddr, final int value) {
        final boolean was = enter(vaddr, 4);
        try {
            mmu.write32(vaddr, value);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void putLong(final long vaddr, final long value) {
        final boolean was = enter(vaddr, 8);
        try {
            mmu.write64(vaddr, value);
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    private static int chunk(final long vaddr, final int left) {
        return Math.min(left, PAGE - (int)(vaddr & PAGE - 1));
    }

    @Override
    public void copyToHost(final long vaddr, final long hostAddress, final int length) {
        final boolean was = enter(vaddr, length);
        try {
            for (int done = 0; done < length;) {
                final int n = chunk(vaddr + done, length - done);
                final long host = mmu.hostForRead(vaddr + done, n);
                if (host != 0) {
                    Raw.copy(host, hostAddress + done, n);
                }
                else {
                    for (int i = done; i < done + n; i++) {
                        Raw.putByte(hostAddress + i, (byte)mmu.read8(vaddr + i));
                    }
                }
                done += n;
            }
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void copyFromHost(final long hostAddress, final long vaddr, final int length) {
        final boolean was = enter(vaddr, length);
        try {
            for (int done = 0; done < length;) {
                final int n = chunk(vaddr + done, length - done);
                final long host = mmu.hostForWrite(vaddr + done, n);
                if (host != 0) {
                    Raw.copy(hostAddress + done, host, n);
                }
                else {
                    for (int i = done; i < done + n; i++) {
                        mmu.write8(vaddr + i, Raw.getByte(hostAddress + i));
                    }
                }
                done += n;
            }
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void copyIn(final long vaddr, final byte[] target, final int offset, final int length) {
        final boolean was = enter(vaddr, length);
        try {
            for (int done = 0; done < length;) {
                final int n = chunk(vaddr + done, length - done);
                final long host = mmu.hostForRead(vaddr + done, n);
                if (host != 0) {
                    Raw.copyOut(host, target, offset + done, n);
                }
                else {
                    for (int i = done; i < done + n; i++) {
                        target[offset + i] = (byte)mmu.read8(vaddr + i);
                    }
                }
                done += n;
            }
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }

    @Override
    public void copyOut(final byte[] source, final int offset, final long vaddr, final int length) {
        final boolean was = enter(vaddr, length);
        try {
            for (int done = 0; done < length;) {
                final int n = chunk(vaddr + done, length - done);
                final long host = mmu.hostForWrite(vaddr + done, n);
                if (host != 0) {
                    Raw.copyIn(source, offset + done, host, n);
                }
                else {
                    for (int i = done; i < done + n; i++) {
                        mmu.write8(vaddr + i, source[offset + i]);
                    }
                }
                done += n;
            }
        }
        catch (final CpuFault fault) {
            throw GuestFault.INSTANCE;
        }
        finally {
            leave(was);
        }
    }
}
