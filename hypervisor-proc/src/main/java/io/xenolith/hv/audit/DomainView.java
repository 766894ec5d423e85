package io.xenolith.hv.audit;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.VcpuRecord;

/** One domain as a look began. */
final class DomainView {
    final int slot;
    final long record;
    final int domid;
    final int incarnation;
    final int state;
    final boolean java;
    final PagingMode mode;
    final int ownerKey;
    private final View view;

    DomainView(final View view, final int slot) {
        this.view = view;
        this.slot = slot;
        this.record = view.hv.domain(slot);
        final long identity = Raw.getLong(record + DomainRecord.IDENTITY);
        this.domid = DomainRecord.domid(identity);
        this.incarnation = DomainRecord.incarnation(identity);
        this.state = DomainRecord.state(identity);
        this.java = (identity & DomainRecord.FLAG_JAVA) != 0 || domid == 0;
        this.mode = number(DomainRecord.WIDTH) == 64 ? PagingMode.LONG64 : PagingMode.PAE32;
        this.ownerKey = FrameTable.ownerKey(domid, incarnation);
    }

    /** An int of the domain record. */
    int number(final int offset) {
        return Raw.getInt(record + offset);
    }

    /** A long of the domain record. */
    long word(final int offset) {
        return Raw.getLong(record + offset);
    }

    /** vCPU records that can be read. */
    int vcpus() {
        return Math.clamp(number(DomainRecord.BACKED_VCPUS), 0, DomainRecord.MAX_VCPUS);
    }

    long vcpu(final int n) {
        return view.hv.vcpu(slot, n);
    }

    /** Its process, {@link ProcessIdentity#NONE} before it has one. */
    ProcessIdentity process() {
        return ProcessIdentity.read(record + DomainRecord.PID, record + DomainRecord.START_TIME);
    }

    /** Whether it is whole or becomes so: the counts of a domain that is shut down or dying are swept with it. */
    boolean isAlive() {
        return state == DomainRecord.STATE_LIVE || state == DomainRecord.STATE_BUILDING;
    }

    /** Whether a frame is its own and in its use. */
    boolean uses(final long mfn) {
        if (!view.isFrame(mfn)) {
            return false;
        }
        final long owner = view.owner(mfn);
        final int s = FrameRecord.state(owner);
        return (int)owner == ownerKey && (s == FrameRecord.STATE_OWNED || s == FrameRecord.STATE_SHARED);
    }

    /** Whether a vCPU has ever run guest code. */
    boolean hasEntered(final int vcpu) {
        return io.xenolith.shm.hv.RunWord.epoch(Raw.getLong(vcpu(vcpu) + VcpuRecord.RUN)) != 0;
    }

    String name() {
        return "domain " + domid;
    }
}
