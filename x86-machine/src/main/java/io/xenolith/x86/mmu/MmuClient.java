package io.xenolith.x86.mmu;

/**
 * What the memory unit needs from the processor around it. One instance per {@link Mmu}, called on the thread of
 * that processor only.
 */
public interface MmuClient {

    /**
     * Prepares a page fault. The memory unit throws what this returns; nothing has been stored by then.
     *
     * @param linear    the faulting linear address, for CR2
     * @param errorCode bits P 0, W 1, U 2, RSVD 3, I 4
     * @return the exception to throw, normally one preallocated object per processor
     */
    RuntimeException pageFault(long linear, int errorCode);

    /**
     * Prepares the fault of an address that is not canonical, where no check of the segment came before.
     *
     * @return the exception to throw
     */
    default RuntimeException nonCanonical(final long linear) {
        return pageFault(linear, 0);
    }

    /** Whether decoded instructions are kept for this frame; such a frame is never entered for writing. */
    boolean holdsCode(long mfn);

    /**
     * A store to a frame that {@link #holdsCode(long) holds code} is about to happen: drop what was decoded from
     * these bytes. If the running block is among it, the current instruction still completes.
     *
     * @param offset first byte inside the frame
     * @param size   bytes, never past the end of the frame
     */
    void storingToCode(long mfn, int offset, int size);

    /**
     * Data breakpoints matched the access that is being made; the debug trap is due after the instruction.
     *
     * @param hits bits 0-3 as in DR6
     */
    void dataBreakpoint(int hits);

    /** Translations were dropped: whatever was concluded from an earlier one no longer holds. */
    default void translationsChanged() {
        // nothing was concluded
    }
}
