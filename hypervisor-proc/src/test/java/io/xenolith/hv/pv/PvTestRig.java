package io.xenolith.hv.pv;

import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineOptions;
import io.xenolith.shm.MemoryMap;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.UserRegs32;
import io.xenolith.shm.abi.UserRegs64;
import io.xenolith.shm.abi.VcpuGuestContext;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.VcpuRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A machine in a temporary directory with one domain on it, built by hand and run in this process: RAM at linear address 0,
 * page tables read-only in it, a shared_info page, machine frames in scattered order.
 *
 * <pre>
 *   pfn 0 .. PAGES-1      RAM, mapped at pfn * 4096
 *   last of them          32-bit: L3, L2 of slot 0, L2 of slot 3, L1     64-bit: L4, L3, L2, L1
 * </pre>
 */
public final class PvTestRig implements AutoCloseable {
    /** RAM of the guest. */
    public static final int PAGES = 512;
    /** Where code goes. */
    public static final long CODE = 0x1000;
    /** Top of the boot stack. */
    public static final long STACK = 0x9000;
    /** Kernel code and data segments. */
    public static final int CS = 0xe019;
    /** Kernel data segment. */
    public static final int DS = 0xe021;
    /** The root of a 32-bit guest. */
    public static final int L3_PFN = PAGES - 8;
    /** Table under slot 0 of a 32-bit guest's root. */
    public static final int L2_PFN = PAGES - 7;
    /** Table under slot 3 of a 32-bit guest's root. */
    public static final int L2X_PFN = PAGES - 6;
    /** The root of a 64-bit guest. */
    public static final int ROOT_64_PFN = PAGES - 8;
    /** Table under slot 0 of a 64-bit guest's root. */
    public static final int L3_64_PFN = PAGES - 7;
    /** Table under slot 0 of that. */
    public static final int L2_64_PFN = PAGES - 6;
    /** The table that maps the RAM (2 MiB). */
    public static final int L1_PFN = PAGES - 5;
    /** Domain id of the guest. */
    public static final int DOMID = 1;

    private static final int INCARNATION = 7;

    final Machine machine;
    final TestServices services = new TestServices();
    private final MachineDir dir;
    private final long firstFrame;
    private final long sharedInfo;
    private final java.util.Map<Integer, Long> moved = new java.util.HashMap<>();
    PvDomain domain;
    PvVcpu vcpu;

    private final boolean wide;
    private final int vcpus;

    /** Builds a machine and a 32-bit domain. */
    public PvTestRig() throws IOException {
        this(false);
    }

    /** Builds a machine and a domain with one vCPU. */
    public PvTestRig(final boolean wide) throws IOException {
        this(wide, 1);
    }

    /** Builds machine and domain. */
    public PvTestRig(final boolean wide, final int vcpus) throws IOException {
        this(wide, vcpus, freshDirectory());
    }

    /** Builds machine and domain in a directory that the caller knows, also when this process is killed on the way. */
    PvTestRig(final boolean wide, final int vcpus, final Path directory) throws IOException {
        this.wide = wide;
        this.vcpus = vcpus;
        dir = new MachineDir(directory);
        machine = Machine.create(dir, MachineOptions.ofMemory(32L << 20));
        machine.publish();
        services.rig = this;
        firstFrame = MemoryMap.of(machine.memory().frames()).heap() + 8;
        sharedInfo = firstFrame + PAGES;
        services.nextFree = sharedInfo + 1;
        services.endFree = machine.memory().frames();
        machine.memory().reserve(firstFrame, PAGES + 1);
        domainRecord();
        for (int pfn = 0; pfn < PAGES; pfn++) {
            own(mfn(pfn), FrameRecord.STATE_OWNED);
        }
        own(sharedInfo, FrameRecord.STATE_SHARED);
        Raw.putLong(machine.hv().frame(sharedInfo) + FrameRecord.TYPE_INFO,
            FrameRecord.typeInfo(FrameRecord.TYPE_WRITABLE, FrameRecord.TYPE_VALIDATED, 1));
        pageTables();
        domain = new PvDomain(machine, DOMID, services);
        for (int pfn = 0; pfn < PAGES; pfn++) {
            domain.m2p().set(mfn(pfn), pfn);
        }
        vcpu = domain.makeVcpu(0);
        vcpu.bindThread();
        vcpu.environment().gate(new Gate(vcpu));
    }

    /** A new empty directory for a machine. */
    static Path freshDirectory() throws IOException {
        return Files.createTempDirectory(Path.of("/dev/shm"), "xenolith-pv");
    }

    /** Run word and attention of one vCPU, as a runner keeps them. */
    static final class Gate implements VcpuGate {
        private static final int URGENT = VcpuRecord.ATTENTION_FLUSH | VcpuRecord.ATTENTION_CODE;

        private final long record;
        private int epoch;

        Gate(final PvVcpu vcpu) {
            record = vcpu.record();
            leaveGuest();
        }

        @Override
        public boolean enterGuest() {
            Raw.putLongVolatile(record + VcpuRecord.RUN, RunWord.of(RunWord.IN_GUEST, ++epoch));
            return Raw.getInt(record + VcpuRecord.ATTENTION) != 0;
        }

        @Override
        public void leaveGuest() {
            Raw.putLongVolatile(record + VcpuRecord.RUN, RunWord.of(RunWord.RING0, epoch));
        }

        @Override
        public int attend() {
            return Raw.xchgInt(record + VcpuRecord.ATTENTION, 0);
        }

        @Override
        public int urgent() {
            return Raw.getAndAndInt(record + VcpuRecord.ATTENTION, ~URGENT) & URGENT;
        }
    }

    /** Machine frame of a pseudo-physical one: neighbours lie apart. */
    public long mfn(final int pfn) {
        final Long moved = this.moved.get(pfn);
        return moved != null ? moved : firstFrame + (pfn * 37L + 11) % PAGES;
    }

    /** After the guest has exchanged a frame. */
    void setMfn(final int pfn, final long mfn) {
        moved.put(pfn, mfn);
    }

    void own(final long mfn, final int state) {
        final long frame = machine.hv().frame(mfn);
        Raw.putLong(frame + FrameRecord.OWNER, FrameRecord.owner(DOMID, INCARNATION, state, 0));
        Raw.putLong(frame + FrameRecord.TYPE_INFO, 0);
        Raw.putInt(frame + FrameRecord.REFS, 0);
    }

    private void domainRecord() {
        final int slot = DomainRecord.slot(DOMID);
        machine.hv().backDomain(slot, vcpus);
        final long record = machine.hv().domain(slot);
        Raw.putInt(record + DomainRecord.WIDTH, wide ? 64 : 32);
        Raw.putInt(record + DomainRecord.VCPUS, vcpus);
        Raw.putInt(record + DomainRecord.TOTAL_PAGES, PAGES);
        Raw.putInt(record + DomainRecord.MAX_PAGES, PAGES + 64);
        Raw.putInt(record + DomainRecord.SHUTDOWN_CODE, -1);
        Raw.putInt(record + DomainRecord.ONLINE_VCPUS, (1 << vcpus) - 1);
        ProcessIdentity.self().write(record + DomainRecord.PID, record + DomainRecord.START_TIME);
        Raw.putLong(record + DomainRecord.SHARED_INFO_MFN, sharedInfo);
        Raw.putLong(record + DomainRecord.VM_ASSIST, 1 << 3);
        Raw.putLong(record + DomainRecord.IDENTITY,
            DomainRecord.identity(DOMID, INCARNATION, DomainRecord.STATE_LIVE, 0));
        final long v = machine.hv().vcpu(slot, 0);
        Raw.putLong(v + VcpuRecord.VCPU_INFO_MFN, sharedInfo);
        Raw.putByte(machine.memory().addressOf(sharedInfo) + 1, (byte)1);
    }

    private void pageTables() {
        if (wide) {
            final long upper = Pte.P | Pte.RW | Pte.US | Pte.A | Pte.D;
            putPte(ROOT_64_PFN, 0, Pte.of(mfn(L3_64_PFN), upper));
            putPte(L3_64_PFN, 0, Pte.of(mfn(L2_64_PFN), upper));
            putPte(L2_64_PFN, 0, Pte.of(mfn(L1_PFN), upper));
        }
        else {
            upperTables32();
        }
        for (int pfn = 0; pfn < PAGES; pfn++) {
            final boolean table = pfn >= L3_PFN && pfn <= L1_PFN;
            putPte(L1_PFN, pfn, Pte.of(mfn(pfn), table ? Pte.P | Pte.A | Pte.US : Pte.P | Pte.RW | Pte.A | Pte.US));
        }
    }

    private void upperTables32() {
        for (int slot = 0; slot < 4; slot++) {
            putPte(L3_PFN, slot, 0);
        }
        putPte(L3_PFN, 0, Pte.of(mfn(L2_PFN), Pte.P));
        putPte(L3_PFN, 3, Pte.of(mfn(L2X_PFN), Pte.P));
        putPte(L2_PFN, 0, Pte.of(mfn(L1_PFN), Pte.P | Pte.RW | Pte.US | Pte.A | Pte.D));
    }

    /** Writes an entry as the builder does, without checks. */
    void putPte(final int tablePfn, final int slot, final long pte) {
        Raw.putLong(machine.memory().addressOf(mfn(tablePfn)) + slot * 8L, pte);
    }

    /** Reads an entry. */
    long pte(final int tablePfn, final int slot) {
        return Raw.getLong(machine.memory().addressOf(mfn(tablePfn)) + slot * 8L);
    }

    /** Host address of a guest's RAM address. */
    long host(final long address) {
        return machine.memory().addressOf(mfn((int)(address >>> 12))) + (address & 0xfff);
    }

    int int32(final long address) {
        return Raw.getInt(host(address));
    }

    void putInt32(final long address, final int value) {
        Raw.putInt(host(address), value);
    }

    void putInt64(final long address, final long value) {
        Raw.putLong(host(address), value);
    }

    void load(final long address, final byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            Raw.putByte(host(address + i), bytes[i]);
        }
    }

    /** Whether a frame is in the domain's use. */
    boolean owns(final long mfn) {
        final long owner = Raw.getLong(machine.hv().frame(mfn) + FrameRecord.OWNER);
        final int state = FrameRecord.state(owner);
        return FrameRecord.domid(owner) == DOMID && FrameRecord.incarnation(owner) == INCARNATION
            && (state == FrameRecord.STATE_OWNED || state == FrameRecord.STATE_SHARED);
    }

    /** Makes a hypercall as the guest would, with the registers' values. */
    long call(final long number, final long... args) {
        final long[] a = java.util.Arrays.copyOf(args, 5);
        return vcpu.environment().dispatcher().call(number, a[0], a[1], a[2], a[3], a[4]);
    }

    long sharedInfoAddress() {
        return machine.memory().addressOf(sharedInfo);
    }

    long sharedInfoMfn() {
        return sharedInfo;
    }

    /** Gives the vCPU its initial state at an address. */
    void boot(final long entry) {
        if (wide) {
            context64(entry);
        }
        else {
            context32(entry);
        }
        final InitialContext initial = new InitialContext(vcpu);
        final int result = initial.acquire();
        if (result != 0) {
            throw new AssertionError("the initial tables do not validate: " + result);
        }
        initial.apply();
    }

    private void context64(final long entry) {
        final VcpuGuestContext layout = VcpuGuestContext.X64;
        final long context = vcpu.record() + VcpuRecord.CONTEXT;
        Raw.putInt(vcpu.record() + VcpuRecord.CONTEXT_WIDTH, 64);
        Raw.putLong(context + layout.flags, VcpuGuestContext.VGCF_IN_KERNEL);
        final long regs = context + layout.userRegs;
        Raw.putLong(regs + UserRegs64.RIP, entry);
        Raw.putLong(regs + UserRegs64.RSP, STACK);
        Raw.putLong(regs + UserRegs64.RFLAGS, 0x200);
        Raw.putShort(regs + UserRegs64.CS, (short)0xe033);
        Raw.putShort(regs + UserRegs64.SS, (short)0xe02b);
        Raw.putLong(context + layout.kernelSs, 0xe02b);
        Raw.putLong(context + layout.kernelSp, STACK);
        Raw.putLong(context + layout.ctrlreg + 3 * 8, mfn(ROOT_64_PFN) << 12);
    }

    private void context32(final long entry) {
        final VcpuGuestContext layout = VcpuGuestContext.X32;
        final long context = vcpu.record() + VcpuRecord.CONTEXT;
        Raw.putInt(vcpu.record() + VcpuRecord.CONTEXT_WIDTH, 32);
        Raw.putInt(context + layout.flags, VcpuGuestContext.VGCF_IN_KERNEL);
        final long regs = context + layout.userRegs;
        Raw.putInt(regs + UserRegs32.EIP, (int)entry);
        Raw.putInt(regs + UserRegs32.ESP, (int)STACK);
        Raw.putInt(regs + UserRegs32.EFLAGS, 0x200);
        Raw.putShort(regs + UserRegs32.CS, (short)CS);
        for (final int s : new int[] {UserRegs32.SS, UserRegs32.DS, UserRegs32.ES, UserRegs32.FS, UserRegs32.GS}) {
            Raw.putShort(regs + s, (short)DS);
        }
        Raw.putInt(context + layout.kernelSs, DS);
        Raw.putInt(context + layout.kernelSp, (int)STACK);
        final long l3 = mfn(L3_PFN);
        Raw.putInt(context + layout.ctrlreg + 3 * 4, (int)(l3 << 12 | l3 >>> 20));
    }

    /** Runs until the guest shuts down or crashes. */
    void run() {
        vcpu.cpu().run();
    }

    String crashText() {
        final long page = machine.hv().domainPage(DomainRecord.slot(DOMID));
        final byte[] text = new byte[Raw.getInt(page + DomainPage.CRASH_LENGTH)];
        Raw.copyOut(page + DomainPage.CRASH_TEXT, text, 0, text.length);
        return new String(text, java.nio.charset.StandardCharsets.US_ASCII);
    }

    long machineFrames() {
        return Raw.getLong(machine.hv().header() + Header.FRAMES);
    }

    @Override
    public void close() throws IOException {
        dir.delete();
    }
}
