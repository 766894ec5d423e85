package io.xenolith.hv.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.mm.MachineToPhys;
import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.IntentRecord;
import io.xenolith.shm.hv.Mailbox;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.PcpuSlot;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.ToolstackSlot;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Plants one defect at a time by raw stores: the audit must name that defect and nothing else. */
class AuditPlantedTest {
    /** A process number that no process can have. */
    private static final int NO_PID = 0x7fff_fff0;
    private static final int GONE = 77;
    private static final int UNUSED = AuditRig.UNMAPPED + 10;

    /** Plants a defect. */
    @FunctionalInterface
    interface Planter {
        /** Returns the subject that the finding must have. */
        String plant(AuditRig rig);
    }

    record Plant(String name, FindingKind kind, Planter planter) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<Plant> PLANTS = new ArrayList<>();

    private static void plant(final String name, final FindingKind kind, final Planter planter) {
        PLANTS.add(new Plant(name, kind, planter));
    }

    static {
        machine();
        physicalCpus();
        domains();
        frames();
        counts();
        tables();
        grants();
        ports();
        events();
    }

    private static void machine() {
        plant("stopped machine", FindingKind.MACHINE_STOPPED, r -> {
            Raw.putInt(r.hv.header() + Header.STOPPED, Header.STOP_INVARIANT);
            return "machine";
        });
        plant("audit died with the machine stopped", FindingKind.MACHINE_STOPPED, r -> {
            Raw.putInt(r.hv.header() + Header.STOPPED, Header.STOP_AUDIT);
            return "machine";
        });
        plant("stuck intent", FindingKind.INTENT_STUCK, r -> {
            Raw.putInt(r.hv.intent() + IntentRecord.OP, GlobalOp.PORT_CLOSE.number());
            return "intent PORT_CLOSE sequence " + Raw.getInt(r.hv.intent() + IntentRecord.SEQUENCE);
        });
        plant("intent of no operation", FindingKind.INTENT_STUCK, r -> {
            Raw.putInt(r.hv.intent() + IntentRecord.OP, 63);
            return "intent operation 63 sequence " + Raw.getInt(r.hv.intent() + IntentRecord.SEQUENCE);
        });
        plant("request that nobody serves", FindingKind.MAILBOX_STUCK, r -> {
            Raw.putInt(r.hv.mailbox(r.a.slot, 0) + Mailbox.STATE, Mailbox.POSTED);
            return "domain 1 mailbox 0 sequence " + Raw.getInt(r.hv.mailbox(r.a.slot, 0) + Mailbox.SEQUENCE);
        });
        plant("mailbox state", FindingKind.MAILBOX_STATE, r -> {
            Raw.putInt(r.hv.mailbox(r.a.slot, 0) + Mailbox.STATE, 9);
            return "domain 1 mailbox 0";
        });
        plant("answer to another request", FindingKind.MAILBOX_STATE, r -> {
            final long box = r.hv.mailbox(r.a.slot, 0);
            Raw.putInt(box + Mailbox.STATE, Mailbox.DONE);
            Raw.putInt(box + Mailbox.SEQUENCE, Raw.getInt(box + Mailbox.SERVED) + 1);
            return "domain 1 mailbox 0";
        });
        plant("toolstack slot of a dead command", FindingKind.TOOLSTACK_SLOT, r -> {
            Raw.putInt(r.hv.toolstack(3) + ToolstackSlot.PID, NO_PID);
            Raw.putInt(r.hv.toolstack(3) + ToolstackSlot.STATE, ToolstackSlot.POSTED);
            return "toolstack slot 3";
        });
        plant("toolstack slot state", FindingKind.TOOLSTACK_SLOT, r -> {
            Raw.putInt(r.hv.toolstack(3) + ToolstackSlot.STATE, 9);
            return "toolstack slot 3";
        });
    }

    private static void physicalCpus() {
        plant("physical CPU of a domain that is gone", FindingKind.PCPU_ORPHAN, r -> {
            Raw.putLong(r.hv.pcpu(1) + PcpuSlot.HOLDER, Party.of(GONE, 0, 3));
            return "pcpu 1";
        });
        plant("physical CPU of a vCPU that does not run on it", FindingKind.PCPU_ORPHAN, r -> {
            Raw.putLong(r.hv.pcpu(1) + PcpuSlot.HOLDER, Party.of(r.b.domid, 0, r.b.incarnation));
            return "pcpu 1";
        });
        plant("physical CPU beyond the machine's", FindingKind.PCPU_ORPHAN, r -> {
            Raw.putLong(r.hv.pcpu(5) + PcpuSlot.HOLDER, Party.of(r.b.domid, 0, r.b.incarnation));
            return "pcpu 5";
        });
        plant("one vCPU on two physical CPUs", FindingKind.PCPU_TWICE, r -> {
            Raw.putLong(r.hv.pcpu(1) + PcpuSlot.HOLDER, Party.of(r.a.domid, 0, r.a.incarnation));
            return "pcpu 1";
        });
        plant("two vCPUs on one physical CPU", FindingKind.VCPU_PCPU, r -> {
            Raw.putInt(r.b.vcpu + VcpuRecord.PCPU, 1);
            return "domain 2 vcpu 0";
        });
        plant("vCPU on a physical CPU that is idle", FindingKind.VCPU_PCPU, r -> {
            Raw.putInt(r.b.vcpu + VcpuRecord.PCPU, 2);
            return "domain 2 vcpu 0";
        });
        plant("vCPU state", FindingKind.VCPU_RECORD, r -> {
            Raw.putInt(r.b.vcpu + VcpuRecord.STATE, 9);
            return "domain 2 vcpu 0";
        });
        plant("vCPU is down and counted as online", FindingKind.VCPU_RECORD, r -> {
            Raw.putInt(r.b.vcpu + VcpuRecord.STATE, VcpuRecord.STATE_DOWN);
            return "domain 2 vcpu 0";
        });
        plant("run word", FindingKind.VCPU_RECORD, r -> {
            Raw.putLong(r.b.vcpu + VcpuRecord.RUN, RunWord.of(9, 5));
            return "domain 2 vcpu 0";
        });
        plant("root table that is not the domain's", FindingKind.VCPU_FRAME, r -> {
            Raw.putLong(r.b.vcpu + VcpuRecord.USER_TABLE_MFN, r.freeFrame());
            return "domain 2 vcpu 0";
        });
    }

    private static void domains() {
        plant("domain width", FindingKind.DOMAIN_RECORD, r -> {
            Raw.putInt(r.a.record + DomainRecord.WIDTH, 33);
            return "domain 1";
        });
        plant("domain state", FindingKind.DOMAIN_RECORD, r -> {
            Raw.putLong(r.b.record + DomainRecord.IDENTITY,
                DomainRecord.identity(r.b.domid, r.b.incarnation, 9, 0));
            return "domain 2";
        });
        plant("pause count", FindingKind.DOMAIN_RECORD, r -> {
            Raw.putInt(r.a.record + DomainRecord.PAUSE_COUNT, -1);
            return "domain 1";
        });
        plant("alive with a reason for shutdown", FindingKind.DOMAIN_RECORD, r -> {
            Raw.putInt(r.a.record + DomainRecord.SHUTDOWN_CODE, 0);
            return "domain 1";
        });
        plant("tables of a free slot", FindingKind.DOMAIN_AREA, r -> {
            r.hv.backDomain(90, 1);
            return "domain slot 90";
        });
        plant("living domain without process", FindingKind.DOMAIN_PROCESS, r -> {
            Raw.putLong(r.a.record + DomainRecord.START_TIME, 1);
            Raw.putInt(r.a.record + DomainRecord.PID, NO_PID);
            return "domain 1";
        });
        plant("dying domain that nothing holds", FindingKind.DOMAIN_DYING, r -> {
            Raw.putLong(r.b.record + DomainRecord.IDENTITY,
                DomainRecord.identity(r.b.domid, r.b.incarnation, DomainRecord.STATE_DYING, 0));
            return "domain 2";
        });
        plant("page total", FindingKind.DOMAIN_PAGES, r -> {
            Raw.getAndAddInt(r.a.record + DomainRecord.TOTAL_PAGES, 1);
            return "domain 1";
        });
        plant("page total of domain 0", FindingKind.DOMAIN_PAGES, r -> {
            Raw.getAndAddInt(r.hv.domain(0) + DomainRecord.TOTAL_PAGES, 1);
            return "domain 0";
        });
        plant("page total is marked", FindingKind.DOMAIN_PAGES, r -> {
            Raw.getAndOrInt(r.a.record + DomainRecord.TOTAL_PAGES, 1 << 31);
            return "domain 1";
        });
        plant("shared pages total", FindingKind.DOMAIN_XENHEAP, r -> {
            Raw.getAndAddInt(r.a.record + DomainRecord.XENHEAP_PAGES, -1);
            return "domain 1";
        });
    }

    private static void setState(final long frame, final int state) {
        final long owner = FrameRecord.ownerOf(frame);
        Raw.putLong(frame + FrameRecord.OWNER, owner & ~(0xffL << 32) | (long)state << 32);
    }

    private static void frames() {
        plant("leaked frame", FindingKind.FRAME_OWNER, r -> {
            final long mfn = r.freeFrame();
            Raw.putLong(r.hv.frame(mfn) + FrameRecord.OWNER,
                FrameRecord.owner(GONE, 3, FrameRecord.STATE_OWNED, 0));
            Raw.getAndAddLong(r.hv.header() + Header.FREE_FRAMES, -1);
            return "frame " + mfn;
        });
        plant("owner's incarnation", FindingKind.FRAME_INCARNATION, r -> {
            Raw.getAndAddLong(r.a.frame(5) + FrameRecord.OWNER, 1 << 16);
            return r.a.subject(5);
        });
        plant("free frame with an owner", FindingKind.FRAME_FREE, r -> {
            setState(r.a.frame(5), FrameRecord.STATE_FREE);
            return r.a.subject(5);
        });
        plant("free frame with a reference", FindingKind.FRAME_FREE, r -> {
            final long mfn = r.freeFrame();
            Raw.putInt(r.hv.frame(mfn) + FrameRecord.REFS, 1);
            return "frame " + mfn;
        });
        plant("number of free frames", FindingKind.HEAP_FREE, r -> {
            Raw.getAndAddLong(r.hv.header() + Header.FREE_FRAMES, 1);
            return "heap";
        });
        plant("frame of the heap that is absent", FindingKind.FRAME_STATE, r -> {
            final long mfn = r.freeFrame();
            Raw.putLong(r.hv.frame(mfn) + FrameRecord.OWNER, 0);
            Raw.getAndAddLong(r.hv.header() + Header.FREE_FRAMES, -1);
            return "frame " + mfn;
        });
        plant("frame of the machine itself that is owned", FindingKind.FRAME_STATE, r -> {
            final long mfn = Raw.getLong(r.hv.header() + Header.M2P32_MFN);
            Raw.putLong(r.hv.frame(mfn) + FrameRecord.OWNER,
                FrameRecord.owner(1, r.a.incarnation, FrameRecord.STATE_OWNED, 0));
            return "frame " + mfn;
        });
        plant("shared frame that the record does not name", FindingKind.FRAME_SHARED, r -> {
            setState(r.a.frame(UNUSED), FrameRecord.STATE_SHARED);
            Raw.getAndOrLong(r.a.frame(UNUSED) + FrameRecord.OWNER, FrameRecord.FLAG_XENHEAP);
            Raw.getAndAddInt(r.a.record + DomainRecord.TOTAL_PAGES, -1);
            Raw.getAndAddInt(r.a.record + DomainRecord.XENHEAP_PAGES, 1);
            return r.a.subject(UNUSED);
        });
        plant("status frame that is not shared", FindingKind.FRAME_SHARED, r -> {
            Raw.putInt(r.a.record + DomainRecord.STATUS_FRAME_MFNS, (int)r.a.mfns[UNUSED]);
            Raw.putInt(r.a.record + DomainRecord.STATUS_FRAMES, 1);
            return r.a.subject(UNUSED);
        });
        plant("magazine forgot a frame", FindingKind.FRAME_MAGAZINE, r -> {
            final long page = r.hv.domainPage(r.a.slot);
            Raw.getAndAddInt(page + DomainPage.MAGAZINE_COUNT, -1);
            return "frame " + Raw.getInt(page + DomainPage.MAGAZINE + 4);
        });
        plant("magazine lists a frame twice", FindingKind.FRAME_MAGAZINE, r -> {
            final long page = r.hv.domainPage(r.a.slot);
            Raw.putInt(page + DomainPage.MAGAZINE + 8, Raw.getInt(page + DomainPage.MAGAZINE));
            Raw.getAndAddInt(page + DomainPage.MAGAZINE_COUNT, 1);
            return "frame " + Raw.getInt(page + DomainPage.MAGAZINE);
        });
        plant("magazine lists a frame in use", FindingKind.FRAME_MAGAZINE, r -> {
            final long page = r.hv.domainPage(r.a.slot);
            Raw.putInt(page + DomainPage.MAGAZINE + 8, (int)r.a.mfns[UNUSED]);
            Raw.getAndAddInt(page + DomainPage.MAGAZINE_COUNT, 1);
            return r.a.subject(UNUSED);
        });
        plant("dying frame that nobody pins", FindingKind.FRAME_DYING, r -> {
            setState(r.a.frame(UNUSED), FrameRecord.STATE_DYING);
            Raw.getAndAddInt(r.a.record + DomainRecord.TOTAL_PAGES, -1);
            return r.a.subject(UNUSED);
        });
        plant("page lock", FindingKind.FRAME_LOCK, r -> {
            Raw.putLong(r.a.frame(AuditRig.L1) + FrameRecord.BUSY, Party.of(r.a.domid, 0, r.a.incarnation));
            return r.a.subject(AuditRig.L1);
        });
        plant("frame taken out of use", FindingKind.FRAME_CLAIMED, r -> {
            Raw.putInt(r.a.frame(UNUSED) + FrameRecord.REFS, FrameTable.CLAIMED);
            return r.a.subject(UNUSED);
        });
        plant("code beside a foreign writer", FindingKind.FRAME_CODE, r -> {
            Raw.getAndOrLong(r.a.frame(AuditRig.WRITTEN) + FrameRecord.OWNER, FrameRecord.FLAG_CODE);
            return r.a.subject(AuditRig.WRITTEN);
        });
        plant("number of a free frame", FindingKind.M2P_UNOWNED, r -> {
            final long mfn = r.freeFrame();
            m2p(r).set(mfn, 42);
            return "frame " + mfn;
        });
        plant("number of a frame in a magazine", FindingKind.M2P_UNOWNED, r -> {
            final long mfn = Raw.getInt(r.hv.domainPage(r.a.slot) + DomainPage.MAGAZINE);
            m2p(r).set(mfn, 42);
            return "frame " + mfn;
        });
        plant("number in one table only", FindingKind.M2P_WIDTHS, r -> {
            final long table = r.machine.memory().addressOf(Raw.getLong(r.hv.header() + Header.M2P32_MFN));
            Raw.putInt(table + r.a.mfns[5] * 4, 6);
            return r.a.subject(5);
        });
    }

    private static MachineToPhys m2p(final AuditRig r) {
        return new MachineToPhys(r.machine.memory(), Raw.getLong(r.hv.header() + Header.M2P32_MFN),
            Raw.getLong(r.hv.header() + Header.M2P64_MFN), r.hv.frames());
    }

    private static void counts() {
        for (final int delta : new int[] {1, -1}) {
            for (final int pfn : new int[] {5, AuditRig.L1, AuditRig.L3, AuditRig.GDT}) {
                plant("references of page " + pfn + " by " + delta, FindingKind.FRAME_REFS, r -> {
                    Raw.getAndAddInt(r.a.frame(pfn) + FrameRecord.REFS, delta);
                    return r.a.subject(pfn);
                });
                plant("type count of page " + pfn + " by " + delta, FindingKind.FRAME_TYPE_COUNT, r -> {
                    Raw.getAndAddLong(r.a.frame(pfn) + FrameRecord.TYPE_INFO, delta);
                    return r.a.subject(pfn);
                });
            }
        }
        plant("reference of a page without mapping", FindingKind.FRAME_REFS, r -> {
            Raw.putInt(r.a.frame(UNUSED) + FrameRecord.REFS, 1);
            return r.a.subject(UNUSED);
        });
        plant("reference of a page in a magazine", FindingKind.FRAME_REFS, r -> {
            final long mfn = Raw.getInt(r.hv.domainPage(r.a.slot) + DomainPage.MAGAZINE);
            Raw.putInt(r.hv.frame(mfn) + FrameRecord.REFS, 1);
            return "frame " + mfn;
        });
        plant("table that nothing uses", FindingKind.FRAME_TYPE_COUNT, r -> {
            Raw.putLong(r.a.frame(UNUSED) + FrameRecord.TYPE_INFO,
                FrameRecord.typeInfo(FrameRecord.TYPE_L1, FrameRecord.TYPE_VALIDATED, 1));
            return r.a.subject(UNUSED);
        });
        plant("table of another type", FindingKind.FRAME_TYPE, r -> {
            Raw.putLong(r.a.frame(AuditRig.L1) + FrameRecord.TYPE_INFO,
                FrameRecord.typeInfo(FrameRecord.TYPE_SEGDESC, FrameRecord.TYPE_VALIDATED, 1));
            return r.a.subject(AuditRig.L1);
        });
        plant("level-2 table of slot 3 without its mark", FindingKind.FRAME_TYPE, r -> {
            Raw.putLong(r.a.frame(AuditRig.L2X) + FrameRecord.TYPE_INFO,
                FrameRecord.typeInfo(FrameRecord.TYPE_L2, FrameRecord.TYPE_VALIDATED, 1));
            return r.a.subject(AuditRig.L2X);
        });
        plant("writable page that is a descriptor page", FindingKind.FRAME_TYPE, r -> {
            final long type = r.a.frame(5) + FrameRecord.TYPE_INFO;
            Raw.putLong(type, FrameRecord.typeInfo(FrameRecord.TYPE_SEGDESC, FrameRecord.TYPE_VALIDATED, 1));
            return r.a.subject(5);
        });
        plant("descriptor page that was never validated", FindingKind.FRAME_VALIDATED, r -> {
            Raw.getAndAndLong(r.a.frame(AuditRig.GDT) + FrameRecord.TYPE_INFO, ~FrameRecord.TYPE_VALIDATED);
            return r.a.subject(AuditRig.GDT);
        });
        plant("linear entries", FindingKind.FRAME_LINEAR, r -> {
            Raw.getAndAddLong(r.a.frame(AuditRig.L2) + FrameRecord.TYPE_INFO, 1L << 44);
            return r.a.subject(AuditRig.L2);
        });
    }

    private static String slot(final AuditRig.Guest g, final int tablePfn, final int slot) {
        return "domain " + g.domid + " table " + g.mfns[tablePfn] + " slot " + slot;
    }

    private static void tables() {
        plant("large page", FindingKind.TABLE_ENTRY, r -> {
            Raw.getAndOrLong(r.a.entry(AuditRig.L2, 0), Pte.PSE);
            return slot(r.a, AuditRig.L2, 0);
        });
        plant("uncached page", FindingKind.TABLE_ENTRY, r -> {
            Raw.getAndOrLong(r.a.entry(AuditRig.L1, 5), Pte.PCD);
            return slot(r.a, AuditRig.L1, 5);
        });
        plant("writable window on the machine-to-physical table", FindingKind.TABLE_HYPERVISOR_SLOT, r -> {
            Raw.getAndOrLong(r.a.entry(AuditRig.L2X, 428), Pte.RW);
            return slot(r.a, AuditRig.L2X, 428);
        });
        plant("hypervisor's slot that shows a guest frame", FindingKind.TABLE_HYPERVISOR_SLOT, r -> {
            r.a.put(AuditRig.L2X, 500, Pte.of(r.b.mfns[5], Pte.P));
            return slot(r.a, AuditRig.L2X, 500);
        });
        plant("mapping of another domain's frame", FindingKind.MAPPING_FOREIGN, r -> {
            r.b.put(AuditRig.L1, 301, Pte.of(r.a.mfns[5], Pte.P | Pte.RW));
            return slot(r.b, AuditRig.L1, 301);
        });
        plant("mapping of a free frame", FindingKind.MAPPING_FOREIGN, r -> {
            r.b.put(AuditRig.L1, 301, Pte.of(r.freeFrame(), Pte.P));
            return slot(r.b, AuditRig.L1, 301);
        });
        plant("mapping of a frame that another domain pins", FindingKind.MAPPING_FOREIGN, r -> {
            r.b.put(AuditRig.L1, 301, Pte.of(r.a.mfns[AuditRig.READ], Pte.P));
            return slot(r.b, AuditRig.L1, 301);
        });
        plant("mapping beyond the machine", FindingKind.MAPPING_FOREIGN, r -> {
            r.b.put(AuditRig.L1, 301, Pte.of(r.hv.frames(), Pte.P));
            return slot(r.b, AuditRig.L1, 301);
        });
        plant("table of another domain", FindingKind.MAPPING_FOREIGN, r -> {
            r.b.put(AuditRig.L2, 7, Pte.of(r.a.mfns[AuditRig.L1], Pte.P));
            return slot(r.b, AuditRig.L2, 7);
        });
    }

    private static long active(final AuditRig r, final int gref) {
        return r.hv.active(r.a.slot, gref);
    }

    private static String gref(final int gref) {
        return "domain 1 gref " + gref;
    }

    private static void grants() {
        final int written = AuditRig.WRITTEN_GREF;
        final int read = AuditRig.READ_GREF;
        plant("pin of a domain that is gone", FindingKind.GRANT_HOLDER, r -> {
            Raw.putLong(active(r, read) + ActiveGrant.PINS, ActiveGrant.pins(GONE, 3, 1, 0));
            return gref(read);
        });
        plant("pin of an earlier life of its holder", FindingKind.GRANT_HOLDER, r -> {
            Raw.getAndAddLong(active(r, read) + ActiveGrant.PINS, 1 << 16);
            return gref(read);
        });
        plant("claim without pin", FindingKind.GRANT_CLAIM, r -> {
            Raw.putLong(active(r, 100) + ActiveGrant.PINS, ActiveGrant.pins(r.b.domid, r.b.incarnation, 0, 0));
            return gref(100);
        });
        plant("pin on another's frame", FindingKind.GRANT_FRAME, r -> {
            Raw.putLong(active(r, read) + ActiveGrant.FRAME, r.b.mfns[5]);
            return gref(read);
        });
        plant("pin on no frame", FindingKind.GRANT_FRAME, r -> {
            Raw.putLong(active(r, read) + ActiveGrant.FRAME, r.hv.frames() + 5);
            return gref(read);
        });
        plant("pinned frame without mark", FindingKind.GRANT_MARK, r -> {
            Raw.getAndAndLong(r.a.frame(AuditRig.READ) + FrameRecord.OWNER, ~FrameRecord.FLAG_GRANTED);
            return gref(read);
        });
        plant("write pin on a table", FindingKind.GRANT_WRITES_TABLE, r -> {
            Raw.putLong(active(r, written) + ActiveGrant.FRAME, r.a.mfns[AuditRig.L1]);
            Raw.getAndOrLong(r.a.frame(AuditRig.L1) + FrameRecord.OWNER, FrameRecord.FLAG_GRANTED);
            return gref(written);
        });
        plant("reading is not said", FindingKind.GRANT_FLAGS, r -> {
            Raw.getAndAndInt(r.a.grant(read), ~8);
            return gref(read);
        });
        plant("writing is not said", FindingKind.GRANT_FLAGS, r -> {
            Raw.getAndAndInt(r.a.grant(written), ~0x10);
            return gref(written);
        });
        plant("writing is said of a grant that is read", FindingKind.GRANT_FLAGS, r -> {
            Raw.getAndOrInt(r.a.grant(read), 0x10);
            return gref(read);
        });
        plant("use is said of a grant that is not in use", FindingKind.GRANT_FLAGS, r -> {
            Raw.getAndOrInt(r.a.grant(0), 8);
            return gref(0);
        });
    }

    private static String port(final int domid, final int port) {
        return "domain " + domid + " port " + port;
    }

    private static void binding(final long port, final int state, final int vcpu, final int remote, final int inc) {
        Raw.putLong(port + EvtchnRecord.BINDING, EvtchnRecord.binding(state, 0, vcpu, remote, inc));
    }

    private static void ports() {
        plant("half-bound port", FindingKind.PORT_PEER, r -> {
            binding(r.b.port(r.bToA), EvtchnRecord.STATE_UNBOUND, 0, r.a.domid, r.a.incarnation);
            return port(1, r.aToB);
        });
        plant("port joined to a port that is free", FindingKind.PORT_PEER, r -> {
            Raw.putLong(r.b.port(r.bToA) + EvtchnRecord.BINDING, 0);
            return port(1, r.aToB);
        });
        plant("port joined to a domain that is gone", FindingKind.PORT_PEER, r -> {
            binding(r.a.port(60), EvtchnRecord.STATE_INTERDOMAIN, 0, GONE, 3);
            Raw.putInt(r.a.record + DomainRecord.EVTCHN_HIGHEST, 61);
            return port(1, 60);
        });
        plant("port joined to one that is joined to another", FindingKind.PORT_PEER, r -> {
            binding(r.a.port(60), EvtchnRecord.STATE_INTERDOMAIN, 0, r.b.domid, r.b.incarnation);
            Raw.putInt(r.a.port(60) + EvtchnRecord.PEER, r.bToA);
            Raw.putInt(r.a.record + DomainRecord.EVTCHN_HIGHEST, 61);
            return port(1, 60);
        });
        plant("port state", FindingKind.PORT_STATE, r -> {
            binding(r.a.port(60), EvtchnRecord.STATE_PIRQ, 0, 0, 0);
            return port(1, 60);
        });
        plant("port for a vCPU that does not exist", FindingKind.PORT_STATE, r -> {
            binding(r.a.port(r.ipiPort), EvtchnRecord.STATE_IPI, 7, 0, 0);
            return port(1, r.ipiPort);
        });
        plant("port beyond the highest", FindingKind.PORT_STATE, r -> {
            binding(r.a.port(60), EvtchnRecord.STATE_UNBOUND, 0, 0, 0);
            return port(1, 60);
        });
        plant("second port of a virtual interrupt", FindingKind.PORT_VIRQ, r -> {
            binding(r.a.port(60), EvtchnRecord.STATE_VIRQ, 0, 0, 0);
            Raw.putInt(r.a.record + DomainRecord.EVTCHN_HIGHEST, 61);
            return port(1, 60);
        });
        plant("virtual interrupt's word names a port of another sort", FindingKind.PORT_VIRQ, r -> {
            Raw.putInt(r.a.vcpu + VcpuRecord.VIRQ_PORTS + 4, r.ipiPort);
            return "domain 1 vcpu 0 virq 1";
        });
        plant("timer port", FindingKind.PORT_VIRQ, r -> {
            Raw.putInt(r.a.vcpu + VcpuRecord.TIMER_PORT, 0);
            return "domain 1 vcpu 0 timer";
        });
    }

    private static void events() {
        plant("event that the target's words do not show", FindingKind.EVENT_UNANNOUNCED, r -> {
            Raw.getAndOrLong(r.a.port(r.aToB) + EvtchnRecord.BINDING, (long)EvtchnRecord.FLAG_RAISED << 8);
            return port(1, r.aToB);
        });
        plant("event for which attention was not called", FindingKind.EVENT_UNANNOUNCED, r -> {
            Raw.getAndOrLong(r.a.port(r.aToB) + EvtchnRecord.BINDING, (long)EvtchnRecord.FLAG_RAISED << 8);
            Raw.putLong(r.a.vcpu + VcpuRecord.EVENT_WORDS, 1);
            return port(1, r.aToB);
        });
        plant("event that domain 0 was not told of", FindingKind.EVENT_UNANNOUNCED, r -> {
            Raw.getAndOrLong(r.hv.evtchn(0, r.dom0Port) + EvtchnRecord.BINDING, (long)EvtchnRecord.FLAG_RAISED << 8);
            return port(0, r.dom0Port);
        });
        plant("lost up-call", FindingKind.EVENT_LOST, r -> {
            pend(r, r.aToB);
            Raw.putInt(r.a.sharedInfo() + 4, 1);
            return port(1, r.aToB);
        });
        plant("lost selector bit", FindingKind.EVENT_LOST, r -> {
            pend(r, r.aToB);
            Raw.putByte(r.a.sharedInfo(), (byte)1);
            return port(1, r.aToB);
        });
    }

    /** Makes a port pending while the guest listens. */
    private static void pend(final AuditRig r, final int port) {
        Raw.putInt(r.a.sharedInfo() + 0x800, 1 << port);
        Raw.putByte(r.a.sharedInfo() + 1, (byte)0);
    }

    static Stream<Plant> plants() {
        return PLANTS.stream();
    }

    @ParameterizedTest
    @MethodSource("plants")
    void isNamedAndNothingElse(final Plant p) throws Exception {
        try (AuditRig rig = new AuditRig()) {
            final String subject = p.planter().plant(rig);
            final List<Finding> findings = Audit.run(rig.machine);
            assertEquals(List.of(p.kind().label() + ": " + subject),
                findings.stream().map(f -> f.kind().label() + ": " + f.subject()).toList(), findings::toString);
        }
    }

    @Test
    void everyKindIsPlanted() {
        final Set<FindingKind> missing = EnumSet.allOf(FindingKind.class);
        PLANTS.forEach(p -> missing.remove(p.kind()));
        assertEquals(Set.of(), missing);
    }

    @Test
    void whatIsUsualIsNoFinding() throws Exception {
        try (AuditRig rig = new AuditRig()) {
            // a stop that a command asked for; an event that waits masked; a guest that serves events right now
            Raw.putInt(rig.hv.header() + Header.STOPPED, Header.STOP_REQUESTED);
            Raw.putInt(rig.a.sharedInfo() + 0x800, 1 << rig.aToB);
            Raw.putInt(rig.a.sharedInfo() + 0x880, 1 << rig.aToB);
            Raw.putInt(rig.b.sharedInfo() + 0x800, 1 << rig.bToA);
            assertEquals(List.of(), Audit.run(rig.machine));
        }
    }
}
