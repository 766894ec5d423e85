package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;

/** Hypercalls 2 and 10: set_gdt and update_descriptor. */
public final class DescriptorCalls {
    private static final int DESCRIPTORS_PER_PAGE = 512;

    private final AddressSpace space;
    private final PageTables tables;
    private final DescriptorPages pages;

    /** @param space the vCPU's tables. */
    public DescriptorCalls(final AddressSpace space) {
        this.space = space;
        this.tables = space.tables();
        this.pages = new DescriptorPages(tables.memory(), tables.mode());
    }

    /** set_gdt: pointer to frame numbers (unsigned longs), number of descriptors. */
    public long setGdt(
        final Caller caller, final long frames, final long entries, final long a3, final long a4, final long a5) {
        final long n = entries & 0xffff_ffffL;
        if (n > AddressSpace.MAX_GDT_ENTRIES) {
            return -Errno.EINVAL;
        }
        for (int i = 0; i * (long)DESCRIPTORS_PER_PAGE < n; i++) {
            space.proposeGdtFrame(i, caller.readWord(frames + (long)i * caller.wordSize()));
        }
        return space.setGdt((int)n);
    }

    /** update_descriptor: machine address and descriptor, two registers each for a 32-bit guest. */
    public long update(
        final Caller caller, final long a1, final long a2, final long a3, final long a4, final long a5) {
        return caller.is64Bit() ? update(a1, a2) : update(a1 | a2 << 32, a3 | a4 << 32);
    }

    private long update(final long maddr, final long descriptor) {
        final long checked = pages.check(descriptor);
        if ((maddr & 7) != 0 || checked == DescriptorPages.REFUSED) {
            return -Errno.EINVAL;
        }
        final long mfn = maddr >>> 12;
        final FrameTable frames = tables.frames();
        if (!frames.getReference(mfn, tables.ownerKey())) {
            return -Errno.EINVAL;
        }
        final int type = frames.type(mfn) == FrameType.SEG_DESC ? FrameType.SEG_DESC : FrameType.WRITABLE;
        final int result = frames.getType(mfn, type, tables);
        if (result == 0) {
            tables.memory().putLong(mfn, (int)maddr & 0xfff, checked);
            frames.putType(mfn, tables);
        }
        frames.putReference(mfn);
        return result == 0 ? 0 : -Errno.EINVAL;
    }
}
