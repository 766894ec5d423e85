package io.xenolith.hv.hypercall;

/**
 * Copies between hypercall handlers and the calling guest's virtual memory ("copy from guest"), through the guest's own
 * page tables with supervisor rights; write protection is honoured. Every method throws {@link GuestFault} on a bad
 * address, before any byte of a single-value access has moved. Values straddling two pages are allowed.
 *
 * <p>Read each guest word once: the guest's other vCPUs may change it between two reads.
 */
public interface GuestMemory {
    /** @param vaddr guest address. @return the byte there, zero-extended. */
    int getByte(long vaddr);

    /** @param vaddr guest address. @return the 16-bit value there, zero-extended. */
    int getShort(long vaddr);

    /** @param vaddr guest address. @return the 32-bit value there. */
    int getInt(long vaddr);

    /** @param vaddr guest address. @return the 64-bit value there. */
    long getLong(long vaddr);

    /** @param vaddr guest address. @param value low 8 bits are stored. */
    void putByte(long vaddr, int value);

    /** @param vaddr guest address. @param value low 16 bits are stored. */
    void putShort(long vaddr, int value);

    /** @param vaddr guest address. @param value stored. */
    void putInt(long vaddr, int value);

    /** @param vaddr guest address. @param value stored. */
    void putLong(long vaddr, long value);

    /**
     * Copies guest bytes to a host address (a structure being filled in shared memory).
     *
     * @param vaddr       guest address.
     * @param hostAddress absolute address.
     * @param length      bytes.
     */
    void copyToHost(long vaddr, long hostAddress, int length);

    /**
     * Copies host bytes to the guest.
     *
     * @param hostAddress absolute address.
     * @param vaddr       guest address.
     * @param length      bytes.
     */
    void copyFromHost(long hostAddress, long vaddr, int length);

    /**
     * Copies guest bytes into an array.
     *
     * @param vaddr  guest address.
     * @param target array.
     * @param offset first index.
     * @param length bytes.
     */
    void copyIn(long vaddr, byte[] target, int offset, int length);

    /**
     * Copies array bytes to the guest.
     *
     * @param source array.
     * @param offset first index.
     * @param vaddr  guest address.
     * @param length bytes.
     */
    void copyOut(byte[] source, int offset, long vaddr, int length);

    /**
     * Checks that a range lies outside the hypervisor's addresses (says nothing about what is mapped there).
     *
     * @param vaddr  guest address.
     * @param length bytes.
     * @return whether a guest may pass it.
     */
    boolean inGuestRange(long vaddr, long length);
}
