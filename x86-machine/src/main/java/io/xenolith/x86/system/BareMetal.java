package io.xenolith.x86.system;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuEnvironment;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.PrivilegedOp;
import io.xenolith.x86.Segment;
import io.xenolith.x86.system.InterruptDelivery.Event;
import java.util.HashMap;
import java.util.Map;

/**
 * A processor on its own: exceptions go through its interrupt table, descriptors come from its tables, ports lead to a
 * few devices. It runs images that report through a port; there is no interrupt controller, no timer and no firmware.
 *
 * <p>Devices: the debug port and a serial transmitter ({@link DebugPort}), and at port 0xF4 an exit port: writing
 * {@code v} ends the run with status {@code v shl 1 | 1}.
 */
public final class BareMetal implements CpuEnvironment {
    /** Why the last run ended. */
    public enum Stop {
        /** It has not. */
        NONE,
        /** The exit port was written. */
        EXIT,
        /** HLT, with nothing that could wake the processor. */
        HALTED,
        /** A fault while delivering a double fault. */
        TRIPLE_FAULT,
        /** {@link #setLimit} instructions were executed. */
        LIMIT
    }

    /** The exit port. */
    public static final int EXIT_PORT = 0xF4;

    private static final int ALL_BUT_LEVEL = 0xFFF8;

    private final Cpu cpu;
    private final DebugPort console = new DebugPort();
    private final Map<Integer, PortDevice> ports = new HashMap<>();
    private final BareMsrs msrs = new BareMsrs();
    private final CpuidPolicy policy;
    private final int[] cpuidResult = new int[4];
    private Stop stop = Stop.NONE;
    private int exitStatus;
    private long limit = Long.MAX_VALUE;

    /** A machine with these frames, in flat protected mode at ring 0 with paging off. */
    public BareMetal(final PhysicalMemory memory) {
        cpu = new Cpu(memory, this, CodeFrames.PRIVATE);
        policy = CpuidPolicy.bare(cpu.mmu.physicalBits());
        attach(DebugPort.PORT, 1, console);
        attach(DebugPort.SERIAL, 8, console);
    }

    /** The processor. */
    public Cpu cpu() {
        return cpu;
    }

    /** What the image printed. */
    public String console() {
        return console.text();
    }

    /** What was written to the exit port, shifted and marked as described above. */
    public int exitStatus() {
        return exitStatus;
    }

    /** Connects a device to {@code count} ports. */
    public void attach(final int firstPort, final int count, final PortDevice device) {
        for (int n = 0; n < count; n++) {
            ports.put(firstPort + n, device);
        }
    }

    /** Ends a run after about this many instructions (exactly when they are stepped). */
    public void setLimit(final long instructions) {
        limit = instructions;
    }

    /** Runs until something of {@link Stop} happens. */
    public Stop run() {
        stop = Stop.NONE;
        // the attention word stays set when there is a limit, so that it is looked at after every block
        Raw.putInt(cpu.attentionAddress, limit == Long.MAX_VALUE ? 0 : 1);
        cpu.run();
        return stop;
    }

    /** Executes one instruction. */
    public Stop step() {
        stop = Stop.NONE;
        cpu.step();
        cpu.special &= ~Cpu.SPECIAL_STOP;
        return stop;
    }

    private void end(final Stop why) {
        stop = why;
        cpu.requestStop();
    }

    @Override
    public boolean attention(final Cpu c) {
        if (c.instructions < limit) {
            return false;
        }
        stop = Stop.LIMIT;
        return true;
    }

    // ---- exceptions and interrupts ----

    @Override
    public void exception(final Cpu c, final int vector, final int errorCode, final boolean hasErrorCode,
                          final long faultAddress) {
        int now = vector;
        int code = errorCode;
        boolean hasCode = hasErrorCode;
        for (;;) {
            try {
                final int rf = InterruptDelivery.isFault(now) ? Eflags.RF : 0;
                InterruptDelivery.deliver(c, new Event(now, false, hasCode, code, rf), c.ip);
                if (now == CpuFault.DB) {
                    DebugRegisters.enterHandler(c);
                }
                return;
            } catch (final CpuFault f) {
                if (f.vector == CpuFault.PF) {
                    c.cr2 = f.address;
                }
                if (now == CpuFault.DF) {
                    end(Stop.TRIPLE_FAULT);
                    return;
                }
                final boolean doubled = doubles(now, f.vector);
                now = doubled ? CpuFault.DF : f.vector;
                code = doubled ? 0 : f.errorCode;
                hasCode = doubled || f.hasErrorCode;
            }
        }
    }

    /** Whether a second exception during delivery of a first makes a double fault (volume 3, table 6-5). */
    static boolean doubles(final int first, final int second) {
        final boolean secondCounts = contributory(second);
        return first == CpuFault.PF ? secondCounts || second == CpuFault.PF : contributory(first) && secondCounts;
    }

    private static boolean contributory(final int vector) {
        return vector == CpuFault.DE || vector >= CpuFault.TS && vector <= CpuFault.GP;
    }

    @Override
    public void softwareInterrupt(final Cpu c, final int vector) {
        InterruptDelivery.deliver(c, new Event(vector, true, false, 0, 0), c.nextIp());
    }

    /**
     * Delivers an external interrupt.
     *
     * @param vector 0 to 255
     */
    public void interrupt(final int vector) {
        InterruptDelivery.deliver(cpu, new Event(vector, false, false, 0, 0), cpu.ip);
    }

    @Override
    public void syscall(final Cpu c) {
        FastCalls.syscall(c, msrs);
    }

    @Override
    public void sysret(final Cpu c, final int size) {
        FastCalls.sysret(c, msrs, size);
    }

    @Override
    public void sysenter(final Cpu c) {
        FastCalls.sysenter(c, msrs);
    }

    @Override
    public void sysexit(final Cpu c, final int size) {
        FastCalls.sysexit(c, msrs, size);
    }

    @Override
    public boolean privileged(final Cpu c, final PrivilegedOp op, final long a, final long b) {
        return false;
    }

    @Override
    public void halt(final Cpu c) {
        end(Stop.HALTED);
    }

    // ---- identification, time, registers ----

    @Override
    public void cpuid(final Cpu c) {
        policy.query((int) c.gpr[Cpu.RAX], (int) c.gpr[Cpu.RCX], 0, cpuidResult);
        c.gpr[Cpu.RAX] = cpuidResult[0] & 0xFFFF_FFFFL;
        c.gpr[Cpu.RBX] = cpuidResult[1] & 0xFFFF_FFFFL;
        c.gpr[Cpu.RCX] = cpuidResult[2] & 0xFFFF_FFFFL;
        c.gpr[Cpu.RDX] = cpuidResult[3] & 0xFFFF_FFFFL;
    }

    @Override
    public long rdtsc(final Cpu c) {
        return System.nanoTime() + msrs.timeStampOffset();
    }

    @Override
    public long readMsr(final Cpu c, final int index) {
        return msrs.read(c, index);
    }

    @Override
    public void writeMsr(final Cpu c, final int index, final long value) {
        msrs.write(c, index, value);
    }

    // ---- ports ----

    @Override
    public long readPort(final Cpu c, final int port, final int size) {
        final PortDevice device = ports.get(port);
        return device == null ? -1L : device.read(port, size);
    }

    @Override
    public void writePort(final Cpu c, final int port, final int size, final long value) {
        if (port == EXIT_PORT) {
            exitStatus = (int) value << 1 | 1;
            end(Stop.EXIT);
            return;
        }
        final PortDevice device = ports.get(port);
        if (device != null) {
            device.write(port, size, value);
        }
    }

    // ---- descriptor tables ----

    @Override
    public long readDescriptor(final Cpu c, final int selector) {
        return c.mmu.readSystem64(descriptorAddress(c, selector));
    }

    @Override
    public void setAccessed(final Cpu c, final int selector) {
        final long upper = descriptorAddress(c, selector) + 4;
        final int accessed = 1 << 8;
        int old = c.mmu.readSystem32(upper);
        while ((old & accessed) == 0 && !c.mmu.casSystem32(upper, old, old | accessed)) {
            old = c.mmu.readSystem32(upper);
        }
    }

    private static long descriptorAddress(final Cpu c, final int selector) {
        final boolean local = Descriptor.inLdt(selector);
        final Segment ldt = c.ldtr;
        final long last = selector | 7;
        final boolean inside = local ? ldt.usable() && last <= ldt.limit() : last <= c.gdtrLimit;
        if (!inside) {
            throw c.raise(CpuFault.GP, Descriptor.error(selector));
        }
        final long base = local ? ldt.base() : c.gdtrBase;
        final long linear = base + (selector & ALL_BUT_LEVEL);
        return (c.efer & Cpu.EFER_LMA) != 0 ? linear : linear & 0xFFFF_FFFFL;
    }
}
