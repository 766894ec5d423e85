package io.xenolith.hv.pv;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.grant.ForeignWrite;
import io.xenolith.hv.hypercall.DomainConsole;
import io.xenolith.hv.mm.HypervisorSlots;
import io.xenolith.hv.mm.MachineToPhys;
import io.xenolith.hv.mm.Magazine;
import io.xenolith.hv.mm.MemoryAccess;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;

/** One paravirtual domain in its own process: what its vCPUs share. */
public final class PvDomain {
    private final Machine machine;
    private final int domid;
    private final int incarnation;
    private final int slot;
    private final long record;
    private final PagingMode mode;
    private final DomainServices services;
    private final FrameTable frames;
    private final MemoryAccess memory;
    private final MachineToPhys m2p;
    private final HypervisorSlots hypervisorSlots;
    private final Magazine magazine;
    private final DomainConsole console;
    private final CodeMarks code;
    private final PvVcpu[] vcpus;

    /**
     * @param machine  the machine.
     * @param domid    a domain of it that exists.
     * @param services the rest of the hypervisor.
     */
    public PvDomain(final Machine machine, final int domid, final DomainServices services) {
        this.machine = machine;
        this.domid = domid;
        this.slot = DomainRecord.slot(domid);
        this.services = services;
        final HypervisorFile hv = machine.hv();
        record = hv.domain(slot);
        incarnation = DomainRecord.incarnation(Raw.getLong(record + DomainRecord.IDENTITY));
        mode = Raw.getInt(record + DomainRecord.WIDTH) == 64 ? PagingMode.LONG64 : PagingMode.PAE32;
        frames = new FrameTable(hv.frame(0), hv.frames());
        memory = new MemoryAccess(frames, machine.memory());
        final long header = hv.header();
        final long m2p32 = Raw.getLong(header + Header.M2P32_MFN);
        final long m2p64 = Raw.getLong(header + Header.M2P64_MFN);
        m2p = new MachineToPhys(machine.memory(), m2p32, m2p64, hv.frames());
        hypervisorSlots = new HypervisorSlots(
            mode, memory, mode == PagingMode.PAE32 ? m2p32 : m2p64, hv.frames());
        magazine = new Magazine(frames, hv.domainPage(slot), ownerKey());
        console = new DomainConsole(hv.consoleRing(), header, domid);
        code = new CodeMarks(frames, new ForeignWrite(machine), ownerKey());
        vcpus = new PvVcpu[Math.max(1, Raw.getInt(record + DomainRecord.VCPUS))];
        memory.onCodeStore(this::codeStored);
    }

    private void codeStored(final long mfn, final int offset, final int length) {
        for (final PvVcpu v : vcpus) {
            if (v != null && v.onThisThread()) {
                v.cpu().storingToCode(mfn, offset, length);
            }
        }
    }

    /** @return the machine. */
    public Machine machine() {
        return machine;
    }

    /** @return the domain's id. */
    public int domid() {
        return domid;
    }

    /** @return its incarnation. */
    public int incarnation() {
        return incarnation;
    }

    /** @return its slot in the domain table. */
    public int slot() {
        return slot;
    }

    /** @return address of its record. */
    public long record() {
        return record;
    }

    /** @return its kind of page tables. */
    public PagingMode mode() {
        return mode;
    }

    /** @return whether it is a 64-bit guest. */
    public boolean is64Bit() {
        return mode == PagingMode.LONG64;
    }

    /** @return the domain as an owner of frames. */
    public int ownerKey() {
        return FrameTable.ownerKey(domid, incarnation);
    }

    /** @return the rest of the hypervisor. */
    public DomainServices services() {
        return services;
    }

    /** @return the frame table. */
    public FrameTable frames() {
        return frames;
    }

    /** @return stores to guest frames. */
    public MemoryAccess memory() {
        return memory;
    }

    /** @return the machine-to-physical tables. */
    public MachineToPhys m2p() {
        return m2p;
    }

    /** @return the hypervisor's entries in the domain's tables. */
    HypervisorSlots hypervisorSlots() {
        return hypervisorSlots;
    }

    /** @return free frames in hand. */
    public Magazine magazine() {
        return magazine;
    }

    /** @return what the domain writes by console_io. */
    public DomainConsole console() {
        return console;
    }

    /** @return which frames hold decoded code. */
    CodeMarks code() {
        return code;
    }

    /** @return most vCPUs it may have. */
    public int vcpuCount() {
        return vcpus.length;
    }

    /** @param id below {@link #vcpuCount}. @return the vCPU, null when it has not been made. */
    public PvVcpu vcpu(final int id) {
        return vcpus[id];
    }

    /** Makes a vCPU. @param id below {@link #vcpuCount}. @return the vCPU. */
    public synchronized PvVcpu makeVcpu(final int id) {
        if (vcpus[id] == null) {
            vcpus[id] = new PvVcpu(this, id);
        }
        return vcpus[id];
    }

    /** @param assist number. @return whether the guest has enabled it. */
    public boolean assists(final int assist) {
        return (Raw.getLong(record + DomainRecord.VM_ASSIST) >> assist & 1) != 0;
    }
}
