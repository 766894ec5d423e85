package io.xenolith.hv.hypercall;

/**
 * One hypercall handler. Arguments are the caller's registers as they are: 64 bits wide, zero-extended for a 32-bit
 * guest (so a 32-bit guest's 64-bit value arrives as two arguments, low half first).
 */
@FunctionalInterface
public interface Hypercall {
    /**
     * Serves one call.
     *
     * @param caller the calling vCPU.
     * @param a1     first argument (ebx / rdi).
     * @param a2     second argument (ecx / rsi).
     * @param a3     third argument (edx / rdx).
     * @param a4     fourth argument (esi / r10).
     * @param a5     fifth argument (edi / r8).
     * @return the result, negative {@link Errno} on failure; a 32-bit guest sees the low 32 bits.
     * @throws GuestFault when a guest address is bad and nothing has been done yet: the caller gets {@code -EFAULT}.
     */
    long call(Caller caller, long a1, long a2, long a3, long a4, long a5);
}
