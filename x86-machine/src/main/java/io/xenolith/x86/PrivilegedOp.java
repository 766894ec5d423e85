package io.xenolith.x86;

/** What an instruction wanted that its privilege level does not allow; see {@link CpuEnvironment#privileged}. */
public enum PrivilegedOp {
    /** a = control register, b = value. */
    MOV_TO_CR,
    /** a = control register, b = number of the general register to set. */
    MOV_FROM_CR,
    /** a = debug register, b = value. */
    MOV_TO_DR,
    /** a = debug register, b = number of the general register to set. */
    MOV_FROM_DR,
    /** a = port, b = size in bytes; the result goes to the accumulator. Asked at every privilege level. */
    IN,
    /** a = port, b = size in bytes; the value is in the accumulator. Asked at every privilege level. */
    OUT,
    /** Permission for an {@link #IN} that follows, a and b as there: nothing is to be read yet. */
    INS,
    /** Permission for an {@link #OUT} that follows, a and b as there: nothing is to be written yet. */
    OUTS,
    /** Register number in ecx; result to edx:eax. */
    RDMSR,
    /** Register number in ecx; value in edx:eax. */
    WRMSR,
    CLI,
    STI,
    HLT,
    /** a = linear address. */
    INVLPG,
    INVD,
    WBINVD,
    CLTS,
    /** The operand is not looked at: privilege comes first. */
    LMSW,
    /** The operand is not looked at: privilege comes first. */
    LGDT,
    /** The operand is not looked at: privilege comes first. */
    LIDT,
    /** The operand is not looked at: privilege comes first. */
    LLDT,
    /** The operand is not looked at: privilege comes first. */
    LTR,
    RDTSC,
    RDPMC,
    SYSEXIT,
    SYSRET,
    SWAPGS,
    XSETBV
}
