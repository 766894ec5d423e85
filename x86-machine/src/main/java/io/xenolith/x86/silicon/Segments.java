package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.CODE_BASE;

/**
 * The segment descriptors of a case: Linux's user segments of the GDT, and an LDT made to try limits, rights and
 * sizes. The child installs it with {@code modify_ldt}; the model reads {@link #descriptor}.
 */
final class Segments {
    /** Linux's user segments. */
    static final int USER_CS32 = 0x23;
    static final int USER_DS = 0x2B;
    static final int USER_CS64 = 0x33;

    private static final int KERNEL_CS32 = 0x08;
    private static final int KERNEL_CS64 = 0x10;
    private static final int KERNEL_DS = 0x18;
    private static final int GDT_ENTRIES = 16;
    /** Linux's entry whose limit tells the number of the CPU: differs with where the child happens to run. */
    private static final int CPU_NUMBER = 15;

    // Contents field of modify_ldt.
    private static final int DATA = 0;
    private static final int EXPAND_DOWN = 1;
    private static final int CODE = 2;

    /**
     * One LDT entry.
     *
     * @param base     first linear address.
     * @param limit    limit in bytes, or in pages.
     * @param contents data, expand-down data, or code.
     * @param big      D/B bit.
     * @param pages    granularity bit.
     * @param narrow   read-only data or execute-only code.
     * @param present  P bit.
     */
    record Entry(long base, int limit, int contents, boolean big, boolean pages, boolean narrow, boolean present) {
        /** The flag word of Linux's user_desc. */
        int userDescFlags() {
            return (big ? 1 : 0) | contents << 1 | (narrow ? 8 : 0) | (pages ? 0x10 : 0) | (present ? 0 : 0x20) | 0x40;
        }

        /** The eight bytes of the descriptor that Linux makes of it: DPL 3, accessed, available to software. */
        long descriptor() {
            final int type = contents << 2 | (narrow ? 0 : 2) | 1;
            final long attributes = type | 0x10 | 0x60 | (present ? 0x80 : 0)
                | (limit >>> 16 & 0xF) << 8 | 0x1000 | (big ? 0x4000 : 0) | (pages ? 0x8000 : 0);
            return limit & 0xFFFF | (base & 0xFFFFFF) << 16 | attributes << 40 | (base >>> 24 & 0xFF) << 56;
        }
    }

    /** First of the 16-bit code segments, one for every 64 KiB of the code area. */
    static final int FIRST_CS16 = 16;
    static final int CS16_COUNT = CaseLayout.CODE_BYTES + 0xFFFF >>> 16;

    static final int FLAT = 0;
    static final int LIMITED = 1;
    static final int SMALL = 2;
    static final int DOWN_BIG = 3;
    static final int DOWN_SMALL = 4;
    static final int READ_ONLY = 5;
    static final int NOT_PRESENT = 6;
    static final int EXECUTE_ONLY = 7;
    static final int READABLE_CODE = 8;
    static final int STACK16 = 9;

    private static final Entry[] LDT = build();

    private Segments() {
    }

    private static Entry[] build() {
        final Entry[] e = new Entry[FIRST_CS16 + CS16_COUNT];
        e[FLAT] = new Entry(0, 0xFFFFF, DATA, true, true, false, true);
        e[LIMITED] = new Entry(Windows.BASE + 0x1000, 0x1FFF, DATA, true, false, false, true);
        e[SMALL] = new Entry(Windows.BASE + 0x1800, 0x7E, DATA, true, false, false, true);
        e[DOWN_BIG] = new Entry(Windows.BASE, 0x181F, EXPAND_DOWN, true, false, false, true);
        e[DOWN_SMALL] = new Entry(Windows.BASE, 0x181F, EXPAND_DOWN, false, false, false, true);
        e[READ_ONLY] = new Entry(0, 0xFFFFF, DATA, true, true, true, true);
        e[NOT_PRESENT] = new Entry(0, 0xFFFFF, DATA, true, true, false, false);
        e[EXECUTE_ONLY] = new Entry(0, 0xFFFFF, CODE, true, true, true, true);
        e[READABLE_CODE] = new Entry(0, 0xFFFFF, CODE, true, true, false, true);
        e[STACK16] = new Entry(Windows.BASE, 0xFFFF, DATA, false, false, false, true);
        for (int i = 0; i < CS16_COUNT; i++) {
            e[FIRST_CS16 + i] = new Entry(CODE_BASE + i * 0x10000L, 0xFFFF, CODE, false, false, false, true);
        }
        return e;
    }

    static int entries() {
        return LDT.length;
    }

    /** An LDT entry, or null where there is none. */
    static Entry entry(final int index) {
        return index < LDT.length ? LDT[index] : null;
    }

    /** Selector of an LDT entry with RPL 3. */
    static int selector(final int index) {
        return index << 3 | 7;
    }

    /** Base of a usable data selector, for computing addresses; 0 for flat and null ones. */
    static long base(final int selector) {
        final Entry e = (selector & 4) == 0 ? null : entry(selector >>> 3);
        return e == null ? 0 : e.base;
    }

    /** Whether a descriptor says something about the host that the model cannot know. */
    static boolean isHostSpecific(final int selector) {
        return (selector & 4) == 0 && selector >>> 3 == CPU_NUMBER;
    }

    /** Whether a selector lies within its table, as Linux sets the limits. */
    static boolean withinLimit(final int selector) {
        return selector >>> 3 < ((selector & 4) != 0 ? LDT.length : GDT_ENTRIES);
    }

    /** The eight bytes of a descriptor; 0 for one that is null or absent from the tables cases use. */
    static long descriptor(final int selector) {
        if ((selector & 4) != 0) {
            final Entry e = entry(selector >>> 3);
            return e == null ? 0 : e.descriptor();
        }
        return switch (selector & ~7) {
            case KERNEL_CS32 -> 0x00CF9B000000FFFFL;
            case KERNEL_CS64 -> 0x00AF9B000000FFFFL;
            case KERNEL_DS -> 0x00CF93000000FFFFL;
            case USER_CS32 & ~7 -> 0x00CFFB000000FFFFL;
            case USER_DS & ~7 -> 0x00CFF3000000FFFFL;
            case USER_CS64 & ~7 -> 0x00AFFB000000FFFFL;
            default -> 0;
        };
    }
}
