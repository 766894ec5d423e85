package io.xenolith.benchmarks.cpu;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuEnvironment;
import io.xenolith.x86.PrivilegedOp;
import io.xenolith.x86.Segment;

/** Just enough surroundings to run a {@link CpuProgram} on the x86 model as Linux would: ring 3, flat segments, paging, write and exit. */
final class UserModeMachine implements CpuEnvironment
{
    private static final int MEMORY_FRAMES = 8192;
    private static final int PAGE_SHIFT = 12;
    private static final long DIRECTORY_MFN = 1;
    private static final long TABLES_MFN = 2;
    private static final int TABLES = 16;
    private static final long CODE_MFN = 512;
    private static final long DATA_MFN = 1024;
    private static final int PRESENT_WRITABLE_USER = 7;
    private static final int ENTRIES = 1024;
    private static final int CODE_SELECTOR = 0x1b;
    private static final int DATA_SELECTOR = 0x23;
    private static final int RING_3 = 3 << Segment.DPL_SHIFT;
    private static final int FLAT = Segment.S | RING_3 | Segment.PRESENT | Segment.BIG | Segment.GRANULAR | Segment.TYPE_ACCESSED | Segment.TYPE_WRITABLE;
    private static final long ALL = 0xffff_ffffL;
    private static final int SYS_EXIT = 1;
    private static final int SYS_WRITE = 4;

    private final PrivateMemory memory = new PrivateMemory(MEMORY_FRAMES);
    private final Cpu cpu = new Cpu(memory, this, CodeFrames.PRIVATE);
    private final long attention = memory.addressOf(0);
    private int written;

    /**
     * Runs one program to its exit; a machine is used once.
     *
     * @return what it wrote
     */
    int run(final CpuProgram program, final int iterations)
    {
        load(program.code(iterations));
        cpu.run();
        return written;
    }

    private void load(final byte[] code)
    {
        Raw.fill(memory.addressOf(0), (long)MEMORY_FRAMES << PAGE_SHIFT, (byte)0);
        map(CpuProgram.CODE, CODE_MFN, code.length);
        map(CpuProgram.DATA, DATA_MFN, CpuProgram.DATA_BYTES);
        Raw.copyIn(code, 0, memory.addressOf(CODE_MFN), code.length);
        cpu.attentionAddress = attention;
        for (int s = 0; s < cpu.seg.length; s++)
        {
            cpu.seg[s].set(s == Cpu.CS ? CODE_SELECTOR : DATA_SELECTOR, 0, ALL, FLAT | (s == Cpu.CS ? Segment.TYPE_CODE : 0));
        }
        cpu.setCpl(3);
        cpu.segmentsChanged();
        cpu.cr3 = DIRECTORY_MFN << PAGE_SHIFT;
        cpu.cr0 |= Cpu.CR0_PG | Cpu.CR0_WP;
        cpu.mmu.loadCr3(cpu.cr3);
        cpu.controlChanged();
        cpu.gpr[Cpu.RSP] = CpuProgram.DATA + CpuProgram.DATA_BYTES;
        cpu.ip = CpuProgram.CODE;
    }

    private void map(final long vaddr, final long mfn, final int bytes)
    {
        final long directory = memory.addressOf(DIRECTORY_MFN);
        for (int page = 0; page << PAGE_SHIFT < bytes; page++)
        {
            final long number = (vaddr >>> PAGE_SHIFT) + page;
            final long table = TABLES_MFN + (number / ENTRIES & TABLES - 1);
            Raw.putInt(directory + 4 * (number / ENTRIES), (int)(table << PAGE_SHIFT) | PRESENT_WRITABLE_USER);
            Raw.putInt(memory.addressOf(table) + 4 * (number % ENTRIES), (int)(mfn + page << PAGE_SHIFT) | PRESENT_WRITABLE_USER);
        }
    }

    @Override
    public void softwareInterrupt(final Cpu c, final int vector)
    {
        c.ip = c.nextIp();
        switch ((int)c.gpr[Cpu.RAX])
        {
            case SYS_WRITE -> written = c.read32(c.gpr[Cpu.RCX]);
            case SYS_EXIT -> c.requestStop();
            default -> throw new IllegalStateException("system call " + c.gpr[Cpu.RAX]);
        }
    }

    @Override
    public void exception(final Cpu c, final int vector, final int errorCode, final boolean hasErrorCode, final long faultAddress)
    {
        throw new IllegalStateException("exception %d error %x at %x, address %x".formatted(vector, errorCode, c.ip, faultAddress));
    }

    @Override
    public void syscall(final Cpu c)
    {
        throw new IllegalStateException("syscall");
    }

    @Override
    public void sysenter(final Cpu c)
    {
        throw new IllegalStateException("sysenter");
    }

    @Override
    public boolean privileged(final Cpu c, final PrivilegedOp op, final long a, final long b)
    {
        return false;
    }

    @Override
    public void cpuid(final Cpu c)
    {
        throw new IllegalStateException("cpuid");
    }

    @Override
    public long rdtsc(final Cpu c)
    {
        return System.nanoTime();
    }

    @Override
    public long readDescriptor(final Cpu c, final int selector)
    {
        throw new IllegalStateException("descriptor " + selector);
    }

    @Override
    public void setAccessed(final Cpu c, final int selector)
    {
        // The programs load no segments.
    }

    @Override
    public boolean attention(final Cpu c)
    {
        return false;
    }
}
