package io.xenolith.x86.exec;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuEnvironment;
import io.xenolith.x86.Insn;
import io.xenolith.x86.PrivilegedOp;

/** Stops the CPU at any exception or software interrupt and remembers it. */
class RecordingEnvironment implements CpuEnvironment {
    int vector = -1;
    int errorCode;
    boolean hasErrorCode;
    long faultAddress;
    boolean software;
    int exceptions;
    int attentions;

    @Override
    public void exception(final Cpu c, final int vector, final int errorCode, final boolean hasErrorCode,
                          final long faultAddress) {
        this.vector = vector;
        this.errorCode = errorCode;
        this.hasErrorCode = hasErrorCode;
        this.faultAddress = faultAddress;
        software = false;
        exceptions++;
        c.requestStop();
    }

    @Override
    public void softwareInterrupt(final Cpu c, final int vector) {
        this.vector = vector;
        software = true;
        c.ip = c.nextIp();
        c.requestStop();
    }

    @Override
    public void syscall(final Cpu c) {
        softwareInterrupt(c, 0x100);
    }

    @Override
    public void sysenter(final Cpu c) {
        softwareInterrupt(c, 0x101);
    }

    @Override
    public boolean privileged(final Cpu c, final PrivilegedOp op, final long a, final long b) {
        return false;
    }

    @Override
    public void cpuid(final Cpu c) {
        c.gpr[Cpu.RAX] = 0;
    }

    @Override
    public long rdtsc(final Cpu c) {
        return c.instructions;
    }

    @Override
    public long readDescriptor(final Cpu c, final int selector) {
        return 0;
    }

    @Override
    public void setAccessed(final Cpu c, final int selector) {
        // no tables
    }

    @Override
    public boolean attention(final Cpu c) {
        attentions++;
        return true;
    }

    @Override
    public void unsupported(final Cpu c, final Insn i) {
        // the #UD that follows is enough
    }
}
