package io.xenolith.hv.audit;

import io.xenolith.hv.control.Domains;
import io.xenolith.hv.control.Domctl;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.control.InProcessHypervisor;
import io.xenolith.hv.control.MailboxClient;
import io.xenolith.hv.event.Events;
import io.xenolith.hv.event.Virq;
import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.grant.GrantException;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.hv.grant.PinnedGrant;
import io.xenolith.hv.mm.AddressSpace;
import io.xenolith.hv.mm.HypervisorSlots;
import io.xenolith.hv.mm.MachineToPhys;
import io.xenolith.hv.mm.Magazine;
import io.xenolith.hv.mm.MemoryAccess;
import io.xenolith.hv.mm.PageTables;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.hv.mm.Pte;
import io.xenolith.hv.mm.TlbControl;
import io.xenolith.hv.sched.PcpuSlots;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;
import java.io.IOException;
import java.util.UUID;

/**
 * A machine with domain 0 and two 32-bit domains, made by the hypervisor's own code: page tables, a GDT, pins, ports of every
 * sort, granted frames in use by domain 0 and mapped by the other domain, a magazine, a physical CPU in use.
 */
public final class AuditRig implements AutoCloseable {
    public static final int PAGES = 256;
    /** Pages that no table maps; the first is the GDT. */
    public static final int UNMAPPED = 200;
    public static final int L3 = PAGES - 8;
    public static final int L2 = PAGES - 7;
    public static final int L2X = PAGES - 6;
    public static final int L1 = PAGES - 5;
    public static final int GDT = UNMAPPED;
    /** Granted to domain 0, written by it; granted to domain 0, read by it; granted to the other domain, mapped by it. */
    public static final int WRITTEN = 20;
    public static final int READ = 21;
    public static final int LENT = 22;
    public static final int WRITTEN_GREF = 8;
    public static final int READ_GREF = 9;
    public static final int LENT_GREF = 10;
    /** Slot of the other domain's level-1 table that maps the lent frame. */
    public static final int LENT_SLOT = 300;

    public final InProcessHypervisor hypervisor;
    public final Machine machine;
    public final HypervisorFile hv;
    public final MailboxClient dom0Mailbox;
    public final Domctl domctl;
    public final Guest a;
    public final Guest b;
    public int dom0Port;
    public int aToDom0;
    public int aToB;
    public int bToA;
    public int timerPort;
    public int ipiPort;
    public PinnedGrant written;

    /** One domain, as its process holds it. */
    public final class Guest {
        public final int domid;
        public final int slot;
        public final int incarnation;
        public final long[] mfns;
        public final long record;
        public final long vcpu;
        public final MailboxClient mailbox;
        public final FrameTable frames;
        public final PageTables tables;
        public final AddressSpace space;
        public final Magazine magazine;

        Guest() throws DomctlException {
            domid = domctl.create(false, PAGES + 16, 1, UUID.randomUUID());
            slot = DomainRecord.slot(domid);
            record = hv.domain(slot);
            incarnation = Domains.incarnation(record);
            mfns = domctl.populate(domid, PAGES);
            vcpu = hv.vcpu(slot, 0);
            mailbox = new MailboxClient(machine, domid, () -> { });
            frames = new FrameTable(hv.frame(0), hv.frames());
            final MemoryAccess memory = new MemoryAccess(frames, machine.memory());
            final long m2p = Raw.getLong(hv.header() + Header.M2P32_MFN);
            tables = new PageTables(frames, memory, PagingMode.PAE32, FrameTable.ownerKey(domid, incarnation),
                Party.of(domid, 0, incarnation), new NoTlb(),
                new HypervisorSlots(PagingMode.PAE32, memory, m2p, hv.frames()));
            space = new AddressSpace(tables, vcpu, new NoTlb());
            magazine = new Magazine(frames, hv.domainPage(slot), FrameTable.ownerKey(domid, incarnation));
            build();
        }

        /** What builder, toolstack and the domain's own start do. */
        private void build() throws DomctlException {
            final MachineToPhys m2p = new MachineToPhys(machine.memory(), Raw.getLong(hv.header() + Header.M2P32_MFN),
                Raw.getLong(hv.header() + Header.M2P64_MFN), hv.frames());
            for (int pfn = 0; pfn < PAGES; pfn++) {
                m2p.set(mfns[pfn], pfn);
            }
            put(L3, 0, Pte.of(mfns[L2], Pte.P));
            put(L3, 3, Pte.of(mfns[L2X], Pte.P));
            put(L2, 0, Pte.of(mfns[L1], Pte.P | Pte.RW | Pte.US));
            for (int pfn = 0; pfn < PAGES; pfn++) {
                final boolean table = pfn >= L3 && pfn <= L1;
                if (pfn < UNMAPPED || pfn >= L3) {
                    put(L1, pfn, Pte.of(mfns[pfn], table ? Pte.P : Pte.P | Pte.RW));
                }
            }
            domctl.setContext(domid, 0, new byte[2800]);
            domctl.unpause(domid);
            require(tables.pin(mfns[L3], FrameType.L3) == 0, "pin");
            require(space.setKernelRoot(mfns[L3]) == 0, "root");
            space.proposeGdtFrame(0, mfns[GDT]);
            require(space.setGdt(16) == 0, "gdt");
            Raw.putLong(vcpu + VcpuRecord.RUN, RunWord.of(RunWord.PARKED, 5));
            final long first = mailbox.call(0, GlobalOp.FRAMES_CLAIM, 2, 0, 0, 0);
            magazine.put(first);
            magazine.put(first + 1);
        }

        /** Address of an entry of a table, by pseudo-physical frame. */
        public long entry(final int tablePfn, final int slotOfTable) {
            return machine.memory().addressOf(mfns[tablePfn]) + slotOfTable * 8L;
        }

        void put(final int tablePfn, final int slotOfTable, final long pte) {
            Raw.putLong(entry(tablePfn, slotOfTable), pte);
        }

        /** Address of the frame record of a pseudo-physical frame. */
        public long frame(final int pfn) {
            return hv.frame(mfns[pfn]);
        }

        public long sharedInfo() {
            return machine.memory().addressOf(Raw.getLong(record + DomainRecord.SHARED_INFO_MFN));
        }

        /** Address of a version 1 grant entry. */
        public long grant(final int gref) {
            return machine.memory().addressOf(Raw.getInt(record + DomainRecord.GRANT_FRAME_MFNS)) + gref * 8L;
        }

        public long port(final int port) {
            return hv.evtchn(slot, port);
        }

        String subject(final int pfn) {
            return "frame " + mfns[pfn];
        }
    }

    private static final class NoTlb implements TlbControl {
        @Override
        public void flushLocal() {
            // no CPU
        }

        @Override
        public void flushLocalPage(final long vaddr) {
            // no CPU
        }

        @Override
        public void flushOthers(final long vcpus) {
            // no CPU
        }

        @Override
        public long allVcpus() {
            return 1;
        }
    }

    public AuditRig() throws IOException, DomctlException, GrantException, InterruptedException {
        this(32L << 20);
    }

    public AuditRig(final long bytes) throws IOException, DomctlException, GrantException, InterruptedException {
        hypervisor = new InProcessHypervisor(bytes, 2);
        machine = hypervisor.machine();
        hv = machine.hv();
        dom0Mailbox = new MailboxClient(machine, 0, () -> { });
        domctl = new Domctl(machine, dom0Mailbox);
        a = new Guest();
        b = new Guest();
        ports();
        grants();
        final PcpuSlots pcpus = new PcpuSlots(machine);
        final int pcpu = pcpus.take(Party.of(a.domid, 0, a.incarnation), 0);
        require(pcpu == 0, "physical CPU");
        Raw.putInt(a.vcpu + VcpuRecord.PCPU, pcpu + 1);
        hypervisor.stopServing();
        takeEvents();
    }

    /** Every domain takes what was sent to it. */
    public void takeEvents() {
        takeEvents(a);
        takeEvents(b);
        new Events(machine, 0, dom0Mailbox).poll(port -> { });
    }

    /** Marks a domain as dying; the reaper of {@link #hypervisor} does the rest. */
    public void destroy(final Guest g) {
        Raw.putLong(g.record + DomainRecord.IDENTITY,
            DomainRecord.identity(g.domid, g.incarnation, DomainRecord.STATE_DYING, 0));
    }

    private void ports() throws DomctlException {
        final Events dom0 = new Events(machine, 0, dom0Mailbox);
        aToDom0 = domctl.allocUnbound(a.domid, 0);
        dom0Port = dom0.bindInterdomain(a.domid, aToDom0);
        aToB = (int)a.mailbox.call(0, GlobalOp.PORT_ALLOC_UNBOUND, a.domid, b.domid, 0, 0);
        bToA = (int)b.mailbox.call(0, GlobalOp.PORT_BIND_INTERDOMAIN, a.domid, aToB, 0, 0);
        timerPort = (int)a.mailbox.call(0, GlobalOp.PORT_BIND_VIRQ, Virq.TIMER, 0, 0, 0);
        ipiPort = (int)a.mailbox.call(0, GlobalOp.PORT_BIND_IPI, 0, 0, 0, 0);
        domctl.allocUnbound(a.domid, 0);
        require(bToA > 0 && timerPort > 0 && ipiPort > 0, "ports");
    }

    private void grants() throws DomctlException, GrantException {
        domctl.seedGrant(a.domid, WRITTEN_GREF, 0, a.mfns[WRITTEN], false);
        domctl.seedGrant(a.domid, READ_GREF, 0, a.mfns[READ], true);
        domctl.seedGrant(a.domid, LENT_GREF, b.domid, a.mfns[LENT], false);
        domctl.seedGrant(a.domid, 0, 0, a.mfns[1], false);
        final GrantPins dom0 = new GrantPins(machine, 0);
        written = dom0.pin(a.domid, WRITTEN_GREF, true);
        dom0.pin(a.domid, READ_GREF, false);
        new GrantPins(machine, b.domid).pin(a.domid, LENT_GREF, true);
        final long pte = Pte.of(a.mfns[LENT], Pte.P | Pte.RW | Pte.A | Pte.D);
        require(b.tables.setForeign(b.mfns[L1], LENT_SLOT, pte) == 0, "foreign mapping");
    }

    /** The domain's vCPU takes what was sent to it. */
    private void takeEvents(final Guest g) {
        if (Raw.getInt(g.record + DomainRecord.BACKED_VCPUS) == 0) {
            return;
        }
        final long words = Raw.xchgLong(g.vcpu + VcpuRecord.EVENT_WORDS, 0);
        for (int port = 1; port < 64 && words != 0; port++) {
            Raw.getAndAndLong(g.port(port), ~(2L << 8));
        }
        Raw.putInt(g.vcpu + VcpuRecord.ATTENTION, 0);
    }

    static void require(final boolean holds, final String what) {
        if (!holds) {
            throw new AssertionError("rig: " + what);
        }
    }

    /** A frame that nobody owns. */
    public long freeFrame() {
        for (long mfn = hv.frames() - 1; mfn > 0; mfn--) {
            if (FrameRecord.state(FrameRecord.ownerOf(hv.frame(mfn))) == FrameRecord.STATE_FREE) {
                return mfn;
            }
        }
        throw new AssertionError("rig: no free frame");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        hypervisor.close();
    }
}
