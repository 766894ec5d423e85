package io.xenolith.hv.mm;

import io.xenolith.hv.frames.FrameType;

/**
 * The page of call stubs, 32 bytes per hypercall number. Filled by the builder where an image asks for it, and by WRMSR.
 *
 * <pre>
 *   32-bit   mov eax, n; int 0x82; ret                              iret: push eax; mov eax, 23; int 0x82
 *   64-bit   push rcx; push r11; mov eax, n; syscall;               iret: push rcx; push r11; push rax; mov eax, 23;
 *            pop r11; pop rcx; ret                                        syscall
 * </pre>
 */
public final class HypercallPage {
    private static final int STUB = 32;
    private static final int IRET = 23;
    private static final byte INT3 = (byte)0xcc;

    private HypercallPage() {
    }

    /** @param wide whether for a 64-bit guest. @return the 4096 bytes. */
    public static byte[] image(final boolean wide) {
        final byte[] page = new byte[4096];
        java.util.Arrays.fill(page, INT3);
        for (int n = 0; n < page.length / STUB; n++) {
            final int[] stub = wide ? stub64(n) : stub32(n);
            for (int i = 0; i < stub.length; i++) {
                page[n * STUB + i] = (byte)stub[i];
            }
        }
        return page;
    }

    private static int[] stub32(final int n) {
        return n == IRET
            ? new int[] {0x50, 0xb8, n, 0, 0, 0, 0xcd, 0x82}
            : new int[] {0xb8, n, 0, 0, 0, 0xcd, 0x82, 0xc3};
    }

    private static int[] stub64(final int n) {
        return n == IRET
            ? new int[] {0x51, 0x41, 0x53, 0x50, 0xb8, n, 0, 0, 0, 0x0f, 0x05}
            : new int[] {0x51, 0x41, 0x53, 0xb8, n, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    }

    /**
     * Fills a frame of the guest's with stubs.
     *
     * @param tables the domain's frames.
     * @param mfn    frame that the guest names; must be one that it may write.
     * @param wide   whether for a 64-bit guest.
     * @return false when it may not.
     */
    public static boolean fill(final PageTables tables, final long mfn, final boolean wide) {
        if (tables.getFrameAndType(mfn, FrameType.WRITABLE) != 0) {
            return false;
        }
        final byte[] page = image(wide);
        for (int i = 0; i < 4096; i += 8) {
            long value = 0;
            for (int b = 7; b >= 0; b--) {
                value = value << 8 | page[i + b] & 0xff;
            }
            tables.memory().putLong(mfn, i, value);
        }
        tables.putFrameAndType(mfn);
        return true;
    }
}
