package io.xenolith.x86;

/**
 * A segment register with its hidden part. The attributes have the layout that VMX gives them:
 * <pre>
 *   16       15  14  13   12   11..8   7    6..5   4   3..0
 *   +--------+---+---+---+-----+------+---+------+---+------+
 *   |unusable| G |D/B| L | AVL |  0   | P |  DPL | S | type |
 *   +--------+---+---+---+-----+------+---+------+---+------+
 * </pre>
 */
public final class Segment {
    public static final int TYPE = 0xf;
    public static final int S = 1 << 4;
    public static final int DPL_SHIFT = 5;
    public static final int PRESENT = 1 << 7;
    public static final int AVL = 1 << 12;
    public static final int LONG = 1 << 13;
    public static final int BIG = 1 << 14;
    public static final int GRANULAR = 1 << 15;
    public static final int UNUSABLE = 1 << 16;
    /** Type bit: code. */
    public static final int TYPE_CODE = 8;
    /** Type bit of data: expand-down; of code: conforming. */
    public static final int TYPE_EXPAND_DOWN = 4;
    /** Type bit of data: writable; of code: readable. */
    public static final int TYPE_WRITABLE = 2;
    public static final int TYPE_ACCESSED = 1;

    private static final long MAX32 = 0xffff_ffffL;

    private int selector;
    private long base;
    private long limit;
    private int attributes = UNUSABLE;
    private long readLow = 1;
    private long readHigh;
    private long writeLow = 1;
    private long writeHigh;

    /** The visible part. */
    public int selector() {
        return selector;
    }

    /** First linear address. */
    public long base() {
        return base;
    }

    /** Last offset (expand-up), in bytes, 0 to 0xffffffff: granularity applied. */
    public long limit() {
        return limit;
    }

    public int attributes() {
        return attributes;
    }

    public int dpl() {
        return attributes >> DPL_SHIFT & 3;
    }

    public boolean usable() {
        return (attributes & UNUSABLE) == 0;
    }

    /** The D or B bit. */
    public boolean big() {
        return (attributes & BIG) != 0;
    }

    /** Lowest offset that may be read; above {@link #readHigh} when none may. */
    public long readLow() {
        return readLow;
    }

    /** Highest offset that may be read. */
    public long readHigh() {
        return readHigh;
    }

    public long writeLow() {
        return writeLow;
    }

    public long writeHigh() {
        return writeHigh;
    }

    /** True when every 32-bit offset may be read and written and is its own linear address. */
    public boolean flat() {
        return base == 0 && writeLow == 0 && writeHigh == MAX32 && readLow == 0 && readHigh == MAX32;
    }

    /** Loads all of it. Whoever calls this on a CPU's register must call {@link Cpu#segmentsChanged} afterwards. */
    public void set(final int selector, final long base, final long limit, final int attributes) {
        this.selector = selector & 0xffff;
        this.base = base;
        this.limit = limit;
        this.attributes = attributes;
        computeBounds();
    }

    /** Loads from the 8 bytes of a code or data descriptor. */
    public void setFromDescriptor(final int selector, final long descriptor) {
        set(selector, descriptorBase(descriptor), descriptorLimit(descriptor), descriptorAttributes(descriptor));
    }

    /** Changes only the base, as writes to the FS and GS base do. */
    public void setBase(final long base) {
        this.base = base;
    }

    /** Makes it unusable, as a null selector does. */
    public void setNull(final int selector) {
        set(selector, 0, 0, UNUSABLE);
    }

    public void copyFrom(final Segment other) {
        set(other.selector, other.base, other.limit, other.attributes);
    }

    public static long descriptorBase(final long d) {
        return d >>> 16 & 0xffffff | d >>> 32 & 0xff000000L;
    }

    public static long descriptorLimit(final long d) {
        final long raw = d & 0xffff | d >>> 32 & 0xf0000;
        return (d >>> 55 & 1) != 0 ? raw << 12 | 0xfff : raw;
    }

    public static int descriptorAttributes(final long d) {
        return (int) (d >>> 40) & 0xf0ff;
    }

    private void computeBounds() {
        readLow = 1;
        readHigh = 0;
        writeLow = 1;
        writeHigh = 0;
        if ((attributes & (UNUSABLE | S)) != S) {
            return;
        }
        long low = 0;
        long high = limit;
        final boolean code = (attributes & TYPE_CODE) != 0;
        if (!code && (attributes & TYPE_EXPAND_DOWN) != 0) {
            low = limit + 1;
            high = big() ? MAX32 : 0xffff;
        }
        final boolean second = (attributes & TYPE_WRITABLE) != 0;
        if (!code || second) {
            readLow = low;
            readHigh = high;
        }
        if (!code && second) {
            writeLow = low;
            writeHigh = high;
        }
    }

    @Override
    public String toString() {
        return String.format("%04x base=%08x limit=%08x attributes=%05x", selector, base, limit, attributes);
    }
}
