package io.xenolith.x86.decode;

/** Groups of instructions that a CPU may lack; the CPUID policy must not announce what is missing. */
public enum Feature {
    BASE, I486, PENTIUM, P6, X87, MMX, FXSR, SSE, SSE2, SYSENTER, SYSCALL, LONG_MODE, RDTSCP, CLFLUSH
}
