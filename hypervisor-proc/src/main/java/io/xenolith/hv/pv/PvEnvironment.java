package io.xenolith.hv.pv;

import io.xenolith.hv.hypercall.Dispatcher;
import io.xenolith.hv.mm.AddressSpace;
import io.xenolith.hv.trap.BounceFrame;
import io.xenolith.hv.trap.CallGates;
import io.xenolith.hv.trap.Callback;
import io.xenolith.hv.trap.DebugState;
import io.xenolith.hv.trap.FlatDescriptors;
import io.xenolith.hv.trap.GuestReturn;
import io.xenolith.hv.trap.PrivilegedEmulation;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainCounter;
import io.xenolith.shm.hv.SystemCounter;
import io.xenolith.shm.hv.VcpuRecord;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuEnvironment;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.PrivilegedOp;
import io.xenolith.x86.system.CpuidPolicy;

/**
 * What surrounds a paravirtual CPU: every way from guest code into the hypervisor. Each entry says that ring-0 text runs
 * ({@link VcpuGate}), does its work, delivers an event up-call if one is due, and says that guest code runs.
 *
 * <p>Entries in the middle of an instruction (privileged instructions, descriptor reads) deliver nothing; they call the
 * vCPU's own attention, so that an event due by then is delivered at the end of the block.
 */
public final class PvEnvironment implements CpuEnvironment {
    private static final int HYPERCALL_VECTOR = 0x82;
    private static final int PRESENT_WRITE_ERROR = 3;
    private static final int ERROR_USER = 4;
    private static final int CODE_BYTES = 7;
    /** ud2; .ascii "xen"; cpuid: the forced-emulation prefix and the one instruction it is for. */
    private static final byte[] FORCED_CPUID = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, (byte)0xa2};
    private static final long MASK32 = 0xffff_ffffL;
    private static final long ACCESSED = 1L << 40;
    private static final long CODE_OR_DATA = 1L << 44;

    private final PvVcpu v;
    private Cpu c;
    private BounceFrame bounce;
    private GuestReturn guestReturn;
    private PrivilegedEmulation privileged;
    private DebugState debug;
    private WritablePageTables writableTables;
    private Dispatcher dispatcher;
    private CpuidPolicy cpuidPolicy;
    private VcpuGate gate = VcpuGate.OPEN;
    private FaultLog faults;
    private CallGates callGates;
    private final int[] cpuidResult = new int[4];
    private int depth;
    private int accesses;
    /** Whether the domain has one vCPU only: then nobody else changes its view of memory while it runs. */
    private boolean single;
    private boolean stopped;
    private volatile boolean nmiPending;
    /** Between the delivery of an NMI and the next iret hypercall no other is delivered. */
    private boolean nmiBlocked;

    PvEnvironment(final PvVcpu vcpu) {
        v = vcpu;
    }

    /** Completes construction, once the vCPU has its CPU. */
    void connect() {
        c = v.cpu();
        single = v.domain().vcpuCount() == 1;
        bounce = new BounceFrame(v);
        guestReturn = new GuestReturn(v, bounce);
        debug = new DebugState(v);
        callGates = new CallGates(v);
        privileged = new PrivilegedEmulation(v, debug);
        writableTables = new WritablePageTables(v);
        dispatcher = Hypercalls.forVcpu(v, debug, guestReturn);
        faults = new FaultLog(v.record(), v.domain().services());
        final int khz = (int)(v.domain().services().tscFrequency() / 1000);
        cpuidPolicy = CpuidPolicy.paravirtual(v.is64Bit(), c.mmu.physicalBits(),
            io.xenolith.hv.hypercall.XenVersion.VERSION, CpuidPolicy.TimeLeaf.native1to1(khz));
    }

    /** @return the vCPU's hypercalls. */
    Dispatcher dispatcher() {
        return dispatcher;
    }

    /** @param gate the border to the rest of the machine. */
    public void gate(final VcpuGate gate) {
        this.gate = gate;
    }

    /** An iret hypercall has ended the handling of an NMI, if there was one. */
    void nmiDone() {
        nmiBlocked = false;
    }

    /** @return whether the vCPU must not run any more: the domain crashed or is being taken down. */
    public boolean stopped() {
        return stopped;
    }

    // ---- entering and leaving ring-0 text

    private void enter() {
        if (depth++ == 0) {
            gate.leaveGuest();
        }
    }

    /** Leaves ring-0 text at an instruction boundary. */
    private void leave() {
        if (--depth > 0) {
            return;
        }
        try {
            if (!stopped) {
                deliverEvent();
            }
            while (gate.enterGuest()) {
                gate.leaveGuest();
                serve(gate.attend());
                if (stopped) {
                    return;
                }
                deliverEvent();
            }
        }
        catch (final DomainCrash crash) {
            stop();
        }
    }

    /** Leaves ring-0 text in the middle of an instruction. */
    private void leaveWithinInstruction() {
        if (--depth > 0) {
            return;
        }
        if (v.info().eventDue()) {
            Raw.getAndOrInt(v.record() + VcpuRecord.ATTENTION, VcpuRecord.ATTENTION_EVENT);
        }
        toGuestMemory();
    }

    /** Says that guest memory is touched from now on, with everything served that must be served before. */
    private void toGuestMemory() {
        gate.enterGuest();
        for (int duties = gate.urgent(); duties != 0; duties = gate.urgent()) {
            gate.leaveGuest();
            serve(duties);
            gate.enterGuest();
        }
    }

    /**
     * Begins an access to guest memory out of ring-0 text. Where other vCPUs can ask this one to drop translations, it counts
     * as guest code for as long: who asks waits for its end. Nothing that waits for others may happen in between, except
     * after {@link #suspendAccess}.
     */
    void beginAccess() {
        if (!single && accesses++ == 0) {
            toGuestMemory();
        }
    }

    /** Ends an access to guest memory. */
    void endAccess() {
        if (!single && --accesses == 0) {
            gate.leaveGuest();
        }
    }

    /** Interrupts an access, if there is one, so that others can be waited for. @return what {@link #resumeAccess} needs. */
    int suspendAccess() {
        final int open = accesses;
        if (open > 0) {
            accesses = 0;
            gate.leaveGuest();
        }
        return open;
    }

    /** Goes on with an access. @param open what {@link #suspendAccess} returned. */
    void resumeAccess(final int open) {
        if (open > 0) {
            accesses = open;
            toGuestMemory();
        }
    }

    private void stop() {
        stopped = true;
        c.requestStop();
    }

    /**
     * Serves the duties that {@link VcpuGate#attend} leaves to the CPU's owner.
     *
     * @param duties attention bits.
     */
    public void serve(final int duties) {
        if ((duties & VcpuRecord.ATTENTION_FLUSH) != 0) {
            c.mmu.flushAll();
        }
        if ((duties & VcpuRecord.ATTENTION_CODE) != 0) {
            c.codeCache().invalidateAll();
        }
        if ((duties & VcpuRecord.ATTENTION_DUMP) != 0) {
            CrashReport.dumpRegisters(v);
        }
        if ((duties & VcpuRecord.ATTENTION_KILL) != 0) {
            stop();
        }
    }

    /**
     * Serves attention in the middle of a long hypercall, between two of its elements.
     *
     * @throws DomainCrash to unwind, when the vCPU is not to run any more.
     */
    void breathe() {
        if (Raw.getInt(v.record() + VcpuRecord.ATTENTION) != 0) {
            serve(gate.attend());
        }
        if (stopped) {
            throw DomainCrash.INSTANCE;
        }
    }

    /** Enters the guest for the first time, or again after {@link Cpu#run} has returned. */
    public void resume() {
        depth = 1;
        leave();
    }

    /** Asks for a non-maskable interrupt, from any thread. */
    public void raiseNmi() {
        nmiPending = true;
        Raw.getAndOrInt(v.record() + VcpuRecord.ATTENTION, VcpuRecord.ATTENTION_EVENT);
        io.xenolith.shm.Doorbell.ring(v.record() + VcpuRecord.DOORBELL);
    }

    @Override
    public boolean attention(final Cpu cpu) {
        enter();
        try {
            serve(gate.attend());
        }
        finally {
            leave();
        }
        return stopped;
    }

    // ---- events

    private void deliverEvent() {
        if (nmiPending && !nmiBlocked && v.nmiCallback().address() != 0) {
            nmiPending = false;
            nmiBlocked = true;
            bounce.fromCpu().enter(v.nmiCallback().selector(), v.nmiCallback().address(), false, false, 0, false);
            return;
        }
        if (v.info().eventDue() && v.eventCallback().present(v.is64Bit())) {
            count(DomainCounter.UPCALLS);
            final Callback callback = v.eventCallback();
            bounce.fromCpu().enter(callback.selector(), callback.address(), true, false, 0, false);
        }
    }

    private void count(final DomainCounter counter) {
        Raw.getAndAddLong(v.domain().record() + counter.offset(), 1);
    }

    // ---- exceptions

    @Override
    public void exception(
        final Cpu cpu, final int vector, final int errorCode, final boolean hasErrorCode, final long faultAddress) {
        enter();
        try {
            raise(vector, errorCode, hasErrorCode, faultAddress);
        }
        catch (final DomainCrash crash) {
            stop();
        }
        finally {
            leave();
        }
    }

    private void raise(
        final int vector, final int errorCode, final boolean hasErrorCode, final long faultAddress) {
        int error = errorCode;
        switch (vector) {
            case CpuFault.PF -> {
                if (v.is64Bit() && v.inKernel()) {
                    error &= ~ERROR_USER;
                }
                if (error == PRESENT_WRITE_ERROR && writableTables.emulate(faultAddress)) {
                    count(DomainCounter.PTWR);
                    v.domain().machine().hv().count(SystemCounter.PTWR_EMULATED, 1);
                    return;
                }
                v.info().setCr2(faultAddress);
            }
            case CpuFault.UD -> {
                if (forcedCpuid()) {
                    return;
                }
            }
            case CpuFault.NM -> v.setTaskSwitched(false);
            default -> { }
        }
        faults.add(c.ip, faultAddress, vector, error);
        deliverTrap(vector, error, hasErrorCode);
    }

    private void deliverTrap(final int vector, final int error, final boolean hasErrorCode) {
        if (!v.traps().present(vector, v.is64Bit())) {
            v.crash("unhandled exception: vector=" + vector + " error=" + Integer.toHexString(error) + " address="
                + Long.toHexString(v.info().cr2()));
        }
        count(DomainCounter.FAULTS);
        bounce.fromCpu().enter(v.traps().selector(vector), v.traps().address(vector),
            v.traps().masksEvents(vector), hasErrorCode, error, false);
    }

    /** The bytes at ip are the forced-emulation prefix and CPUID. */
    private boolean forcedCpuid() {
        final long at = c.long64 ? c.ip : c.seg[Cpu.CS].base() + c.ip & MASK32;
        try {
            for (int i = 0; i < CODE_BYTES; i++) {
                if ((byte)v.memory().getByte(at + i) != FORCED_CPUID[i]) {
                    return false;
                }
            }
        }
        catch (final io.xenolith.hv.hypercall.GuestFault fault) {
            return false;
        }
        answerCpuid();
        c.ip = c.ip + CODE_BYTES & c.ipMask();
        return true;
    }

    // ---- software interrupts and system calls

    @Override
    public void softwareInterrupt(final Cpu cpu, final int vector) {
        enter();
        try {
            if (vector == HYPERCALL_VECTOR && !v.is64Bit() && c.cpl() == 1) {
                c.ip = c.nextIp();
                hypercall32();
            }
            else {
                softwareTrap(vector);
            }
        }
        catch (final DomainCrash crash) {
            stop();
        }
        finally {
            leave();
        }
    }

    /** INT3, INTO and INT1 are one byte long and need no permission; INT n needs a handler that its ring may call. */
    private void softwareTrap(final int vector) {
        final boolean explicit = (c.nextIp() - c.ip & MASK32) > 1;
        final int level = v.inKernel() ? 1 : 3;
        if (explicit && vector != CpuFault.BP && vector != CpuFault.OF && v.traps().dpl(vector) < level) {
            final int error = vector * 8 + 2;
            faults.add(c.ip, 0, CpuFault.GP, error);
            deliverTrap(CpuFault.GP, error, true);
            return;
        }
        c.ip = c.nextIp();
        deliverTrap(vector, 0, false);
    }

    private void hypercall32() {
        final long[] r = c.gpr;
        final long result = dispatcher.call(r[Cpu.RAX] & MASK32, r[Cpu.RBX] & MASK32, r[Cpu.RCX] & MASK32,
            r[Cpu.RDX] & MASK32, r[Cpu.RSI] & MASK32, r[Cpu.RDI] & MASK32);
        if (!v.takeContextReplaced()) {
            r[Cpu.RAX] = result & MASK32;
        }
    }

    @Override
    public void syscall(final Cpu cpu) {
        enter();
        try {
            final int flags = c.eflags();
            final long back = c.nextIp();
            if (v.inKernel()) {
                c.ip = back;
                hypercall64(back, flags);
            }
            else {
                userSyscall(back, flags);
            }
        }
        catch (final DomainCrash crash) {
            stop();
        }
        finally {
            leave();
        }
    }

    private void hypercall64(final long back, final int flags) {
        final long[] r = c.gpr;
        final long result = dispatcher.call(r[Cpu.RAX], r[Cpu.RDI], r[Cpu.RSI], r[Cpu.RDX], r[Cpu.R8 + 2], r[Cpu.R8]);
        if (!v.takeContextReplaced()) {
            io.xenolith.hv.trap.SegmentChange.enterFlat64(c);
            r[Cpu.RAX] = result;
            r[Cpu.RCX] = back;
            r[Cpu.R11] = flags;
        }
    }

    private void userSyscall(final long back, final int flags) {
        final boolean compat = !c.long64;
        final Callback callback = compat ? v.syscall32Callback() : v.syscallCallback();
        if (!callback.present(true)) {
            deliverTrap(CpuFault.UD, 0, false);
            return;
        }
        c.gpr[Cpu.RCX] = back;
        c.gpr[Cpu.R11] = flags;
        final int cs = compat ? FlatDescriptors.USER_CS32_64 : FlatDescriptors.CS_64;
        bounce.from(cs, back, flags, FlatDescriptors.SS_64, c.gpr[Cpu.RSP])
            .enter(0, callback.address(), callback.masksEvents(), false, 0, false);
        c.setDf(false);
    }

    @Override
    public void sysenter(final Cpu cpu) {
        enter();
        try {
            final Callback callback = v.sysenterCallback();
            if (v.inKernel() || !callback.present(v.is64Bit())) {
                deliverTrap(CpuFault.GP, 0, true);
            }
            else {
                final int ss = v.is64Bit() ? FlatDescriptors.SS_64 : 0xe033;
                bounce.from(3, 0, c.eflags() & ~Eflags.NT, ss, 0)
                    .enter(callback.selector(), callback.address(), callback.masksEvents(), false, 0, false);
            }
        }
        catch (final DomainCrash crash) {
            stop();
        }
        finally {
            leave();
        }
    }

    // ---- privileged instructions, identification, time

    @Override
    public boolean privileged(final Cpu cpu, final PrivilegedOp op, final long a, final long b) {
        enter();
        try {
            final boolean done = privileged.emulate(op, a, b);
            if (done) {
                count(DomainCounter.EMULATED);
            }
            return done;
        }
        catch (final DomainCrash crash) {
            stop();
            return true;
        }
        finally {
            leaveWithinInstruction();
        }
    }

    @Override
    public void cpuid(final Cpu cpu) {
        answerCpuid();
    }

    private void answerCpuid() {
        cpuidPolicy.query((int)c.gpr[Cpu.RAX], (int)c.gpr[Cpu.RCX], v.vcpu(), cpuidResult);
        c.gpr[Cpu.RAX] = cpuidResult[0] & MASK32;
        c.gpr[Cpu.RBX] = cpuidResult[1] & MASK32;
        c.gpr[Cpu.RCX] = cpuidResult[2] & MASK32;
        c.gpr[Cpu.RDX] = cpuidResult[3] & MASK32;
    }

    @Override
    public long rdtsc(final Cpu cpu) {
        return v.domain().services().tsc();
    }

    // ---- descriptors

    @Override
    public long readDescriptor(final Cpu cpu, final int selector) {
        final int offset = selector & 0xfff8;
        if ((selector & 4) != 0) {
            return v.domain().memory().getLong(ldtFrame(selector, offset), offset & 0xfff);
        }
        if (offset >= FlatDescriptors.FIRST_BYTE) {
            final long descriptor = FlatDescriptors.at(offset, v.is64Bit());
            if (descriptor == 0) {
                throw c.raise(CpuFault.GP, selector & 0xfffc);
            }
            return descriptor;
        }
        if (offset >> 3 >= v.space().gdtEntries()) {
            throw c.raise(CpuFault.GP, selector & 0xfffc);
        }
        return v.domain().memory().getLong(v.space().gdtFrame(offset >> 12), offset & 0xfff);
    }

    private long ldtFrame(final int selector, final int offset) {
        final AddressSpace space = v.space();
        if (offset >> 3 >= space.ldtEntries()) {
            throw c.raise(CpuFault.GP, selector & 0xfffc);
        }
        final long known = space.ldtPageInUse(offset >> 12);
        if (known != 0) {
            return known;
        }
        enter();
        final int open = suspendAccess();
        try {
            final long mfn = space.ldtFrame(offset >> 12);
            if (mfn == 0) {
                throw c.pageFault(space.ldtBase() + offset, 0);
            }
            return mfn;
        }
        finally {
            resumeAccess(open);
            leaveWithinInstruction();
        }
    }

    @Override
    public boolean callGate(final Cpu cpu, final int selector, final long gate, final boolean isCall) {
        return !v.is64Bit() && callGates.transfer(selector, gate, isCall);
    }

    @Override
    public void setAccessed(final Cpu cpu, final int selector) {
        final int offset = selector & 0xfff8;
        if ((selector & 4) == 0 && offset >= FlatDescriptors.FIRST_BYTE) {
            return;
        }
        final long mfn = (selector & 4) != 0
            ? v.space().ldtPageInUse(offset >> 12) : v.space().gdtFrame(offset >> 12);
        if (mfn == 0) {
            return;
        }
        for (;;) {
            final long d = v.domain().memory().getLong(mfn, offset & 0xfff);
            final boolean segment = (d & CODE_OR_DATA) != 0;
            if (!segment || (d & ACCESSED) != 0
                || v.domain().memory().casLong(mfn, offset & 0xfff, d, d | ACCESSED)) {
                return;
            }
        }
    }

    @Override
    public void unsupported(final Cpu cpu, final Insn i) {
        count(DomainCounter.UNSUPPORTED);
        v.domain().machine().hv().count(SystemCounter.INSTRUCTIONS_UNSUPPORTED, 1);
    }
}
