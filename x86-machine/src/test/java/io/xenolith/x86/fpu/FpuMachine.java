package io.xenolith.x86.fpu;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.PrivateMemory;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuEnvironment;
import io.xenolith.x86.PrivilegedOp;

/** A CPU with one frame of code, one of data and SSE switched on; runs {@link FpuCase}s and single instructions. */
final class FpuMachine implements CpuEnvironment {
    private final PrivateMemory frames = new PrivateMemory(2);
    final Cpu cpu;
    private int vector;

    FpuMachine() {
        cpu = new Cpu(new TwoFrames(), this, new NoCache());
        cpu.cr0 |= Cpu.CR0_NE;
        cpu.cr4 |= Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT;
        cpu.controlChanged();
    }

    long dataAddress() {
        return frames.addressOf(0);
    }

    private long codeAddress() {
        return frames.addressOf(1);
    }

    /** Runs a case and returns the state after it. */
    FpuCase run(FpuCase before) {
        before.load(cpu, dataAddress(), codeAddress());
        vector = -1;
        cpu.step();
        FpuCase after = FpuCase.of(cpu, dataAddress());
        after.vector = vector;
        return after;
    }

    /** Runs one instruction; returns the vector of its exception, or -1. */
    int run(int... bytes) {
        for (int i = 0; i < 16; i++) {
            io.xenolith.shm.Raw.putByte(codeAddress() + i, (byte) (i < bytes.length ? bytes[i] : 0x90));
        }
        cpu.ip = FpuCase.CODE;
        vector = -1;
        cpu.step();
        return vector;
    }

    @Override
    public void exception(Cpu c, int raised, int errorCode, boolean hasErrorCode, long faultAddress) {
        vector = raised;
    }

    @Override
    public void softwareInterrupt(Cpu c, int raised) {
        throw new AssertionError();
    }

    @Override
    public void syscall(Cpu c) {
        throw new AssertionError();
    }

    @Override
    public void sysenter(Cpu c) {
        throw new AssertionError();
    }

    @Override
    public boolean privileged(Cpu c, PrivilegedOp op, long a, long b) {
        return false;
    }

    @Override
    public void cpuid(Cpu c) {
        throw new AssertionError();
    }

    @Override
    public long rdtsc(Cpu c) {
        return 0;
    }

    @Override
    public long readDescriptor(Cpu c, int selector) {
        return 0;
    }

    @Override
    public void setAccessed(Cpu c, int selector) {
        throw new AssertionError();
    }

    @Override
    public boolean attention(Cpu c) {
        return true;
    }

    /** The data frame and the code frame at the addresses that the vectors were recorded with. */
    private final class TwoFrames implements PhysicalMemory {
        @Override
        public long addressOf(long mfn) {
            return frames.addressOf(mfn == FpuCase.DATA >> FRAME_SHIFT ? 0 : mfn == FpuCase.CODE >> FRAME_SHIFT ? 1 : -1);
        }

        @Override
        public boolean contains(long mfn) {
            return mfn == FpuCase.DATA >> FRAME_SHIFT || mfn == FpuCase.CODE >> FRAME_SHIFT;
        }
    }

    /** The tests write code behind the CPU's back. */
    private static final class NoCache implements CodeFrames {
        @Override
        public boolean mark(long mfn) {
            return false;
        }

        @Override
        public void unmark(long mfn) {
        }
    }
}
