package io.xenolith.hv.hypercall;

/** Who makes a hypercall: one vCPU of one domain, and what a handler outside the x86 packages may ask of it. */
public interface Caller {
    /** @return the calling domain's id. */
    int domid();

    /** @return the incarnation that belongs to {@link #domid()} (domids are reused, incarnations are not). */
    int incarnation();

    /** @return the calling vCPU's number within its domain. */
    int vcpu();

    /** @return whether the domain uses the 64-bit ABI layouts (pointers and unsigned longs of 8 bytes). */
    boolean is64Bit();

    /** @return checked access to the caller's virtual memory. */
    GuestMemory memory();

    /** @return reference and type counting over the caller's frames. */
    CallerFrames frames();

    /**
     * Reads a guest "unsigned long" or pointer.
     *
     * @param vaddr guest virtual address.
     * @return 4 zero-extended bytes of a 32-bit guest, 8 bytes of a 64-bit one.
     */
    default long readWord(final long vaddr) {
        return is64Bit() ? memory().getLong(vaddr) : memory().getInt(vaddr) & 0xffff_ffffL;
    }

    /**
     * Writes a guest "unsigned long".
     *
     * @param vaddr guest virtual address.
     * @param value value; a 32-bit guest gets the low half.
     */
    default void writeWord(final long vaddr, final long value) {
        if (is64Bit()) {
            memory().putLong(vaddr, value);
        }
        else {
            memory().putInt(vaddr, (int)value);
        }
    }

    /**
     * Called in long loops, after each element: now and then serves what cannot wait (a pause, a kill), in place.
     *
     * @param done elements done.
     */
    default void breathe(final long done) {
        // short calls need not
    }

    /** @return size in bytes of a guest pointer or unsigned long, 4 or 8. */
    default int wordSize() {
        return is64Bit() ? 8 : 4;
    }
}
