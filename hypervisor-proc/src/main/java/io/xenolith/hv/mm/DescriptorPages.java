package io.xenolith.hv.mm;

import io.xenolith.hv.hypercall.Errno;

/**
 * What a segment descriptor of a guest may say, and the validation of a page of them.
 *
 * <p>No descriptor may give the hypervisor's privilege: code and data descriptors are lifted to the guest kernel's ring
 * (1 for 32-bit guests, 3 for 64-bit ones). Call gates are kept but made to fault (privilege 0, with the guest's privilege
 * noted in the selector), because a real gate would enter a stack of the hypervisor's choosing; their use is emulated.
 */
public final class DescriptorPages {
    /** {@link #check}: the descriptor is refused. */
    public static final long REFUSED = -1;

    private static final long PRESENT = 1L << 47;
    private static final long CODE_OR_DATA = 1L << 44;
    private static final long LONG_CODE = 1L << 53;
    private static final long GRANULARITY = 1L << 55;
    private static final int DPL_SHIFT = 45;
    private static final long DPL_MASK = 3L << DPL_SHIFT;
    private static final int TYPE_SHIFT = 40;
    private static final int CALL_GATE = 0xc;
    private static final long GATE_RPL_MASK = 3L << 16;
    private static final long LIMIT_MASK = 0x000f_0000_0000_ffffL;

    private final MemoryAccess memory;
    private final PagingMode mode;
    private final int kernelRing;

    /**
     * @param memory machine memory.
     * @param mode   the guest's kind.
     */
    public DescriptorPages(final MemoryAccess memory, final PagingMode mode) {
        this.memory = memory;
        this.mode = mode;
        this.kernelRing = mode == PagingMode.PAE32 ? 1 : 3;
    }

    /**
     * Validates a page of 512 descriptors, correcting what may be corrected.
     *
     * @param mfn the page, which nobody can write at the moment.
     * @return 0 or {@code -EINVAL}.
     */
    public int validate(final long mfn) {
        for (int i = 0; i < 512; i++) {
            final long descriptor = memory.getLong(mfn, i * 8);
            final long checked = check(descriptor);
            if (checked == REFUSED) {
                return -Errno.EINVAL;
            }
            if (checked != descriptor) {
                memory.putLong(mfn, i * 8, checked);
            }
        }
        return 0;
    }

    /**
     * Checks one descriptor.
     *
     * @param descriptor its 8 bytes.
     * @return the descriptor as it may be stored, or {@link #REFUSED} (which is no acceptable descriptor itself).
     */
    public long check(final long descriptor) {
        if ((descriptor & PRESENT) == 0) {
            return descriptor == REFUSED ? 0 : descriptor;
        }
        if ((descriptor & CODE_OR_DATA) != 0) {
            return checkCodeOrData(lift(descriptor));
        }
        final int type = (int)(descriptor >>> TYPE_SHIFT) & 0xf;
        if (type == 0) {
            return lift(descriptor);
        }
        return type == CALL_GATE ? checkCallGate(lift(descriptor)) : REFUSED;
    }

    private long lift(final long descriptor) {
        final int dpl = (int)(descriptor >>> DPL_SHIFT) & 3;
        return dpl >= kernelRing ? descriptor : descriptor & ~DPL_MASK | (long)kernelRing << DPL_SHIFT;
    }

    private long checkCodeOrData(final long descriptor) {
        if (mode == PagingMode.LONG64) {
            return descriptor;
        }
        if ((descriptor & LONG_CODE) != 0) {
            return REFUSED;
        }
        final long base = descriptor >>> 16 & 0xffffff | descriptor >>> 32 & 0xff000000L;
        long limit = (descriptor & 0xffff | descriptor >>> 32 & 0xf0000) + 1;
        if ((descriptor & GRANULARITY) != 0) {
            limit <<= 12;
        }
        // a flat segment that ends below where the hypervisor once began must reach the longer m2p window of today
        return base == 0 && limit > mode.hypervisorStart() ? descriptor | LIMIT_MASK : descriptor;
    }

    private long checkCallGate(final long descriptor) {
        if (mode == PagingMode.LONG64 && (descriptor >>> 32 & 0xff) != 0) {
            return REFUSED;
        }
        final int selector = (int)(descriptor >>> 16) & 0xffff;
        if (!mayBeCodeTarget(selector)) {
            return REFUSED;
        }
        final long dpl = descriptor >>> DPL_SHIFT & 3;
        return descriptor & ~DPL_MASK & ~GATE_RPL_MASK | dpl << 16;
    }

    /** The hypervisor's own code selectors, or one below its entries or in an LDT; never null. */
    private boolean mayBeCodeTarget(final int selector) {
        final int index = selector & ~3;
        if ((selector & 4) != 0) {
            return true;
        }
        if (index >= 0xe000) {
            return mode == PagingMode.PAE32 ? index == 0xe018 || index == 0xe028 : index == 0xe020 || index == 0xe030;
        }
        return index != 0;
    }
}
