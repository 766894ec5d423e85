package io.xenolith.hv.pv;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.mm.AddressSpace;
import io.xenolith.hv.mm.MachineToPhys;
import io.xenolith.hv.mm.PageTables;
import io.xenolith.hv.mm.Pte;
import io.xenolith.hv.mm.TlbControl;

/** Frames of a domain as grants, events and timers hold them, and granted frames in its page tables. */
final class FrameHolds implements CallerFrames {
    private final PvDomain domain;
    private final AddressSpace space;
    private final PageTables tables;
    private final FrameTable frames;
    private final TlbControl tlb;

    FrameHolds(final PvDomain domain, final AddressSpace space, final TlbControl tlb) {
        this.domain = domain;
        this.space = space;
        this.tables = space.tables();
        this.frames = tables.frames();
        this.tlb = tlb;
    }

    @Override
    public int getWritable(final long mfn) {
        if (!frames.getReference(mfn, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        if (frames.getType(mfn, FrameType.WRITABLE, tables) != 0) {
            frames.putReference(mfn);
            return -Errno.EACCES;
        }
        return 0;
    }

    @Override
    public void putWritable(final long mfn) {
        tables.putFrameAndType(mfn);
    }

    /** Finds the level-1 entry that a mapping call names, and takes a reference on its table. */
    private boolean find(final long hostAddress, final boolean containsPte) {
        if (containsPte) {
            foundTable = hostAddress >>> 12;
            foundSlot = (int)(hostAddress & 0xfff) / 8;
            if ((hostAddress & 7) != 0) {
                return false;
            }
        }
        else {
            if (!tables.mode().isGuestAddress(hostAddress) || !tables.walk(space.kernelRoot(), hostAddress)) {
                return false;
            }
            foundTable = tables.foundTable();
            foundSlot = tables.foundSlot();
        }
        return frames.getReference(foundTable, tables.ownerKey());
    }

    private long foundTable;
    private int foundSlot;

    @Override
    public int mapGranted(final long hostAddress, final boolean containsPte, final long mfn, final boolean writable,
        final boolean user, final long available) {
        if (!find(hostAddress, containsPte)) {
            return -Errno.EINVAL;
        }
        final long flags = Pte.P | Pte.A | Pte.D | Pte.NX | (writable ? Pte.RW : 0) | (user ? Pte.US : 0)
            | available & Pte.AVL;
        final int result = tables.setForeign(foundTable, foundSlot, Pte.of(mfn, flags));
        frames.putReference(foundTable);
        return result == PageTables.NOT_A_TABLE ? -Errno.EINVAL : result;
    }

    @Override
    public int unmapGranted(final long hostAddress, final boolean containsPte, final long mfn, final boolean writable,
        final long replacement) {
        long replacing = 0;
        if (replacement != 0) {
            replacing = tables.read(space.kernelRoot(), replacement);
            if (containsPte || !Pte.present(replacing)) {
                return -Errno.EINVAL;
            }
        }
        if (!find(hostAddress, containsPte)) {
            return -Errno.EINVAL;
        }
        final long expected = Pte.of(mfn, Pte.P | (writable ? Pte.RW : 0));
        int result = tables.compareAndUpdate(
            foundTable, foundSlot, expected, Pte.ADDRESS | Pte.P | Pte.RW, replacing);
        frames.putReference(foundTable);
        if (result == 0) {
            result = replacement == 0 ? 0 : clear(replacement);
            tlb.flushLocal();
            tlb.flushOthers(tlb.allVcpus());
        }
        return result > 0 ? -Errno.EINVAL : result;
    }

    private int clear(final long vaddr) {
        if (!find(vaddr, false)) {
            return -Errno.EINVAL;
        }
        final int result = tables.update(foundTable, foundSlot, 1, 0, false);
        frames.putReference(foundTable);
        return result;
    }

    @Override
    public int steal(final long mfn) {
        if (!frames.claim(mfn, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        if (domain.services().pinned(mfn, false)) {
            frames.unclaim(mfn);
            return -Errno.EINVAL;
        }
        tlb.flushLocal();
        tlb.flushOthers(tlb.allVcpus());
        domain.m2p().set(mfn, MachineToPhys.INVALID);
        return 0;
    }

    @Override
    public void unsteal(final long mfn) {
        frames.unclaim(mfn);
    }
}
