package io.xenolith.hv.audit;

import io.xenolith.hv.control.DomainProcess;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.IntHashSet;

/** One domain as a look began, and what the look has counted of it. */
final class DomainView {
    private static final int LEVELS = 4;

    final int slot;
    final long record;
    final int domid;
    final int incarnation;
    final int state;
    /** A Java domain: no tables, no references, no up-calls. */
    final boolean java;
    final PagingMode mode;
    final int ownerKey;

    /** Frames in state OWNED, SHARED, DYING; frames that name it and contradict themselves. */
    int ownedFrames;
    int sharedFrames;
    int dyingFrames;
    int oddFrames;

    private final View view;
    private final ProcessIdentity process;
    private final boolean processAlive;
    private final IntArrayList[] tables = new IntArrayList[LEVELS + 1];
    private IntHashSet sharedMfns;
    private IntHashSet magazine;

    DomainView(final View view, final int slot) {
        this.view = view;
        this.slot = slot;
        this.record = view.hv.domain(slot);
        final long identity = word(DomainRecord.IDENTITY);
        this.domid = DomainRecord.domid(identity);
        this.incarnation = DomainRecord.incarnation(identity);
        this.state = DomainRecord.state(identity);
        this.java = (identity & DomainRecord.FLAG_JAVA) != 0 || domid == 0;
        this.mode = number(DomainRecord.WIDTH) == 64 ? PagingMode.LONG64 : PagingMode.PAE32;
        this.ownerKey = FrameTable.ownerKey(domid, incarnation);
        this.process = domid == 0 ? DomainProcess.dom0(view.hv) : Stillness.process(record);
        this.processAlive = process.isAlive();
        for (int level = 0; level <= LEVELS; level++) {
            tables[level] = new IntArrayList();
        }
    }

    /** An int of the domain record. */
    int number(final int offset) {
        return Raw.getInt(record + offset);
    }

    /** A long of the domain record. */
    long word(final int offset) {
        return Raw.getLong(record + offset);
    }

    String name() {
        return "domain " + domid;
    }

    // ---- how far its tables can be read

    int vcpus() {
        return Math.clamp(number(DomainRecord.BACKED_VCPUS), 0, DomainRecord.MAX_VCPUS);
    }

    int grants() {
        return Math.clamp(number(DomainRecord.BACKED_GRANTS), 0, ActiveGrant.MAX_GRANTS);
    }

    int ports() {
        return Math.clamp(number(DomainRecord.BACKED_PORTS), 0, EvtchnRecord.MAX_PORTS);
    }

    long vcpu(final int n) {
        return view.hv.vcpu(slot, n);
    }

    // ---- life

    /** Its process, {@link ProcessIdentity#NONE} before it has one. */
    ProcessIdentity process() {
        return process;
    }

    boolean processIsGone() {
        return process.pid() != 0 && !processAlive;
    }

    /** Whether it is whole or becomes so. */
    boolean isAlive() {
        return state == DomainRecord.STATE_LIVE || state == DomainRecord.STATE_BUILDING;
    }

    /**
     * Whether its own counts must be right: those of a domain that crashed, dies or lost its process may be too high, and are
     * swept with it.
     */
    boolean isCounted() {
        return isAlive() && !processIsGone();
    }

    /** Whether a vCPU has ever run guest code: before, its record names tables that nobody has looked at. */
    boolean hasEntered(final int vcpu) {
        return RunWord.epoch(Raw.getLong(vcpu(vcpu) + VcpuRecord.RUN)) != 0;
    }

    // ---- frames

    /** Whether a frame is its own and in its use. */
    boolean uses(final long mfn) {
        if (!view.isFrame(mfn)) {
            return false;
        }
        final long owner = view.owner(mfn);
        final int s = FrameRecord.state(owner);
        return (int)owner == ownerKey && (s == FrameRecord.STATE_OWNED || s == FrameRecord.STATE_SHARED);
    }

    /** Whether a frame is its own by a record that contradicts itself, which has been reported. */
    boolean hasOdd(final long mfn) {
        if (!view.isFrame(mfn)) {
            return false;
        }
        final long owner = view.owner(mfn);
        return FrameRecord.domid(owner) == domid
            && (FrameRecord.state(owner) == FrameRecord.STATE_FREE || FrameRecord.incarnation(owner) != incarnation);
    }

    /** Its tables of a level. */
    IntArrayList tables(final int level) {
        return tables[level];
    }

    /** The frames that its record names as shared with the hypervisor. */
    IntHashSet sharedMfns() {
        if (sharedMfns == null) {
            sharedMfns = new IntHashSet();
            sharedMfns.add((int)word(DomainRecord.SHARED_INFO_MFN));
            list(sharedMfns, record + DomainRecord.GRANT_FRAME_MFNS, grantFrames());
            list(sharedMfns, record + DomainRecord.STATUS_FRAME_MFNS, statusFrames());
        }
        return sharedMfns;
    }

    int grantFrames() {
        return Math.clamp(number(DomainRecord.GRANT_FRAMES), 0, DomainRecord.MAX_GRANT_FRAMES);
    }

    int statusFrames() {
        return Math.clamp(number(DomainRecord.STATUS_FRAMES), 0, DomainRecord.MAX_STATUS_FRAMES);
    }

    /** The frames that its magazine lists. */
    IntHashSet magazine() {
        if (magazine == null) {
            magazine = new IntHashSet();
            if (vcpus() > 0) {
                final long page = view.hv.domainPage(slot);
                list(magazine, page + DomainPage.MAGAZINE, magazineCount());
            }
        }
        return magazine;
    }

    /** Frames in its magazine, by the magazine's own word. */
    int magazineCount() {
        final int count = vcpus() == 0 ? 0 : Raw.getInt(view.hv.domainPage(slot) + DomainPage.MAGAZINE_COUNT);
        return Math.clamp(count, 0, DomainPage.MAGAZINE_SIZE);
    }

    private static void list(final IntHashSet set, final long address, final int count) {
        for (int i = 0; i < count; i++) {
            set.add(Raw.getInt(address + (long)i * Integer.BYTES));
        }
    }
}
