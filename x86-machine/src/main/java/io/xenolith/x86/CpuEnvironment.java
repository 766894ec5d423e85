package io.xenolith.x86;

/**
 * What surrounds a CPU: a bare machine with its interrupt table, or the paravirtual hypervisor. {@code c.ip} is
 * precise in every call.
 */
public interface CpuEnvironment {
    /**
     * Delivers an exception: sets up the handler's stack and registers.
     *
     * @param c            the CPU; ip is the faulting instruction for faults, the next one for traps
     * @param vector       0 to 31
     * @param errorCode    the error code, 0 without
     * @param hasErrorCode whether the vector has one
     * @param faultAddress linear address of a page fault, else 0
     */
    void exception(Cpu c, int vector, int errorCode, boolean hasErrorCode, long faultAddress);

    /**
     * INT n, INT3, INTO (when OF is set) and INT1. {@code c.ip} is the instruction and {@code c.nextIp()} the one after it; the
     * environment sets {@code c.ip} to where execution goes on, at least {@code c.nextIp()}.
     */
    void softwareInterrupt(Cpu c, int vector);

    /** SYSCALL; ip as for {@link #softwareInterrupt}. */
    void syscall(Cpu c);

    /** SYSENTER; ip as for {@link #softwareInterrupt}. */
    void sysenter(Cpu c);

    /**
     * An instruction needs more privilege than there is.
     *
     * @param op what it wants
     * @param a  by {@code op}
     * @param b  by {@code op}
     * @return true when it was emulated: execution goes on at {@code c.nextIp()}, which may be set with
     *         {@link Cpu#setNextIp}; false raises #GP(0)
     */
    boolean privileged(Cpu c, PrivilegedOp op, long a, long b);

    /** CPUID: leaf in eax, subleaf in ecx; sets eax, ebx, ecx, edx. */
    void cpuid(Cpu c);

    /** The time-stamp counter. */
    long rdtsc(Cpu c);

    /**
     * Reads a descriptor.
     *
     * @param selector not null; table by its TI bit
     * @return the 8 bytes, little-endian
     * @throws CpuFault beyond the table's limit
     */
    long readDescriptor(Cpu c, int selector);

    /** Sets the accessed bit of a code or data descriptor, if the table allows it. */
    void setAccessed(Cpu c, int selector);

    /**
     * A far call or jump names a call gate. For surroundings that keep their guests' gates from the processor.
     *
     * @param selector the gate's selector
     * @param gate     its 8 bytes
     * @param isCall   CALL, as opposed to JMP
     * @return true when the transfer has been made, with {@link Cpu#setNextIp}; false leaves it to the processor
     * @throws CpuFault when it faults; nothing has changed then
     */
    default boolean callGate(final Cpu c, final int selector, final long gate, final boolean isCall) {
        return false;
    }

    /**
     * The attention word was not zero at the end of a block. {@code c.ip} is the next instruction; interrupts may be
     * delivered by changing the state.
     *
     * @return true to leave {@link Cpu#run}
     */
    boolean attention(Cpu c);

    /** An encoding that no row of the table describes; #UD follows. For counting. */
    default void unsupported(final Cpu c, final Insn i) {
        // nobody counts
    }

    // ---- what instructions reach once privilege has been checked; the hypervisor's guests never get here ----

    /** IN with permission: {@code size} bytes of a port, zero-extended or with undefined upper bytes. */
    default long readPort(final Cpu c, final int port, final int size) {
        return -1L;
    }

    /** OUT with permission. */
    default void writePort(final Cpu c, final int port, final int size, final long value) {
        // nobody listens
    }

    /** RDMSR at CPL 0; #GP(0) for a register that does not exist. */
    default long readMsr(final Cpu c, final int index) {
        throw c.raise(CpuFault.GP, 0);
    }

    /** WRMSR at CPL 0; #GP(0) for a register or value that does not exist. */
    default void writeMsr(final Cpu c, final int index, final long value) {
        throw c.raise(CpuFault.GP, 0);
    }

    /** HLT at CPL 0. {@code c.nextIp()} follows it. */
    default void halt(final Cpu c) {
        // returns at once, as if woken
    }

    /** SYSEXIT at CPL 0, with operand size 4 or 8; goes on at {@code c.nextIp()}. */
    default void sysexit(final Cpu c, final int size) {
        throw c.raise(CpuFault.UD);
    }

    /** SYSRET at CPL 0, with operand size 4 or 8; goes on at {@code c.nextIp()}. */
    default void sysret(final Cpu c, final int size) {
        throw c.raise(CpuFault.UD);
    }
}
