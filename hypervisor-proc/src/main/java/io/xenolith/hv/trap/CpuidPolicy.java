package io.xenolith.hv.trap;

import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;

/**
 * What CPUID tells a guest: a processor with exactly the features that the CPU model implements and a paravirtual guest may
 * use, and the hypervisor's own leaves at 0x40000000. Native and forced-emulation CPUID answer alike.
 *
 * <p>The identity is a plain family 6 processor of 1997 that no built-in platform driver of a guest knows.
 */
public final class CpuidPolicy {
    /** Version of the hypervisor ABI that we tell, as {@code major << 16 | minor}. */
    public static final int ABI_VERSION = 4 << 16 | 17;
    /** Model-specific register that fills a hypercall page. */
    public static final int HYPERCALL_MSR = 0x4000_0000;

    private static final int MAX_BASIC = 7;
    private static final int MAX_EXTENDED = 0x8000_0008;
    private static final int XEN_BASE = 0x4000_0000;
    private static final int MAX_XEN = XEN_BASE + 5;
    private static final int SIGNATURE = 0x0633;

    // leaf 1 edx
    private static final int FPU = 1;
    private static final int DE = 1 << 2;
    private static final int TSC = 1 << 4;
    private static final int MSR = 1 << 5;
    private static final int PAE = 1 << 6;
    private static final int MCE = 1 << 7;
    private static final int CX8 = 1 << 8;
    private static final int SEP = 1 << 11;
    private static final int MCA = 1 << 14;
    private static final int CMOV = 1 << 15;
    private static final int PAT = 1 << 16;
    private static final int CLFLUSH = 1 << 19;
    private static final int MMX = 1 << 23;
    private static final int FXSR = 1 << 24;
    private static final int SSE = 1 << 25;
    private static final int SSE2 = 1 << 26;
    // leaf 1 ecx
    private static final int HYPERVISOR = 1 << 31;
    // extended leaf 1
    private static final int SYSCALL = 1 << 11;
    private static final int NX = 1 << 20;
    private static final int LM = 1 << 29;
    private static final int LAHF_LM = 1;

    private static final int CLFLUSH_LINE = 8 << 8;
    private static final int PHYSICAL_BITS = 40;
    private static final int LINEAR_BITS_32 = 32;
    private static final int LINEAR_BITS_64 = 48;
    private static final byte[] BRAND = brand();

    private final PvVcpu v;
    private int eax;
    private int ebx;
    private int ecx;
    private int edx;

    /** @param vcpu who asks. */
    public CpuidPolicy(final PvVcpu vcpu) {
        v = vcpu;
    }

    private static byte[] brand() {
        final byte[] brand = new byte[48];
        final byte[] text = "Xenolith x86 model".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, brand, 0, text.length);
        return brand;
    }

    /** Executes CPUID: leaf in eax, subleaf in ecx. */
    public void cpuid() {
        final Cpu c = v.cpu();
        final int leaf = (int)c.gpr[Cpu.RAX];
        answer(leaf, (int)c.gpr[Cpu.RCX]);
        c.gpr[Cpu.RAX] = eax & 0xffff_ffffL;
        c.gpr[Cpu.RBX] = ebx & 0xffff_ffffL;
        c.gpr[Cpu.RCX] = ecx & 0xffff_ffffL;
        c.gpr[Cpu.RDX] = edx & 0xffff_ffffL;
    }

    private void set(final int a, final int b, final int c, final int d) {
        eax = a;
        ebx = b;
        ecx = c;
        edx = d;
    }

    private void answer(final int leaf, final int subleaf) {
        set(0, 0, 0, 0);
        if (leaf >= 0 && leaf <= MAX_BASIC) {
            basic(leaf);
        }
        else if (leaf >= XEN_BASE && leaf <= MAX_XEN) {
            hypervisor(leaf - XEN_BASE, subleaf);
        }
        else if (leaf < 0 && leaf <= MAX_EXTENDED) {
            extended(leaf);
        }
    }

    private void basic(final int leaf) {
        switch (leaf) {
            case 0 -> set(MAX_BASIC, 0x756e_6547, 0x6c65_746e, 0x4965_6e69);
            case 1 -> set(SIGNATURE, v.vcpu() * 2 << 24 | 1 << 16 | CLFLUSH_LINE, HYPERVISOR, features());
            default -> { }
        }
    }

    private int features() {
        return FPU | DE | TSC | MSR | PAE | MCE | CX8 | SEP | MCA | CMOV | PAT | CLFLUSH | MMX | FXSR | SSE | SSE2;
    }

    private void extended(final int leaf) {
        switch (leaf) {
            case 0x8000_0000 -> set(MAX_EXTENDED, 0, 0, 0);
            case 0x8000_0001 -> set(0, 0, v.is64Bit() ? LAHF_LM : 0, v.is64Bit() ? SYSCALL | NX | LM : NX);
            case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> brandPart(leaf - 0x8000_0002);
            case 0x8000_0008 ->
                set((v.is64Bit() ? LINEAR_BITS_64 : LINEAR_BITS_32) << 8 | PHYSICAL_BITS, 0, 0, 0);
            default -> { }
        }
    }

    private void brandPart(final int part) {
        set(word(part * 16), word(part * 16 + 4), word(part * 16 + 8), word(part * 16 + 12));
    }

    private static int word(final int at) {
        return BRAND[at] & 0xff | (BRAND[at + 1] & 0xff) << 8 | (BRAND[at + 2] & 0xff) << 16 | BRAND[at + 3] << 24;
    }

    private void hypervisor(final int leaf, final int subleaf) {
        switch (leaf) {
            case 0 -> set(MAX_XEN, 0x566e_6558, 0x6558_4d4d, 0x4d4d_566e);
            case 1 -> set(ABI_VERSION, 0, 0, 0);
            case 2 -> set(1, HYPERCALL_MSR, 1, 0);
            case 3 -> time(subleaf);
            case 5 -> set(0, PHYSICAL_BITS, 0, 0);
            default -> { }
        }
    }

    private void time(final int subleaf) {
        final long hz = v.domain().services().tscFrequency();
        switch (subleaf) {
            case 0 -> set(1 << 1, 0, (int)(hz / 1000), 0);
            case 2 -> set((int)(hz / 1000), 0, 0, 0);
            default -> { }
        }
    }
}
