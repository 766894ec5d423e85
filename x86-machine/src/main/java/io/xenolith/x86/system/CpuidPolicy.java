package io.xenolith.x86.system;

import java.nio.charset.StandardCharsets;

/**
 * What CPUID says. Two policies: a bare machine's, and a paravirtual guest's, which hides what a guest must not or
 * cannot use and adds the hypervisor's leaves (facts of the Xen ABI: public headers {@code arch-x86/cpuid.h}).
 *
 * <p>A feature is announced only if its instructions are in the table: MMX, SSE and SSE2 without anything newer. The
 * family and model are those of the first processor that had exactly these (Pentium 4 class), extended by long mode
 * for guests that use it.
 */
public final class CpuidPolicy {
    // leaf 1, edx
    private static final int FPU = 1;
    private static final int DE = 1 << 2;
    private static final int PSE = 1 << 3;
    private static final int TSC = 1 << 4;
    private static final int MSR = 1 << 5;
    private static final int PAE = 1 << 6;
    private static final int MCE = 1 << 7;
    private static final int CX8 = 1 << 8;
    private static final int SEP = 1 << 11;
    private static final int PGE = 1 << 13;
    private static final int MCA = 1 << 14;
    private static final int CMOV = 1 << 15;
    private static final int PAT = 1 << 16;
    private static final int PSE36 = 1 << 17;
    private static final int CLFLUSH = 1 << 19;
    private static final int MMX = 1 << 23;
    private static final int FXSR = 1 << 24;
    private static final int SSE = 1 << 25;
    private static final int SSE2 = 1 << 26;
    // leaf 1, ecx
    private static final int HYPERVISOR = 1 << 31;
    // leaf 80000001, edx and ecx
    private static final int SYSCALL = 1 << 11;
    private static final int NX = 1 << 20;
    private static final int LM = 1 << 29;
    private static final int LAHF_LM = 1;

    private static final int COMMON = FPU | DE | TSC | MSR | PAE | MCE | CX8 | MCA | CMOV | PAT | CLFLUSH | MMX | FXSR
        | SSE | SSE2;
    /** Family 15, model 4, stepping 1. */
    private static final int SIGNATURE = 0xF41;
    private static final int CLFLUSH_LINE = 8 << 8;
    private static final int MAX_BASIC = 2;
    private static final int MAX_EXTENDED = 0x80000008;
    private static final int XEN_BASE = 0x40000000;
    private static final int XEN_MAX = 0x40000005;
    /** MSR through which a guest may ask for a hypercall page. */
    public static final int HYPERCALL_MSR = 0x40000000;
    private static final String BRAND = "Xenolith x86 processor";

    /**
     * What the hypervisor's time leaf tells.
     *
     * @param flags       bit 0 counter reads are emulated, bit 1 counter is safe across processors, bit 2 RDTSCP
     * @param mode        TSC mode as the toolstack set it
     * @param khz         guest counter frequency
     * @param incarnation times the domain was restored
     * @param offset      added to the counter scaled to nanoseconds
     * @param multiplier  32.32 fixed-point scale
     * @param shift       binary shift before it
     * @param hostKhz     host counter frequency
     */
    public record TimeLeaf(int flags, int mode, int khz, int incarnation, long offset, int multiplier, int shift,
                           int hostKhz) {
        /** A counter that ticks at one frequency on host and guest. */
        public static TimeLeaf native1to1(final int khz) {
            return new TimeLeaf(2, 0, khz, 0, 0, 0, 0, khz);
        }
    }

    private final boolean paravirtual;
    private final boolean wide;
    private final int physicalBits;
    private final int xenVersion;
    private final TimeLeaf time;

    private CpuidPolicy(final boolean paravirtual, final boolean wide, final int physicalBits, final int xenVersion,
                        final TimeLeaf time) {
        this.paravirtual = paravirtual;
        this.wide = wide;
        this.physicalBits = physicalBits;
        this.xenVersion = xenVersion;
        this.time = time;
    }

    /** A processor without hypervisor: all paging features, long mode. */
    public static CpuidPolicy bare(final int physicalBits) {
        return new CpuidPolicy(false, true, physicalBits, 0, null);
    }

    /**
     * A paravirtual guest's processor.
     *
     * @param wide         whether the guest runs in long mode
     * @param physicalBits width of machine addresses
     * @param xenVersion   major shl 16 or minor, as xen_version gives it
     * @param time         the time leaf
     */
    public static CpuidPolicy paravirtual(final boolean wide, final int physicalBits, final int xenVersion,
                                          final TimeLeaf time) {
        return new CpuidPolicy(true, wide, physicalBits, xenVersion, time);
    }

    /**
     * Answers one CPUID.
     *
     * @param leaf    eax
     * @param subleaf ecx
     * @param vcpu    number of the virtual processor, from which its APIC id follows
     * @param out     receives eax, ebx, ecx, edx
     */
    public void query(final int leaf, final int subleaf, final int vcpu, final int[] out) {
        out[0] = 0;
        out[1] = 0;
        out[2] = 0;
        out[3] = 0;
        if (leaf < 0) {
            extended(leaf, out);
        } else if (leaf >= XEN_BASE) {
            if (paravirtual) {
                hypervisor(leaf, subleaf, out);
            }
        } else {
            basic(leaf, vcpu, out);
        }
    }

    private void basic(final int leaf, final int vcpu, final int[] out) {
        switch (leaf) {
            case 0 -> {
                out[0] = MAX_BASIC;
                text("GenuineIntel", out, 1, 3, 2);
            }
            case 1 -> {
                out[0] = SIGNATURE;
                out[1] = vcpu * 2 << 24 | CLFLUSH_LINE;
                out[2] = paravirtual ? HYPERVISOR : 0;
                out[3] = paravirtual ? COMMON : COMMON | SEP | PSE | PGE | PSE36;
            }
            case 2 -> out[0] = 1;
            default -> {
                // unknown leaves read as zero
            }
        }
    }

    private void extended(final int leaf, final int[] out) {
        switch (leaf) {
            case 0x80000000 -> out[0] = MAX_EXTENDED;
            case 0x80000001 -> {
                out[2] = wide ? LAHF_LM : 0;
                out[3] = NX | (wide ? SYSCALL | LM : 0);
            }
            case 0x80000002, 0x80000003, 0x80000004 -> brand(leaf & 7, out);
            case 0x80000008 -> out[0] = physicalBits | (wide ? 48 : 32) << 8;
            default -> {
                // unknown leaves read as zero
            }
        }
    }

    private static void brand(final int part, final int[] out) {
        final byte[] padded = new byte[48];
        final byte[] brand = BRAND.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(brand, 0, padded, 0, brand.length);
        for (int n = 0; n < 4; n++) {
            out[n] = word(padded, (part - 2) * 16 + n * 4);
        }
    }

    private void hypervisor(final int leaf, final int subleaf, final int[] out) {
        switch (leaf) {
            case XEN_BASE -> {
                out[0] = XEN_MAX;
                text("XenVMMXenVMM", out, 1, 2, 3);
            }
            case XEN_BASE + 1 -> out[0] = xenVersion;
            case XEN_BASE + 2 -> {
                out[0] = 1;
                out[1] = HYPERCALL_MSR;
                // page-table updates may keep accessed and dirty bits
                out[2] = 1;
            }
            case XEN_BASE + 3 -> time(subleaf, out);
            case XEN_BASE + 5 -> out[1] = physicalBits;
            default -> {
                // leaf 4 concerns hardware-assisted guests only
            }
        }
    }

    private void time(final int subleaf, final int[] out) {
        switch (subleaf) {
            case 0 -> {
                out[0] = time.flags();
                out[1] = time.mode();
                out[2] = time.khz();
                out[3] = time.incarnation();
            }
            case 1 -> {
                out[0] = (int) time.offset();
                out[1] = (int) (time.offset() >>> 32);
                out[2] = time.multiplier();
                out[3] = time.shift();
            }
            case 2 -> out[0] = time.hostKhz();
            default -> {
                // no further subleaves
            }
        }
    }

    private static void text(final String twelve, final int[] out, final int first, final int second,
                             final int third) {
        final byte[] bytes = twelve.getBytes(StandardCharsets.US_ASCII);
        out[first] = word(bytes, 0);
        out[second] = word(bytes, 4);
        out[third] = word(bytes, 8);
    }

    private static int word(final byte[] b, final int at) {
        return b[at] & 0xFF | (b[at + 1] & 0xFF) << 8 | (b[at + 2] & 0xFF) << 16 | b[at + 3] << 24;
    }
}
