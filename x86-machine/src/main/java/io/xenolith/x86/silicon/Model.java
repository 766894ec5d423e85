package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.*;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuEnvironment;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.PrivilegedOp;
import io.xenolith.x86.decode.InstructionTable;

/**
 * Our side of the comparison: runs a case on the model as a process of Linux would see it and writes the "after"
 * half in the same form as the child.
 */
final class Model implements CpuEnvironment {
    private static final int MOST_STEPS = 8;
    /** In place of a trap number: the model threw a Java exception. */
    static final long BROKEN = -3;
    private static final int TF = 0x100;
    private static final int IF = 0x200;
    /** Flags that do not depend on the instruction as seen from a signal handler: RF. */
    private static final int RF = 0x10000;
    private static final int CODE_COPY = 32;
    private static final int[] SEGMENT_FIELDS = {ES_AT, -1, SS_AT, DS_AT, FS_AT, GS_AT};

    private final ModelMemory memory;
    private final Cpu wide;
    private final Cpu narrow;
    private final PrivateMemory attention = new PrivateMemory(1);

    private long endIp;
    private boolean finished;
    private long trap;
    private long error;
    private long faultAddress;
    private long trapIp;
    private RuntimeException failure;
    private boolean hostSpecific;

    /**
     * A model.
     *
     * @param table what it executes.
     * @param child the program whose place it takes.
     */
    Model(final InstructionTable table, final ChildProgram child) {
        memory = new ModelMemory(child.stub());
        wide = cpu(true, table);
        narrow = cpu(false, table);
        wide.attentionAddress = attention.addressOf(0);
        narrow.attentionAddress = attention.addressOf(0);
        Raw.putInt(attention.addressOf(0), 1);
    }

    private Cpu cpu(final boolean is64, final InstructionTable table) {
        final Cpu c = new Cpu(memory.frames(), this, CodeFrames.PRIVATE, table);
        c.cr3 = memory.cr3(is64);
        c.mmu.loadCr3(c.cr3);
        c.cr4 = Cpu.CR4_PAE | Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT | Cpu.CR4_PGE;
        c.efer = Cpu.EFER_NXE | (is64 ? Cpu.EFER_SCE | Cpu.EFER_LME | Cpu.EFER_LMA : 0);
        c.cr0 = Cpu.CR0_PE | Cpu.CR0_MP | Cpu.CR0_ET | Cpu.CR0_NE | Cpu.CR0_WP | Cpu.CR0_AM | Cpu.CR0_PG;
        if (!c.controlChanged()) {
            throw new IllegalStateException("page tables of the comparison are malformed");
        }
        c.setCpl(3);
        return c;
    }

    /**
     * Runs the case of a slot.
     *
     * @param before     address of the "before" half
     * @param after      where the "after" half goes
     * @param codeOffset where the code lies in the code area
     * @param code       the instruction
     * @param length     its bytes
     * @param blocks     true to run it as a block, as guests do; false to step
     */
    void run(
        final long before, final long after, final int codeOffset, final byte[] code, final int length,
        final boolean blocks) {
        final boolean is64 = Raw.getShort(before + ENTRY_CS) == Segments.USER_CS64;
        final Cpu c = is64 ? wide : narrow;
        placeCode(c, codeOffset, code, length);
        load(c, before, is64);
        endIp = c.ip + length;
        finished = false;
        failure = null;
        hostSpecific = false;
        trap = NO_TRAP;
        error = 0;
        faultAddress = 0;
        try {
            execute(c, blocks);
        } catch (final RuntimeException e) {
            // a defect of the model: reported as a difference, with the place
            trap = BROKEN;
            failure = e;
        }
        store(c, after);
        removeCode(codeOffset, length);
    }

    private void execute(final Cpu c, final boolean blocks) {
        if (blocks) {
            c.run();
            return;
        }
        for (int n = 0; n < MOST_STEPS && !over(c); n++) {
            c.step();
        }
    }

    /** The Java exception that came out of the model last, or null. */
    RuntimeException failure() {
        return failure;
    }

    /** Whether the last case depended on something that differs from host to host. */
    boolean dependedOnHost() {
        return hostSpecific;
    }

    private boolean over(final Cpu c) {
        finished |= c.ip == endIp;
        return finished || trap != NO_TRAP;
    }

    private void placeCode(final Cpu c, final int codeOffset, final byte[] code, final int length) {
        final int last = codeOffset + CODE_COPY;
        for (int page = codeOffset >> 12; page <= last >> 12; page++) {
            wide.codeCache().invalidate(ModelMemory.codeFrame(page << 12));
            narrow.codeCache().invalidate(ModelMemory.codeFrame(page << 12));
        }
        Raw.copyIn(code, 0, memory.code(codeOffset), Math.min(length, CodeArea.bytesToHole(codeOffset)));
    }

    private void removeCode(final int codeOffset, final int length) {
        Raw.fill(memory.code(codeOffset), Math.min(length, CodeArea.bytesToHole(codeOffset)), (byte) 0xCC);
    }

    private void load(final Cpu c, final long before, final boolean is64) {
        for (int r = 0; r < (is64 ? 16 : 8); r++) {
            final long v = Raw.getLong(before + gpr(r));
            c.gpr[r] = is64 ? v : v & 0xFFFF_FFFFL;
        }
        c.ip = Raw.getInt(before + IP_AT) & 0xFFFF_FFFFL;
        loadSegment(c, Cpu.CS, Raw.getUnsignedShort(before + ENTRY_CS));
        for (int s = 0; s < 6; s++) {
            if (s != Cpu.CS) {
                loadSegment(c, s, Raw.getUnsignedShort(before + SEGMENT_FIELDS[s]));
            }
        }
        if (is64) {
            c.seg[Cpu.FS].setBase(Raw.getLong(before + FS_BASE));
            c.seg[Cpu.GS].setBase(Raw.getLong(before + GS_BASE));
        }
        c.segmentsChanged();
        c.setEflags((int) Raw.getLong(before + FLAGS_AT) | IF);
        c.special = 0;
        FxImage.load(c.fpu, before + FX, is64);
        memory.clearWindows();
        long from = before + MEMORY;
        for (int i = 0; i < Windows.SPOT.length; i++) {
            Raw.copy(from, memory.window(Windows.SPOT[i]), Windows.SPOT_BYTES[i]);
            from += Windows.SPOT_BYTES[i];
        }
    }

    private static void loadSegment(final Cpu c, final int s, final int selector) {
        if (c.seg[s].selector() == selector && c.seg[s].usable()) {
            return;
        }
        if ((selector & ~3) == 0) {
            c.seg[s].setNull(selector);
        } else {
            c.seg[s].setFromDescriptor(selector, Segments.descriptor(selector));
        }
    }

    private void store(final Cpu c, final long after) {
        for (int r = 0; r < 16; r++) {
            Raw.putLong(after + gpr(r), c.gpr[r]);
        }
        Raw.putLong(after + FLAGS_AT, c.eflags());
        Raw.putLong(after + IP_AT, trap == NO_TRAP ? c.ip : trapIp);
        Raw.putLong(after + TRAP_AT, finished || trap != NO_TRAP ? trap : -2);
        Raw.putLong(after + ERROR_AT, error);
        Raw.putLong(after + CR2_AT, faultAddress);
        for (int s = 0; s < 6; s++) {
            if (s != Cpu.CS) {
                Raw.putShort(after + SEGMENT_FIELDS[s], (short) c.seg[s].selector());
            }
        }
        FxImage.store(c.fpu, after + FX);
        long to = after + MEMORY;
        for (int i = 0; i < Windows.SPOT.length; i++) {
            Raw.copy(memory.window(Windows.SPOT[i]), to, Windows.SPOT_BYTES[i]);
            to += Windows.SPOT_BYTES[i];
        }
    }

    // ---- surroundings: what Linux would report ----

    @Override
    public void exception(
        final Cpu c, final int vector, final int errorCode, final boolean hasErrorCode, final long address) {
        trap = vector;
        error = hasErrorCode ? errorCode : 0;
        faultAddress = address;
        trapIp = c.ip;
    }

    @Override
    public void softwareInterrupt(final Cpu c, final int vector) {
        if (vector == CpuFault.BP && c.ip == endIp) {
            finished = true;
        } else if (vector == CpuFault.BP || vector == CpuFault.OF || vector == CpuFault.DB) {
            exception(c, vector, 0, false, 0);
            trapIp = c.nextIp();
        } else {
            exception(c, CpuFault.GP, vector * 8 + 2, true, 0);
        }
    }

    @Override
    public boolean attention(final Cpu c) {
        return over(c);
    }

    @Override
    public void syscall(final Cpu c) {
        throw new IllegalStateException("SYSCALL must not be among the cases");
    }

    @Override
    public void sysenter(final Cpu c) {
        throw new IllegalStateException("SYSENTER must not be among the cases");
    }

    @Override
    public boolean privileged(final Cpu c, final PrivilegedOp op, final long a, final long b) {
        return false;
    }

    @Override
    public void cpuid(final Cpu c) {
        throw new IllegalStateException("CPUID must not be among the cases");
    }

    @Override
    public long rdtsc(final Cpu c) {
        throw new IllegalStateException("RDTSC must not be among the cases");
    }

    @Override
    public long readDescriptor(final Cpu c, final int selector) {
        if (!Segments.withinLimit(selector)) {
            throw c.raise(CpuFault.GP, selector & 0xFFFC);
        }
        hostSpecific |= Segments.isHostSpecific(selector);
        return Segments.descriptor(selector);
    }

    @Override
    public void setAccessed(final Cpu c, final int selector) {
        // Linux has set it in every descriptor
    }
}
