package io.xenolith.hv.trap;

/**
 * The hypervisor's flat segments, in every guest's GDT from byte 0xe000 on (public {@code xen-x86_32.h} and
 * {@code xen-x86_64.h}). Already accessed, so that loading them stores nothing.
 *
 * <pre>
 *   selector   32-bit guest        64-bit guest
 *   e018       ring 1 code 32      ring 1 code 32
 *   e020       ring 1 data         ring 3 code 32
 *   e028       ring 3 code 32      ring 3 data
 *   e030       ring 3 data         ring 3 code 64
 * </pre>
 */
public final class FlatDescriptors {
    /** First byte of the hypervisor's part of the GDT. */
    public static final int FIRST_BYTE = 0xe000;
    /** Kernel code segment of a 32-bit guest. */
    public static final int KERNEL_CS_32 = 0xe019;
    /** Kernel data segment of a 32-bit guest. */
    public static final int KERNEL_DS_32 = 0xe021;
    /** 64-bit code segment of a 64-bit guest, kernel and user. */
    public static final int CS_64 = 0xe033;
    /** Data segment of a 64-bit guest. */
    public static final int SS_64 = 0xe02b;
    /** 32-bit code segment of a 64-bit guest's programs. */
    public static final int USER_CS32_64 = 0xe023;

    private static final long RING1_CODE = 0x00cf_bb00_0000_ffffL;
    private static final long RING1_DATA = 0x00cf_b300_0000_ffffL;
    private static final long RING3_CODE = 0x00cf_fb00_0000_ffffL;
    private static final long RING3_DATA = 0x00cf_f300_0000_ffffL;
    private static final long RING3_CODE64 = 0x00af_fb00_0000_ffffL;

    private FlatDescriptors() {
    }

    /**
     * A descriptor of the hypervisor's part of the GDT.
     *
     * @param offset byte offset in the GDT, a multiple of 8, from {@link #FIRST_BYTE} on.
     * @param wide   whether the guest is a 64-bit one.
     * @return the descriptor; 0 where there is none that a guest may use.
     */
    public static long at(final int offset, final boolean wide) {
        return switch (offset) {
            case 0xe018 -> RING1_CODE;
            case 0xe020 -> wide ? RING3_CODE : RING1_DATA;
            case 0xe028 -> wide ? RING3_DATA : RING3_CODE;
            case 0xe030 -> wide ? RING3_CODE64 : RING3_DATA;
            default -> 0;
        };
    }
}
