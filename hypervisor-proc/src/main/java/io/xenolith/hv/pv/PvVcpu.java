package io.xenolith.hv.pv;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.hv.hypercall.GuestMemory;
import io.xenolith.hv.hypercall.VmAssist;
import io.xenolith.hv.mm.AddressSpace;
import io.xenolith.hv.mm.PageTables;
import io.xenolith.hv.mm.TlbControl;
import io.xenolith.hv.trap.Callback;
import io.xenolith.hv.trap.TrapTable;
import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.hv.Party;
import io.xenolith.shm.hv.VcpuRecord;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.system.SegmentLoader;

/**
 * One paravirtual vCPU: the CPU model, the guest's registered entry points, its tables. All state beyond the vCPU record is
 * private memory of the domain's process, which lives and dies with the domain.
 */
public final class PvVcpu implements Caller {
    /** CR0 of a guest: protected mode, write protection, paging, native FPU errors. */
    private static final long CR0 = 0x8005_003bL & ~Cpu.CR0_TS;
    private static final long CR4 = Cpu.CR4_PAE | Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT;
    private static final int BREATH = 1024;

    private final PvDomain domain;
    private final int id;
    private final long record;
    private final Cpu cpu;
    private final PvEnvironment environment;
    private final AddressSpace space;
    private final VcpuTlb tlb;
    private final MmuGuestMemory memory;
    private final FrameHolds frameHolds;
    private final VcpuInfoArea info;
    private final TrapTable traps = new TrapTable();
    private final Callback event = new Callback();
    private final Callback failsafe = new Callback();
    private final Callback syscall = new Callback();
    private final Callback syscall32 = new Callback();
    private final Callback sysenter = new Callback();
    private final Callback nmi = new Callback();
    /** Keeps the page alive that stands in for vcpu_info. */
    private final PrivateMemory spare = new PrivateMemory(1);

    private int kernelSs;
    private long kernelSp;
    private int iopl;
    private long ioBitmap;
    private int ioBitmapPorts;
    private long virtualCr4;
    private boolean contextReplaced;
    private Thread thread;

    PvVcpu(final PvDomain domain, final int id) {
        this.domain = domain;
        this.id = id;
        record = domain.machine().hv().vcpu(domain.slot(), id);
        environment = new PvEnvironment(this);
        cpu = new Cpu(domain.machine().memory(), environment, domain.code());
        cpu.attentionAddress = record + VcpuRecord.ATTENTION;
        setUpControl();
        tlb = new VcpuTlb(domain, id, cpu.mmu);
        final long holder = Party.of(domain.domid(), id, domain.incarnation());
        final PageTables tables = new PageTables(domain.frames(), domain.memory(), domain.mode(), domain.ownerKey(),
            holder, tlb, domain.hypervisorSlots());
        tables.foreignPins(mfn -> domain.services().pinned(mfn, true));
        space = new AddressSpace(tables, record, tlb);
        tables.ldtUse(space::dropLdtPages);
        space.rootListener(this::rootChanged);
        memory = new MmuGuestMemory(environment, cpu.mmu, domain.mode());
        frameHolds = new FrameHolds(domain, space, tlb);
        info = new VcpuInfoArea(domain.machine().memory(), record, is64Bit(), spare.addressOf(0));
        environment.connect();
    }

    private void setUpControl() {
        cpu.mmu.rereadPointers(true);
        cpu.cr0 = CR0;
        cpu.cr4 = CR4;
        cpu.efer = Cpu.EFER_NXE | (is64Bit() ? Cpu.EFER_SCE | Cpu.EFER_LME | Cpu.EFER_LMA : 0);
        cpu.controlChanged();
    }

    private void rootChanged() {
        final long root = space.activeRoot();
        cpu.cr3 = root << 12;
        cpu.mmu.loadCr3(cpu.cr3);
        cpu.mmu.flushAll();
    }

    /** @return the domain. */
    public PvDomain domain() {
        return domain;
    }

    /** @return address of its record. */
    public long record() {
        return record;
    }

    /** @return the CPU model. */
    public Cpu cpu() {
        return cpu;
    }

    /** @return what the CPU model calls. */
    public PvEnvironment environment() {
        return environment;
    }

    /** @return its tables. */
    public AddressSpace space() {
        return space;
    }

    /** @return its translation caches. */
    public TlbControl tlb() {
        return tlb;
    }

    /** @return the words of its vcpu_info. */
    public VcpuInfoArea info() {
        return info;
    }

    /** @return its trap table. */
    public TrapTable traps() {
        return traps;
    }

    /** @return the event callback. */
    public Callback eventCallback() {
        return event;
    }

    /** @return the failsafe callback. */
    public Callback failsafeCallback() {
        return failsafe;
    }

    /** @return the system-call callback of a 64-bit guest. */
    public Callback syscallCallback() {
        return syscall;
    }

    /** @return the callback for SYSCALL from 32-bit programs. */
    public Callback syscall32Callback() {
        return syscall32;
    }

    /** @return the callback for SYSENTER. */
    public Callback sysenterCallback() {
        return sysenter;
    }

    /** @return the NMI callback. */
    public Callback nmiCallback() {
        return nmi;
    }

    // ---- Caller

    @Override
    public int domid() {
        return domain.domid();
    }

    @Override
    public int incarnation() {
        return domain.incarnation();
    }

    @Override
    public int vcpu() {
        return id;
    }

    @Override
    public boolean is64Bit() {
        return domain.is64Bit();
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }

    @Override
    public CallerFrames frames() {
        return frameHolds;
    }

    @Override
    public void breathe(final long done) {
        if (done % BREATH == BREATH - 1) {
            environment.breathe();
        }
    }

    /** @return the domain's frames. */
    public FrameTable frameTable() {
        return domain.frames();
    }

    // ---- registers that are virtual

    /** @return stack segment for entries from user mode. */
    public int kernelSs() {
        return kernelSs;
    }

    /** @return stack pointer for entries from user mode. */
    public long kernelSp() {
        return kernelSp;
    }

    /** @param ss stack segment. @param sp stack pointer, both for entries from user mode. */
    public void setKernelStack(final int ss, final long sp) {
        kernelSs = ss;
        kernelSp = sp;
    }

    /** @return the virtual I/O privilege level. */
    public int iopl() {
        return iopl;
    }

    /** @param level the virtual I/O privilege level, 0 to 3. */
    public void setIopl(final int level) {
        iopl = level;
    }

    /** @return whether the kernel counts as ring 0 for the I/O privilege level, which then is in its flags. */
    public boolean architecturalIopl() {
        return domain.assists(VmAssist.ARCHITECTURAL_IOPL);
    }

    /** @return whether the privilege level allows port access, CLI and STI now. */
    public boolean ioplAllows() {
        final int level = inKernel() ? architecturalIopl() ? 0 : 1 : 3;
        return iopl >= level;
    }

    /** @return guest address of the bitmap of refused ports. */
    public long ioBitmap() {
        return ioBitmap;
    }

    /** @return ports that the bitmap covers. */
    public int ioBitmapPorts() {
        return ioBitmapPorts;
    }

    /** @param address guest address. @param ports how many it covers. */
    public void setIoBitmap(final long address, final int ports) {
        ioBitmap = address;
        ioBitmapPorts = ports;
    }

    /** @return CR4 bits that the guest has set. */
    public long cr4() {
        return virtualCr4;
    }

    /** @param bits CR4 bits that a guest may set. */
    public void setCr4(final long bits) {
        virtualCr4 = bits;
        cpu.cr4 = CR4 | bits;
        cpu.controlChanged();
    }

    /** @param set CR0.TS. */
    public void setTaskSwitched(final boolean set) {
        cpu.cr0 = set ? cpu.cr0 | Cpu.CR0_TS : cpu.cr0 & ~Cpu.CR0_TS;
        cpu.controlChanged();
    }

    /** @return whether the guest's kernel runs: rings 0 to 2 of a 32-bit guest, the kernel tables of a 64-bit one. */
    public boolean inKernel() {
        return is64Bit() ? !space.userMode() : cpu.cpl() < 3;
    }

    /**
     * Goes between kernel and user mode of a 64-bit guest: other tables, other GS base.
     *
     * @param user the mode to enter, not the present one.
     */
    public void setUserMode(final boolean user) {
        final long gs = cpu.seg[Cpu.GS].base();
        cpu.seg[Cpu.GS].setBase(cpu.kernelGsBase);
        cpu.kernelGsBase = gs;
        space.setUserMode(user);
        cpu.segmentsChanged();
    }

    /**
     * Loads the GS selector that a 64-bit guest's user mode will see; a bad one becomes null.
     *
     * @param selector any value.
     */
    public void loadUserGs(final int selector) {
        final long kernelBase = cpu.seg[Cpu.GS].base();
        try {
            SegmentLoader.load(cpu, Cpu.GS, selector);
        }
        catch (final CpuFault fault) {
            cpu.seg[Cpu.GS].setNull(0);
        }
        cpu.kernelGsBase = cpu.seg[Cpu.GS].base();
        cpu.seg[Cpu.GS].setBase(kernelBase);
        cpu.segmentsChanged();
    }

    // ---- running

    /** Makes the calling thread the one that runs this vCPU. */
    public void bindThread() {
        thread = Thread.currentThread();
    }

    /** @return whether the calling thread runs this vCPU. */
    boolean onThisThread() {
        return thread == Thread.currentThread();
    }

    /** Begins an access to guest memory by its linear address, out of the hypervisor's code: {@link #endAccess} ends it. */
    public void beginAccess() {
        environment.beginAccess();
    }

    /** Ends what {@link #beginAccess} began. */
    public void endAccess() {
        environment.endAccess();
    }

    /** An iret has replaced the registers: the result of the hypercall must not be stored. */
    void replaceContext() {
        contextReplaced = true;
    }

    /** Tells once whether the registers have been replaced. */
    boolean takeContextReplaced() {
        final boolean was = contextReplaced;
        contextReplaced = false;
        return was;
    }

    /**
     * Ends the domain.
     *
     * @param reason one line for the crash report.
     * @throws DomainCrash always, to unwind to the environment's entry point.
     */
    public void crash(final String reason) {
        CrashReport.write(this, reason);
        domain.services().shutdown(id, CrashReport.SHUTDOWN_CRASH);
        throw DomainCrash.INSTANCE;
    }
}
